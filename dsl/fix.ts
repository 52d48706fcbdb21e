/** Makes hints: advice in words and, where the text should change, the same change as edits. */
import type { Source, Span } from './source.ts';

/** A replacement in a text: `text` replaces the characters of `span`. */
export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/**
 * Advice with edits for editors and other tools. All edits refer to the same version of the text; advice alone has
 * none.
 */
export interface Hint {
  readonly words: string;
  readonly fix: readonly Edit[];
}

/** Renders the suggestion of a name. */
export const didYouMean = (name: string): string => `did you mean '${name}'?`;

/** Puts the suggestion of a near name, if there is one, before the other advice. */
export const suggesting = (near: string | undefined, rest: string): string =>
  near === undefined ? rest : `${didYouMean(near)} ${rest}`;

/** Makes a hint with one edit; `say` renders the new text, so that the words and the edit agree. */
export function replacing(span: Span, text: string, say: (written: string) => string = didYouMean): Hint {
  return { words: say(text.trim()), fix: [{ span, text }] };
}

/** Makes a hint that renames every occurrence of a name. */
export function renaming(places: readonly Span[], name: string): Hint {
  return { words: didYouMean(name), fix: places.map((span) => ({ span, text: name })) };
}

/** Makes a hint that inserts text at an offset. */
export function inserting(
  source: Source,
  offset: number,
  text: string,
  say: (written: string) => string = (written) => `add: ${written}`,
): Hint {
  return replacing({ source, start: offset, end: offset }, text, say);
}

/** Makes a hint that removes a span. */
export function removing(span: Span, words: string): Hint {
  return replacing(span, '', () => words);
}

/** Combines hints that only help together into one. */
export function together(hints: readonly [Hint, ...Hint[]]): Hint {
  return { words: hints.map(({ words }) => words).join(', and '), fix: hints.flatMap(({ fix }) => fix) };
}

/** Splits a hint into the fields of a diagnostic. */
export function hintFields(hint: Hint | string | undefined): {
  readonly hint: string | undefined;
  readonly fix: readonly Edit[];
} {
  return typeof hint === 'object' ? { hint: hint.words, fix: hint.fix } : { hint, fix: [] };
}

/** Applies edits to the text of a source; edits of other sources are skipped. Edits must not overlap. */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const own = edits
    .filter(({ span }) => span.source.name === source.name && span.source.text === source.text)
    .toSorted((a, b) => b.span.start - a.span.start);
  return own.reduce(
    (text, { span, text: written }) => text.slice(0, span.start) + written + text.slice(span.end),
    source.text,
  );
}
