/** Answers for source texts and places in them: everything that is said about a spec points at a `Span`. */

/** A named text, as it was read. */
export interface Source {
  /** How the user named the file, for messages. */
  readonly name: string;
  readonly text: string;
}

/** A range of one source, in UTF-16 offsets; `end` is exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** A place for people: both numbers start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Makes a span of `source` from two offsets. */
export function span(source: Source, start: number, end: number): Span {
  return { source, start, end };
}

/** Gives the line and column of an offset of `source`. */
export function positionAt(source: Source, offset: number): Position {
  const before = source.text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

/** Prints where a span starts as `file:line:column`. */
export function formatPlace(place: Span): string {
  const { line, column } = positionAt(place.source, place.start);
  return `${place.source.name}:${line}:${column}`;
}
