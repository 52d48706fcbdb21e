/** Answers for hints: what to try, in words, and where that changes the text, the change as data. One function makes both. */
import type { Source, Span } from './source.ts';

/** A change of a text: `text` takes the place of what stands at `span`. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** Something to try. Its edits, all of one moment, are for editors and other tools; without any it is advice alone. */
export interface Hint {
  readonly words: string;
  readonly fix: readonly Edit[];
}

/** Words the suggestion of a name. */
export const didYouMean = (name: string): string => `did you mean '${name}'?`;

/** Puts the suggestion of a name before what else there is to say, where one is near. */
export const suggesting = (near: string | undefined, rest: string): string =>
  near === undefined ? rest : `${didYouMean(near)} ${rest}`;

/** Makes a hint that is one edit; `say` words it with what is written, so that both agree. */
export function replacing(span: Span, text: string, say: (written: string) => string = didYouMean): Hint {
  return { words: say(text.trim()), fix: [{ span, text }] };
}

/** Makes a hint that gives a name another one wherever it is written. */
export function renaming(places: readonly Span[], name: string): Hint {
  return { words: didYouMean(name), fix: places.map((span) => ({ span, text: name })) };
}

/** Makes a hint that writes something in front of an offset. */
export function inserting(
  source: Source,
  offset: number,
  text: string,
  say: (written: string) => string = (written) => `add: ${written}`,
): Hint {
  return replacing({ source, start: offset, end: offset }, text, say);
}

/** Makes a hint that takes something away. */
export function removing(span: Span, words: string): Hint {
  return replacing(span, '', () => words);
}

/** Makes one hint of several that only help together. */
export function together(hints: readonly [Hint, ...Hint[]]): Hint {
  return { words: hints.map(({ words }) => words).join(', and '), fix: hints.flatMap(({ fix }) => fix) };
}

/** Splits a hint into the fields that diagnostics have for it. */
export function hintFields(hint: Hint | string | undefined): {
  readonly hint: string | undefined;
  readonly fix: readonly Edit[];
} {
  return typeof hint === 'object' ? { hint: hint.words, fix: hint.fix } : { hint, fix: [] };
}

/** Gives the text of a source with edits made; edits of other sources are left out. They must not overlap. */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const own = edits
    .filter(({ span }) => span.source.name === source.name && span.source.text === source.text)
    .toSorted((a, b) => b.span.start - a.span.start);
  return own.reduce(
    (text, { span, text: written }) => text.slice(0, span.start) + written + text.slice(span.end),
    source.text,
  );
}
