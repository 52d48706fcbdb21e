/** Runs commands as processes, and collects their output and exit code. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const command = fileURLToPath(new URL('../../cli/spadework.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The folder and environment of the command. */
export interface CliPlace {
  readonly folder?: string;
  readonly environment?: Record<string, string>;
}

/** Starts `spadework` in a folder, as the leader of a new process group. */
export function startCli(
  words: readonly string[],
  { folder = process.cwd(), environment = {} }: CliPlace = {},
): ChildProcessWithoutNullStreams {
  const env = { ...process.env, NO_COLOR: '1', ...environment };
  return spawn(process.execPath, [command, ...words], { cwd: folder, env, detached: true });
}

/** Runs `spadework` in a folder; sends SIGINT when the error stream first contains `interruptOn`. */
export function runCli(
  words: readonly string[],
  { interruptOn, ...place }: CliPlace & { readonly interruptOn?: string } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = startCli(words, place);
    let [out, err, interrupted] = ['', '', false];
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString();
      if (interruptOn === undefined || interrupted || !err.includes(interruptOn)) return;
      interrupted = true;
      child.kill('SIGINT');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
