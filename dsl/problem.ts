/** What programs see of a diagnostic: plain data, free of imports, so that any TypeScript project can read its type. */

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

/** Something that is wrong, or is rarely meant. */
export interface Problem {
  /** Stable kebab-case name, such as `unknown-name`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one line. */
  readonly message: string;
  /** Lines that say more: what was found, what was expected. */
  readonly notes: readonly string[];
  /** What to try. */
  readonly hint: string | undefined;
  /** What the hint says to change, offsets from 0 into the file's text; empty where it is advice alone. */
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
