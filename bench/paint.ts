/** Measures synthesis, and prints one line of JSON. */
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { measureSynthesis } from './measure.ts';
import { benchCommand, readSettings } from './options.ts';

try {
  const command = benchCommand('paint', 'Times painting label maps and prints one line of JSON.');
  print(JSON.stringify(await measureSynthesis(readSettings(command), note)));
} catch (error) {
  process.exitCode = reportError(error);
}
