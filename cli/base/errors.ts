/** Converts errors of every kind to text and an exit code; nothing else in the program does. */
import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { error, renderDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import { exitCodes, machineError, SpadeworkError } from '../../dsl/errors.ts';
import { reasonOf } from '../../runtime/base/file-reasons.ts';
import { knownError } from '../../runtime/base/known-error.ts';
import { shortageOf } from '../../runtime/base/shortage.ts';
import { note, showsColor } from './terminal.ts';

/** Makes the error for results that could not be written to the command's output. */
export const outputLost = (cause: Error): SpadeworkError =>
  machineError(
    'output-lost',
    `the output cannot be written: ${shortageOf(cause)?.what ?? reasonOf(cause)}`,
    'send it to where there is room, and run the command again',
    { cause },
  );

/** Shows the diagnostics of a spec; prints nothing if there are none. */
export function noteDiagnostics(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length > 0)
    note(renderDiagnostics(diagnostics, { color: showsColor(process.stderr) }).trimEnd());
}

/** Shows an error and gives its exit code. */
export function reportError(thrown: unknown): number {
  // Commander has already shown its own errors or its help.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  if (process.env['SPADEWORK_DEBUG'] === '1') note(inspect(thrown));
  const known = knownError(thrown) ?? bug(thrown);
  note(known.render({ color: showsColor(process.stderr) }));
  return known.exit;
}

/** Sets the exit code of the command; an earlier, worse code stays. */
export function endWith(code: number): void {
  process.exitCode = Math.max(Number(process.exitCode ?? exitCodes.fine), code);
}

/** Wraps any other error as a bug of ours. */
function bug(thrown: unknown): SpadeworkError {
  const what = thrown instanceof SpadeworkError ? thrown.what : firstLine(thrown);
  const hint = 'run the command again with SPADEWORK_DEBUG=1 to get the trace, and report it';
  const said = error('bug', `this is a bug in spadework: ${what}`, undefined, { hint });
  return new SpadeworkError('bug', [said], { cause: thrown });
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n')[0] ?? '';
}
