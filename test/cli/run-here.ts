/** Answers for running a command within the process of a test, which takes no start: for what it says and exits with. */
import { spadework } from '../../cli/main.ts';
import type { Ended } from './run-cli.ts';

/** Runs `spadework` in a folder, within this process; one at a time. */
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
    // Left by the command for the end of its process, which this is not.
    process.exitCode = undefined;
  }
}
