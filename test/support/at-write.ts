/**
 * Stops a training process of a test at a known moment, independent of the machine's speed: the process dies there,
 * loses its folder, or waits for the test. A moment is a write of the process, or the middle of one, by its number
 * from 1.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** The action of the first training process; later ones run normally. */
export interface Plan {
  /** A folder or a file: other writes are not counted. */
  readonly below: string;
  readonly moment: number;
  readonly then: Deed;
}

export type Deed =
  /** It dies by SIGKILL, alone or with its process group. */
  | 'die'
  | 'die with its group'
  /** It loses a folder. */
  | { readonly remove: string }
  | { readonly move: string; readonly to: string }
  /** It reports and waits; a write that cannot wait defers this to the next one. */
  | { readonly port: number };

/** A process that waits at its moment. */
export interface Waiting {
  readonly pid: number;
  /** Continues the process; a signal to end it does, too. */
  goOn(): void;
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>;
}

/** Gives the environment in which commands follow the plan in `file`, if it exists. */
export function followingPlan(file: string): Record<string, string> {
  const preload = new URL('at-write.js', import.meta.url).href;
  return { SPADEWORK_TEST_AT_WRITE: file, NODE_OPTIONS: `--import=${preload}` };
}

/** Makes a plan for the commands started next. */
export function makePlan(file: string, plan: Plan): void {
  writeFileSync(file, JSON.stringify(plan));
}

/**
 * Makes a plan by which a process waits; gives a function that awaits that moment, and throws if `ended`, of the
 * command, comes first.
 */
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
  // A killed process may reset the connection.
  line.on('error', () => undefined);
  const ended = new Promise((resolve) => line.once('end', resolve).once('close', resolve));
  const [pid] = (await once(line, 'data')) as [Buffer];
  return { pid: Number(pid.toString()), goOn: () => void line.end(), ended };
}
