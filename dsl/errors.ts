/**
 * Defines SpadeworkError, the one error that is thrown: for mistakes in the input, for failures of the machine, and
 * for bugs of Spadework.
 */
import {
  describeDiagnostic,
  error,
  renderDiagnostic,
  renderDiagnostics,
  type Diagnostic,
  type RenderOptions,
} from './diagnostic.ts';
import type { Edit } from './fix.ts';
import type { Point, Problem, ProblemPlace } from './problem.ts';
import { positionAt, type Span } from './source.ts';

/**
 * Who can fix the error: the user (a wrong input), the machine's owner (something is missing), or Spadework's authors
 * (a bug).
 */
export type Blame = 'input' | 'machine' | 'bug';

/** The exit codes of commands. */
export const exitCodes = { fine: 0, input: 1, usage: 2, machine: 3, bug: 3, interrupted: 130 } as const;

/** Converts a diagnostic to plain data without references to sources. */
export function problemOf(diagnostic: Diagnostic): Problem {
  const { code, severity, message, notes, hint, fix, span } = diagnostic;
  return {
    code,
    severity,
    message,
    notes,
    hint,
    fix: fix.map(({ span: { source, start, end }, text }) => ({ file: source.name, start, end, text })),
    place: span && placeOf(span),
    rendered: renderDiagnostic(diagnostic, { color: false }),
  };
}

function placeOf({ source, start, end }: Span): ProblemPlace {
  const pointAt = (offset: number): Point => ({ ...positionAt(source, offset), offset });
  const range = { start: pointAt(start), end: pointAt(end) };
  return { file: source.name, line: range.start.line, column: range.start.column, range };
}

/** An error that carries one or more diagnostics; `message` contains all of them, rendered. */
export class SpadeworkError extends Error {
  override readonly name = 'SpadeworkError';
  /** Never empty; `code`, `hint` and `fix` are those of the first. */
  readonly diagnostics: readonly Diagnostic[];
  readonly blame: Blame;
  /** The function of the library that was called, such as `step`. */
  readonly call: string | undefined;

  constructor(
    blame: Blame,
    diagnostics: readonly Diagnostic[],
    { call, cause }: { readonly call?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(textOf(diagnostics, call), cause === undefined ? undefined : { cause });
    this.diagnostics = diagnostics;
    this.blame = blame;
    this.call = call;
  }

  /** Stable kebab-case name of the mistake, such as `unknown-input`. */
  get code(): string {
    return this.first.code;
  }

  /** The message of the first diagnostic, in one line. */
  get what(): string {
    return this.first.message;
  }

  get hint(): string | undefined {
    return this.first.hint;
  }

  get fix(): readonly Edit[] {
    return this.first.fix;
  }

  /** The exit code of a command that fails with this error. */
  get exit(): number {
    return exitCodes[this.blame];
  }

  /** All diagnostics as plain data. */
  get problems(): readonly Problem[] {
    return this.diagnostics.map(problemOf);
  }

  /**
   * Renders the error as a command shows it: a single diagnostic without a place alone, other diagnostics with a
   * count.
   */
  render(options: RenderOptions): string {
    const plain = plainOf(this.diagnostics);
    return plain ? renderDiagnostic(plain, options) : renderDiagnostics(this.diagnostics, options).trimEnd();
  }

  /** Gives the same error with the name of the library function that was called; a name set by an inner call stays. */
  in(call: string): SpadeworkError {
    if (this.call !== undefined) return this;
    const named = new SpadeworkError(this.blame, this.diagnostics, { call, cause: this.cause });
    if (this.stack !== undefined) named.stack = this.stack;
    return named;
  }

  private get first(): Diagnostic {
    const [first] = this.diagnostics;
    if (first === undefined) throw new RangeError('an error without diagnostics');
    return first;
  }
}

/** Gives the diagnostic if it is the only one and has no place. */
function plainOf([first, ...others]: readonly Diagnostic[]): Diagnostic | undefined {
  return others.length === 0 && first?.span === undefined ? first : undefined;
}

/** Renders diagnostics for programs: one without a place omits its severity and code, which are fields. */
function textOf(diagnostics: readonly Diagnostic[], call: string | undefined): string {
  const plain = plainOf(diagnostics);
  if (!plain) return renderDiagnostics(diagnostics, { color: false }).trimEnd();
  return `${call === undefined ? '' : `${call}: `}${describeDiagnostic(plain)}`;
}

/** Optional parts of an error: notes between the message and the hint, and the cause. */
interface More {
  readonly notes?: readonly string[];
  readonly cause?: unknown;
}

/** Makes an error about an input, which the user can fix. */
export function inputError(code: string, message: string, hint?: string, more: More = {}): SpadeworkError {
  return plainError('input', code, message, hint, more);
}

/** Makes an error about the machine or the software on it. */
export function machineError(code: string, message: string, hint: string, more: More = {}): SpadeworkError {
  return plainError('machine', code, message, hint, more);
}

function plainError(
  blame: Blame,
  code: string,
  message: string,
  hint: string | undefined,
  { notes, cause }: More,
): SpadeworkError {
  return new SpadeworkError(blame, [error(code, message, undefined, { hint, ...(notes && { notes }) })], {
    cause,
  });
}

/**
 * Makes the error for a broken invariant, which is a bug; `what` names the broken invariant, `cause` is the error that
 * showed it.
 */
export function brokenInvariant(what: string, cause?: unknown): SpadeworkError {
  return plainError('bug', 'broken-invariant', what, undefined, { cause });
}

/** Returns `value`, or throws if it is missing; `expected` states the invariant as a clause after "that". */
export function must<T>(value: T | undefined | null, expected: string): T {
  if (value === undefined || value === null) throw brokenInvariant(`expected that ${expected}`);
  return value;
}

/** Tells whether an error is about an input, which the user can fix. */
export function isInputError(error: unknown): error is SpadeworkError {
  return error instanceof SpadeworkError && error.blame === 'input';
}

/** Tells whether an error is about the input or the machine, rather than a bug. */
export function isForUser(error: unknown): error is SpadeworkError {
  return error instanceof SpadeworkError && error.blame !== 'bug';
}
