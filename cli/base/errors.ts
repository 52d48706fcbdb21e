/** Answers for how a command ends: every kind of error becomes text and an exit code here, and nowhere else. */
import { visible, visibleLines } from '../../dsl/escape.ts';
import { withHint } from '../../runtime/base/message-lines.ts';
import { CommanderError } from 'commander';
import pc from 'picocolors';
import { renderDiagnostics, type Diagnostic } from '../../dsl/index.ts';
import { machine, type RunError } from '../../runtime/base/errors.ts';
import { reasonOf } from '../../runtime/base/file-reasons.ts';
import { shortageOf } from '../../runtime/base/shortage.ts';
import { note, showsColor } from './terminal.ts';

/** What a command ends with. */
export const exitCodes = { fine: 0, input: 1, usage: 2, machine: 3, interrupted: 130 } as const;

/** Carries the mistakes of a spec. */
export class SpecMistakes extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super('the spec has mistakes');
    this.diagnostics = diagnostics;
  }
}

/** Carries what a user can mend, in words that are ready to be shown. */
export class InputError extends Error {
  constructor(message: string, hint?: string) {
    super(hint === undefined ? visible(message) : withHint(message, hint));
  }
}

/** Says that results could not be written to where the command's output goes. */
export const outputLost = (error: Error): RunError =>
  machine(
    `the output cannot be written: ${shortageOf(error)?.what ?? reasonOf(error)}`,
    'send it to where there is room, and run the command again',
    error,
  );

/** Shows what is said about a spec; nothing where nothing is. */
export function noteDiagnostics(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length > 0)
    note(renderDiagnostics(diagnostics, { color: showsColor(process.stderr) }).trimEnd());
}

/** Shows an error and gives the exit code that it calls for. */
export function reportError(error: unknown): number {
  const color = showsColor(process.stderr);
  // Commander has shown its own errors, or its help, by now.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
  if (process.env['SPADEWORK_DEBUG'] === '1')
    note(error instanceof Error ? String(error.stack) : String(error));
  if (error instanceof SpecMistakes) {
    noteDiagnostics(error.diagnostics);
    return exitCodes.input;
  }
  const known = knownError(error);
  const colors = pc.createColors(color);
  if (known) {
    const message = visibleLines(known.message).replace('\nhint:', () => `\n${colors.green('hint')}:`);
    note(`${colors.red('error')}: ${message}`);
    return known.code;
  }
  const what = error instanceof Error ? error.message : String(error);
  note(`${colors.red('error')}: this is a bug in spadework: ${visibleLines(what.split('\n')[0] ?? '')}`);
  note(
    `${colors.green('hint')}: run the command again with SPADEWORK_DEBUG=1 to get the trace, and report it`,
  );
  return exitCodes.machine;
}

/**
 * Recognizes the errors of the runtime by the names that their classes give them: importing the classes would load the data
 * and engine layers into commands that need neither.
 */
export function knownError(error: unknown): { readonly message: string; readonly code: number } | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof InputError || ['DataError', 'WeightsError'].includes(error.name))
    return { message: error.message, code: exitCodes.input };
  if (error.name === 'RunError') {
    const { blame } = error as Error & { readonly blame: 'input' | 'machine' };
    return { message: error.message, code: exitCodes[blame] };
  }
  if (error.name === 'SetupFailure') {
    const { reason, fix } = (error as Error & { readonly unavailable: { reason: string; fix: string } })
      .unavailable;
    return { message: `${reason}\nhint: ${fix}`, code: exitCodes.machine };
  }
  const shortage = shortageOf(error);
  if (shortage) return { message: `${shortage.what}\nhint: ${shortage.fix}`, code: exitCodes.machine };
  return fileError(error);
}

/** Says what the file system refused, where nobody nearer to it did. */
function fileError(
  error: NodeJS.ErrnoException,
): { readonly message: string; readonly code: number } | undefined {
  const { path, syscall } = error;
  if (path === undefined || syscall === undefined) return undefined;
  return {
    message: withHint(
      `'${path}' cannot be used: ${reasonOf(error)}`,
      'check what is there, and that you may use it',
    ),
    code: exitCodes.input,
  };
}
