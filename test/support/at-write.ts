/**
 * Answers for tests that meet a training process at a known moment, however fast the machine is: it dies there, loses its folder, or
 * waits until the test has done what it wants to do. A moment is a write of the process, or the middle of one, by its number from 1 on.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What the first process does that trains; those after it are left alone. */
export interface Plan {
  /** A folder or a file: writes elsewhere do not count. */
  readonly below: string;
  readonly moment: number;
  readonly then: Deed;
}

export type Deed =
  /** It dies by SIGKILL, alone or as the system kills a process group. */
  | 'die'
  | 'die with its group'
  /** It loses a folder. */
  | { readonly remove: string }
  | { readonly move: string; readonly to: string }
  /** It says so there, and waits; a write that cannot wait leaves this to the next one. */
  | { readonly port: number };

/** A process that waits at its moment. */
export interface Waiting {
  readonly pid: number;
  /** Lets it go on; it also does when somebody asks it to end. */
  goOn(): void;
  /** Is there once the process has ended. */
  readonly ended: Promise<unknown>;
}

/** Gives the environment in which commands follow the plan that lies in `file`, where one does. */
export function followingPlan(file: string): Record<string, string> {
  const preload = new URL('at-write.js', import.meta.url).href;
  return { SPADEWORK_TEST_AT_WRITE: file, NODE_OPTIONS: `--import=${preload}` };
}

/** Makes a plan for the commands that are started next. */
export function makePlan(file: string, plan: Plan): void {
  writeFileSync(file, JSON.stringify(plan));
}

/** Plans that a process waits. What it gives waits for that; it throws where `ended`, of the command, is there before. */
export async function planWaiting(
  file: string,
  plan: Omit<Plan, 'then'>,
): Promise<(ended: Promise<unknown>) => Promise<Waiting>> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  makePlan(file, { ...plan, then: { port } });
  const met = once(server, 'connection').then(([line]) => hear(line as Socket));
  return async (ended) => {
    const waiting = await Promise.race([met, ended.then(() => undefined)]);
    server.close();
    if (!waiting) throw new Error('the command ended before its process came to the moment');
    return waiting;
  };
}

async function hear(line: Socket): Promise<Waiting> {
  // A process that is killed may reset the line.
  line.on('error', () => undefined);
  const ended = new Promise((resolve) => line.once('end', resolve).once('close', resolve));
  const [pid] = (await once(line, 'data')) as [Buffer];
  return { pid: Number(pid.toString()), goOn: () => void line.end(), ended };
}
