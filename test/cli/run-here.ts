/** Runs commands inside the test's process, which saves their start-up time, and collects output and exit code. */
import { spadework } from '../../cli/main.ts';
import type { Ended } from './run-cli.ts';

/** Runs `spadework` in a folder inside this process; only one at a time. */
export async function runHere(words: readonly string[], folder = process.cwd()): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const before = process.cwd();
  const { NO_COLOR } = process.env;
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write.bind(stream);
    stream.write = (text: string | Uint8Array) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    };
    return () => (stream.write = write);
  });
  process.chdir(folder);
  process.env['NO_COLOR'] = '1';
  try {
    return { code: await spadework(words), out: said.stdout, err: said.stderr };
  } finally {
    for (const one of restore) one();
    process.chdir(before);
    if (NO_COLOR === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = NO_COLOR;
    // The command sets the exit code of its process, which is the test's here.
    process.exitCode = undefined;
  }
}
