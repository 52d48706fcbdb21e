/** Measures the training step, and prints one line of JSON. */
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { measureStep } from './measure.ts';
import { benchCommand, readSettings } from './options.ts';

try {
  const command = benchCommand('step', 'Times the whole training step and prints one line of JSON.');
  print(JSON.stringify(await measureStep(readSettings(command), note)));
} catch (error) {
  process.exitCode = reportError(error);
}
