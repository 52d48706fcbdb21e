/** The type of a diagnostic for programs: plain data without imports, so that any TypeScript project can use it. */

/** A point of a text: lines and columns count from 1, the offset from 0, in UTF-16 code units. */
export interface Point {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A place in a text: where it begins, and its range, whose end is exclusive. */
export interface ProblemPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly range: { readonly start: Point; readonly end: Point };
}

/** An error or a warning. */
export interface Problem {
  /** Stable kebab-case name, such as `unknown-name`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** The message, in one line. */
  readonly message: string;
  /** Further lines: what was found, what was expected. */
  readonly notes: readonly string[];
  /** Advice. */
  readonly hint: string | undefined;
  /** The hint's change as edits, with offsets from 0 into the file's text; empty if the hint is only advice. */
  readonly fix: readonly {
    readonly file: string;
    readonly start: number;
    readonly end: number;
    readonly text: string;
  }[];
  /** The place to blame; undefined where it is not about a text. */
  readonly place: ProblemPlace | undefined;
  /** All of it as the command shows it, with the lines it is about. */
  readonly rendered: string;
}
