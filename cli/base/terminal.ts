/**
 * Writes to the terminal: chooses the stream, decides about colors, and escapes control characters in users' texts.
 * Nothing else in the program writes to the standard streams.
 */
import { fstatSync, writeSync } from 'node:fs';
import { forTerminal, jsonForTerminal } from '../../dsl/escape.ts';
import { isInterrupted } from './interrupts.ts';

/** Whether any result was written, not only notes. */
let hasResults = false;
/** The error of an incomplete write to an output file. */
let failure: NodeJS.ErrnoException | undefined;

/** Writes a result for the user or the next program. */
export function print(line: string): void {
  write(process.stdout, `${line}\n`);
}

/** Writes a note about the present work, or an error, separate from results. */
export function note(line: string): void {
  write(process.stderr, `${line}\n`);
}

/** Writes text of any origin to a stream; escapes invisible characters except line breaks, tabs and our own colors. */
export function write(stream: NodeJS.WriteStream, text: string): void {
  hasResults ||= stream === process.stdout;
  send(stream, forTerminal(text, showsColor(stream)));
}

/** Writes text to a stream. Files are written directly: on a full disk, Node's own streams silently drop the rest. */
function send(stream: NodeJS.WriteStream & { readonly fd?: number | undefined }, text: string): void {
  const { fd } = stream;
  if (fd === undefined || !isFile(fd)) {
    stream.write(text);
    return;
  }
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  } catch (error) {
    failure ??= error as NodeJS.ErrnoException;
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // it is closed, which the stream knows
  }
}

/** Writes a result as JSON: the same value, with control characters escaped. */
export function printJson(json: string): void {
  print(jsonForTerminal(json));
}

/** Writes a text unchanged to a file or the next program; escaped on a terminal. */
export function printExactly(text: string): void {
  if (process.stdout.isTTY) write(process.stdout, text);
  else send(process.stdout, text);
  hasResults = true;
}

/** Moves the cursor of a terminal `lines` up and erases the lines below. */
export function eraseLines(stream: NodeJS.WriteStream, lines: number): void {
  if (lines > 0) stream.write(`\u001b[${lines}A\u001b[J`);
}

/** Erases the terminal line of the cursor. */
export function eraseLine(stream: NodeJS.WriteStream): void {
  stream.write('\r\u001b[K');
}

/** Tells whether a stream shows colors: a terminal, unless NO_COLOR (https://no-color.org) is set. */
export function showsColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/**
 * Lets `spadework ... | head` end without an error, since its output has no reader. A command continues if its terminal
 * is gone, or if it is saving after a request to end.
 */
export function tolerateClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' && !isInterrupted()) process.exit(0);
      // Other errors are reported when the command ends.
    });
}

/**
 * Gives the reason for lost results; undefined if there are none, if the pipe was closed, or if the terminal is gone.
 * `error` is the last error of the stream.
 */
export function lostOutput(error: NodeJS.ErrnoException | null | undefined): Error | undefined {
  const found = failure ?? error ?? undefined;
  return hasResults && found?.code !== 'EPIPE' && found?.code !== 'EIO' ? found : undefined;
}

/**
 * Ends a child process of ours when its parent is gone, like SIGTERM: a command that listens for the signal saves
 * first.
 */
export function endWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => {
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM');
    else process.exit(130);
  });
}
