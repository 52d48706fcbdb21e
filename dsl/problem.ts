/** What programs see of a diagnostic: plain data, free of imports, so that any TypeScript project can read its type. */

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
  /** The place to blame, line and column from 1; undefined where it is not about a text. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | undefined;
  /** All of it as the command shows it, with the lines it is about. */
  readonly rendered: string;
}
