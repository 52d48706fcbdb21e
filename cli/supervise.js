/**
 * Supervises a command: starts the worker process, forwards signals to it, and explains its death if it could not do so
 * itself. It is plain JavaScript in order to start at once.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const workScript = fileURLToPath(new URL('work.js', import.meta.url));
const machine = 3;
/** The signals that ask a command to end. */
const requests = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** The offset of exit codes for signals, as shells report them. */
const codeOfSignal = 128;

const lessMemory =
  'lower batch, size or width in the spec, or close other programs; a run goes on from its last checkpoint: spadework resume RUN';

/** Gives the limit of CPU seconds of our processes; undefined if there is none, or if it is unknown. */
function limitOfSeconds() {
  try {
    const [, seconds] = /^Max cpu time +(\d+) /m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return seconds === undefined ? undefined : Number(seconds);
  } catch {
    return undefined; // other systems do not say
  }
}

/** Describes why a process died without an error message; `seconds` is its CPU limit, if there is one. */
export function describeDeath(signal, seconds = limitOfSeconds()) {
  const lessTime =
    'raise the limit: ulimit -t unlimited; a run goes on from its last checkpoint: spadework resume RUN';
  switch (signal) {
    case 'SIGXCPU':
      return {
        code: 'out-of-time',
        message: `the process that worked was ended (${signal}): it took all the seconds of a processor that it may (ulimit -t)`,
        hint: lessTime,
      };
    case 'SIGKILL':
      if (seconds !== undefined)
        return {
          code: 'killed',
          message:
            `the process that worked was killed (SIGKILL): where nobody did so, it took the ${seconds} s of a processor that it may ` +
            '(ulimit -t), or the system had no memory left',
          hint: lessTime,
        };
      return {
        code: 'killed',
        message:
          'the process that worked was killed (SIGKILL): where nobody did so, the system had no memory left',
        hint: lessMemory,
      };
    case 'SIGABRT':
    case 'SIGTRAP':
      return {
        code: 'out-of-memory',
        message: `the process that worked gave up (${signal}): it could not get the memory that it needed`,
        hint: `${lessMemory}; where it is JavaScript's own memory that is short: NODE_OPTIONS=--max-old-space-size=8192`,
      };
    default:
      return {
        code: 'crashed',
        message: `the process that worked crashed (${signal})`,
        hint: 'run "spadework doctor" to see whether the engine is well, and try --engine portable; a run goes on from its last checkpoint: spadework resume RUN',
      };
  }
}

/** Formats an error as all commands do. */
const errorText = ({ code, message, hint }) => `error[${code}]: ${message}\nhint: ${hint}\n`;

const cannotStart = (why, hint) =>
  errorText({ code: 'cannot-start', message: `the command cannot be started: ${why}`, hint });

/** Gives the text for an error that prevents a command from being started. */
export function failureOfLoading(error) {
  const { code, message = String(error) } = error ?? {};
  if (/\buv_cwd\b/.test(message))
    return cannotStart('the folder that you are in was deleted', 'go to one that is there: cd FOLDER');
  if (code === 'EMFILE' || code === 'ENFILE')
    return cannotStart(`too many files are open (${code})`, 'raise the limit: ulimit -n 4096');
  if (['EAGAIN', 'ENOMEM'].includes(code) || /out of memory|cannot allocate/i.test(message))
    return cannotStart(
      `the system gives it no memory or processes (${code ?? message.split('\n')[0]})`,
      'close other programs, or raise the limits: ulimit -v unlimited, ulimit -u',
    );
  return cannotStart(
    message.split('\n')[0],
    'install what it needs anew: npm ci; and see what the system allows: ulimit -a',
  );
}

/** Runs a command, given by its arguments, in its own process, and ends this process the same way. */
export function superviseWork(words) {
  let worker;
  try {
    // Through the channel the worker notices when this process is gone.
    worker = spawn(process.execPath, [...process.execArgv, workScript, ...words], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
  } catch (error) {
    return failToStart(error);
  }
  worker.once('error', failToStart);
  // Ctrl-C reaches the whole process group, a signal to us only this process: a worker that listens gets it as a
  // message, and counts (interrupts.ts).
  let listens = false;
  worker.on('message', (message) => (listens = message?.listens === true));
  const handOn = (signal) => {
    if (listens && worker.connected) worker.send({ signal });
    else worker.kill(signal);
  };
  for (const signal of requests) process.on(signal, handOn);
  worker.once('exit', (code, signal) => {
    for (const one of requests) process.off(one, handOn);
    end(signal ?? signalOf(code), code);
  });
}

/** Finds the signal behind an exit code that our own code never uses. */
function signalOf(code) {
  const deadly = ['SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGTRAP', 'SIGBUS', 'SIGILL', 'SIGFPE'];
  return deadly.find((name) => codeOfSignal + constants.signals[name] === code);
}

function end(signal, code) {
  if (signal === undefined || signal === null) process.exit(code ?? machine);
  // The process ends by the signal that ended the worker, so that shells see it.
  if (requests.includes(signal)) process.kill(process.pid, signal);
  else {
    process.stderr.write(errorText(describeDeath(signal)));
    process.exitCode = machine;
  }
}

function failToStart(error) {
  process.stderr.write(failureOfLoading(error));
  process.exitCode = machine;
}
