/** The one error that is thrown: at users for what they can mend, for what the machine lacks, and for a broken invariant of ours. */
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

/** Says whose turn it is: the user's, who can mend an input; the machine's, which lacks something; ours, as there is a bug. */
export type Blame = 'input' | 'machine' | 'bug';

/** What a command ends with. */
export const exitCodes = { fine: 0, input: 1, usage: 2, machine: 3, bug: 3, interrupted: 130 } as const;

/** Gives a diagnostic as data without references into sources. */
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

/** Carries one or more diagnostics; `message` has all of them, ready to show. */
export class SpadeworkError extends Error {
  override readonly name = 'SpadeworkError';
  /** Never empty; the first is what `code`, `hint` and `fix` are of. */
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

  /** Stable kebab-case name of what is wrong, such as `unknown-input`. */
  get code(): string {
    return this.first.code;
  }

  /** What is wrong, in one line. */
  get what(): string {
    return this.first.message;
  }

  get hint(): string | undefined {
    return this.first.hint;
  }

  get fix(): readonly Edit[] {
    return this.first.fix;
  }

  /** What a command ends with because of it. */
  get exit(): number {
    return exitCodes[this.blame];
  }

  /** Everything that is wrong, as plain data. */
  get problems(): readonly Problem[] {
    return this.diagnostics.map(problemOf);
  }

  /** Shows it as a command does: a single diagnostic that has no place by itself, others counted. */
  render(options: RenderOptions): string {
    const plain = plainOf(this.diagnostics);
    return plain ? renderDiagnostic(plain, options) : renderDiagnostics(this.diagnostics, options).trimEnd();
  }

  /** Gives the same error with the name of the library's function that was called; that of an inner call stays. */
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

/** Gives the diagnostic where there is a single one, and it has no place. */
function plainOf([first, ...others]: readonly Diagnostic[]): Diagnostic | undefined {
  return others.length === 0 && first?.span === undefined ? first : undefined;
}

/** Words diagnostics for programs: a plain one without its severity and code, which are fields. */
function textOf(diagnostics: readonly Diagnostic[], call: string | undefined): string {
  const plain = plainOf(diagnostics);
  if (!plain) return renderDiagnostics(diagnostics, { color: false }).trimEnd();
  return `${call === undefined ? '' : `${call}: `}${describeDiagnostic(plain)}`;
}

/** What an error may have beside its message and hint: lines between the two, and what it comes from. */
interface More {
  readonly notes?: readonly string[];
  readonly cause?: unknown;
}

/** Makes an error that the user can mend. */
export function inputError(code: string, message: string, hint?: string, more: More = {}): SpadeworkError {
  return plainError('input', code, message, hint, more);
}

/** Makes an error of the machine, or of what runs on it. */
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

/** Makes the error of a broken invariant, which is a bug; `what` says what should not be, `cause` where that was found. */
export function brokenInvariant(what: string, cause?: unknown): SpadeworkError {
  return plainError('bug', 'broken-invariant', what, undefined, { cause });
}

/** Returns `value`, which an invariant says is there; `expected` is the invariant, as a clause that stands behind "that". */
export function must<T>(value: T | undefined | null, expected: string): T {
  if (value === undefined || value === null) throw brokenInvariant(`expected that ${expected}`);
  return value;
}

/** Tells whether an error is one that the user can mend. */
export function isInputError(error: unknown): error is SpadeworkError {
  return error instanceof SpadeworkError && error.blame === 'input';
}

/** Tells whether an error says what its user or the machine can be asked for, rather than that there is a bug. */
export function isForUser(error: unknown): error is SpadeworkError {
  return error instanceof SpadeworkError && error.blame !== 'bug';
}
