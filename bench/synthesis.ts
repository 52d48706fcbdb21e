/**
 * Compares synthesis with PyTorch on equal settings: both times, their ratio, and the time before the first picture.
 */
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { compareCommand, readSettings, type CompareSettings } from './options.ts';
import { compare } from './rounds.ts';
import { describeComparison } from './table.ts';

try {
  const command = compareCommand('synthesis', 'Times painting label maps here and in PyTorch, in turn.');
  const settings = readSettings<CompareSettings>(command);
  describeComparison(compare('synthesis', settings, note), settings).forEach(print);
} catch (error) {
  process.exitCode = reportError(error);
}
