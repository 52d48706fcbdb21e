/** How a command ends: every kind of error becomes text and an exit code here, and nowhere else. */
import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { error, renderDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import { exitCodes, machineError, SpadeworkError } from '../../dsl/errors.ts';
import { reasonOf } from '../../runtime/base/file-reasons.ts';
import { knownError } from '../../runtime/base/known-error.ts';
import { shortageOf } from '../../runtime/base/shortage.ts';
import { note, showsColor } from './terminal.ts';

/** Says that results could not be written to where the command's output goes. */
export const outputLost = (cause: Error): SpadeworkError =>
  machineError(
    'output-lost',
    `the output cannot be written: ${shortageOf(cause)?.what ?? reasonOf(cause)}`,
    'send it to where there is room, and run the command again',
    { cause },
  );

/** Shows what is said about a spec; nothing where nothing is. */
export function noteDiagnostics(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length > 0)
    note(renderDiagnostics(diagnostics, { color: showsColor(process.stderr) }).trimEnd());
}

/** Shows an error and gives the exit code that it calls for. */
export function reportError(thrown: unknown): number {
  // Commander has shown its own errors, or its help, by now.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  if (process.env['SPADEWORK_DEBUG'] === '1') note(inspect(thrown));
  const known = knownError(thrown) ?? bug(thrown);
  note(known.render({ color: showsColor(process.stderr) }));
  return known.exit;
}

/** Lets the command end with a code, or with that of something worse before, once it is through with the rest. */
export function endWith(code: number): void {
  process.exitCode = Math.max(Number(process.exitCode ?? exitCodes.fine), code);
}

/** Says of everything else that it is a mistake of ours. */
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
