/** Shows that memory does not grow: runs many steps, and prints a line about memory at regular intervals. */
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { measureStep } from './measure.ts';
import { benchCommand, readSettings } from './options.ts';

try {
  const command = benchCommand(
    'memory',
    'Runs many training steps and reports memory; ends with one line of JSON.',
    {
      steps: 200,
      reportEvery: 20,
    },
  );
  print(JSON.stringify(await measureStep(readSettings(command), note)));
} catch (error) {
  process.exitCode = reportError(error);
}
