/** Defines source texts and spans, the places that all messages about a spec refer to. */
import { visible } from './escape.ts';

/** A named text, as read. */
export interface Source {
  /** The file's name as the user wrote it, for messages. */
  readonly name: string;
  readonly text: string;
}

/** A range of one source, in UTF-16 offsets; `end` is exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** A line and column for users; both start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Makes a span of `source` from two offsets. */
export function span(source: Source, start: number, end: number): Span {
  return { source, start, end };
}

/** Gives the text of a span. */
export function textOf({ source, start, end }: Span): string {
  return source.text.slice(start, end);
}

/** Gives where a text begins: after a byte order mark, which is not part of the first line. */
export function startOf({ text }: Source): number {
  return text.startsWith('\uFEFF') ? 1 : 0;
}

/** The offsets of line starts; computed once for each text. */
const lineStarts = new WeakMap<Source, readonly number[]>();

function linesOf(source: Source): readonly number[] {
  const known = lineStarts.get(source);
  if (known) return known;
  const starts = [startOf(source)];
  for (let at = source.text.indexOf('\n'); at >= 0; at = source.text.indexOf('\n', at + 1))
    starts.push(at + 1);
  lineStarts.set(source, starts);
  return starts;
}

/** Gives the line ending of a text, for lines that are added to it. */
export function lineEndOf({ text }: Source): string {
  const first = text.indexOf('\n');
  return first > 0 && text[first - 1] === '\r' ? '\r\n' : '\n';
}

/** Gives the line and column of an offset of `source`. */
export function positionAt(source: Source, offset: number): Position {
  const starts = linesOf(source);
  let [line, end] = [0, starts.length];
  while (end - line > 1) {
    const middle = (line + end) >> 1;
    if ((starts[middle] ?? 0) <= offset) line = middle;
    else end = middle;
  }
  return { line: line + 1, column: Math.max(offset - (starts[line] ?? 0), 0) + 1 };
}

/** Gives the text of a line, counted from 1, without its line break. */
export function lineAt(source: Source, line: number): string {
  const starts = linesOf(source);
  const [start, next] = [starts[line - 1], starts[line]];
  if (start === undefined) return '';
  return source.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '');
}

/** Prints where a span starts as `file:line:column`. */
export function formatPlace(place: Span): string {
  const { line, column } = positionAt(place.source, place.start);
  return `${visible(place.source.name)}:${line}:${column}`;
}
