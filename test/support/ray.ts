/** Finds, starts and stops a Ray cluster on this machine for tests. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Finds the command `ray`: the one in SPADEWORK_TEST_RAY, or one on the path; undefined if there is none. */
export function findRay(): string | undefined {
  const named = process.env['SPADEWORK_TEST_RAY'];
  if (named !== undefined) return named === '' ? undefined : named;
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return places.map((place) => join(place, 'ray')).find((path) => existsSync(path));
}

export interface Cluster {
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts a small cluster on free ports; its jobs inherit an environment. */
export async function startRay(
  ray: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const [port, dashboard, client] = [await freePort(), await freePort(), await freePort()];
  // Jobs find `ray` and its Python on the path.
  const env = {
    ...process.env,
    ...environment,
    PATH: `${dirname(ray)}${delimiter}${process.env['PATH']}`,
    RAY_USAGE_STATS_ENABLED: '0',
  };
  const words = [
    'start',
    '--head',
    '--num-cpus=2',
    '--object-store-memory=100000000',
    '--disable-usage-stats',
    `--port=${port}`,
    `--ray-client-server-port=${client}`,
    '--dashboard-host=127.0.0.1',
    `--dashboard-port=${dashboard}`,
  ];
  await execute(ray, words, { env, timeout: 60_000 });
  return {
    address: `http://127.0.0.1:${dashboard}`,
    stop: async () => {
      await execute(ray, ['stop', '--force'], { env, timeout: 60_000 });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
