/** Executes the plan of at-write.ts in a training process, at one of its writes. */
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { relative, resolve } from 'node:path';
import type { Deed, Plan } from './at-write.ts';
import { watchWrites, type Moment } from './writes.ts';

const file = process.env['SPADEWORK_TEST_AT_WRITE']!;
const { below, moment, then } = JSON.parse(readFileSync(file, 'utf8')) as Plan;
const requests = ['SIGINT', 'SIGTERM', 'SIGHUP', 'message', 'disconnect'];
const mustWait = typeof then === 'object' && 'port' in then;
let count = 0;
let isDone = false;

watchWrites(({ path, waits }: Moment) => {
  if (isDone || path === undefined || relative(below, resolve(path)).startsWith('..')) return;
  count++;
  if (count < moment || (mustWait && !waits)) return;
  isDone = true;
  // A process that resumes the run must not execute the plan again.
  rmSync(file);
  return act(then);
});

function act(deed: Deed): void | Promise<void> {
  // A signal that a process sends to itself or to its group arrives before the call returns.
  if (deed === 'die') process.kill(process.pid, 'SIGKILL');
  else if (deed === 'die with its group') process.kill(0, 'SIGKILL');
  else if ('remove' in deed) rmSync(deed.remove, { recursive: true });
  else if ('move' in deed) renameSync(deed.move, deed.to);
  else return wait(deed.port);
}

/** Reports the moment, and waits until the test continues it or a signal ends it. */
async function wait(port: number): Promise<void> {
  // Closing our half tells the test that this process has ended.
  const line = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  line.write(String(process.pid));
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      for (const one of requests) process.off(one, goOn);
      resolve();
    };
    for (const one of requests) process.on(one, goOn);
    // The test sends nothing but the end.
    line.once('end', goOn).resume();
  });
  line.unref();
}
