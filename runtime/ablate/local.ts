/** Runs jobs as child processes on this machine; they end when this process ends, for any reason. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { SpadeworkError } from '../../dsl/errors.ts';
import { commandScript } from '../base/package.ts';
import { reasonOf } from '../base/file-reasons.ts';
import type { Job, JobEnd, Launcher, Stopping } from './launcher.ts';
import { diedOf, jobNotStarted } from './messages.ts';

/** Makes the launcher; jobs are spread over `gpus`, named as CUDA_VISIBLE_DEVICES does. */
export function localLauncher(gpus: readonly string[] = []): Launcher {
  return { remembers: false, run: (job, stopping) => runLocally(job, stopping, gpus) };
}

const writeError = (log: number, error: SpadeworkError): void =>
  void writeSync(log, `${error.render({ color: false })}\n`);

function runLocally(job: Job, { gently, atOnce }: Stopping, gpus: readonly string[]): Promise<JobEnd> {
  if (gently.aborted) return Promise.resolve('stopped');
  const log = openSync(job.log, 'w');
  return new Promise((resolve) => {
    // The worker script is run directly: this process reports how jobs end, so they need no supervising process.
    // The child has its own process group, so that Ctrl-C reaches it only through this process. Through the channel it
    // notices when this process is gone.
    const child = spawn(process.execPath, [commandScript('work'), ...job.words], {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
      env: {
        ...process.env,
        ...(gpus.length > 0 && { CUDA_VISIBLE_DEVICES: gpus[job.slot % gpus.length] }),
      },
    });
    const stop = (): void => void child.kill('SIGTERM');
    const kill = (): void => void child.kill('SIGKILL');
    gently.addEventListener('abort', stop);
    atOnce.addEventListener('abort', kill);
    const end = (how: JobEnd): void => {
      gently.removeEventListener('abort', stop);
      atOnce.removeEventListener('abort', kill);
      closeSync(log);
      resolve(how);
    };
    child.once('error', (error) => {
      writeError(log, jobNotStarted(reasonOf(error), error));
      end('failed');
    });
    child.once('exit', (code, signal) => {
      // It could not say so itself.
      if (signal && !gently.aborted) writeError(log, diedOf(signal));
      if (code === 0) end('succeeded');
      else end(gently.aborted ? 'stopped' : 'failed');
    });
  });
}
