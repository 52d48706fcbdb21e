/** Diagnostics and hints that several layers share: wrong inputs, encoders, and suggestions for unknown names. */
import { isElsewhere, carriedOver } from './carried-over.ts';
import { error, type Diagnostic } from '../../dsl/diagnostic.ts';
import { didYouMean, replacing, type Hint } from '../../dsl/fix.ts';
import { suggest } from '../../dsl/suggest.ts';
import type { Span } from '../../dsl/source.ts';

/** Reports an input of a call that has another type than the network declares. */
export function wrongInput(
  network: string,
  name: string,
  expected: string,
  found: string,
  span: Span | undefined,
  hint?: string,
): Diagnostic {
  const message = `input '${name}' of ${network}: expected ${expected}, found ${found}`;
  return error('wrong-input', message, span, { hint });
}

/** Reports a network that is used as an encoder, although its inputs do not fit the data. */
export function notAnEncoder(
  network: string,
  why: string,
  span: Span | undefined,
  hint = 'an encoder takes the photograph (image: Image), and the label map if it wants to',
): Diagnostic {
  return error('not-an-encoder', `${network} cannot encode photographs: it ${why}`, span, {
    hint,
  });
}

/** Suggests the known name nearest to an unknown one, as an edit of `span`; undefined if none is near. */
export function meant(name: string, candidates: readonly string[], span?: Span): Hint | undefined {
  const near =
    carriedOver(name).find((one) => candidates.includes(one)) ??
    (isElsewhere(name) ? undefined : suggest(name, candidates));
  if (near === undefined) return undefined;
  const place = span && placeOf(name, span);
  return place ? replacing(place, near) : { words: didYouMean(near), fix: [] };
}

/** Finds a word inside a place, which may include quotation marks or more words. */
export function placeOf(word: string, { source, start, end }: Span): Span | undefined {
  const escaped = word.replaceAll(/[^\w]/g, '\\$&');
  const found = new RegExp(`(?<![\\w])${escaped}(?![\\w])`).exec(source.text.slice(start, end));
  return found ? { source, start: start + found.index, end: start + found.index + word.length } : undefined;
}

/**
 * Gives the notes and the hint of a message about an unknown name at `span`: the known names, and the nearest one.
 * `otherwise` is the hint if none is near.
 */
export function amongst(
  name: string,
  candidates: Iterable<string>,
  span: Span | undefined,
  otherwise?: Hint | string,
): { readonly notes: readonly string[]; readonly hint: Hint | string | undefined } {
  const names = [...candidates];
  return { notes: oneOf(names), hint: meant(name, names, span) ?? otherwise };
}

/** Lists the known names as a note; empty if there are too many to read. */
function oneOf(names: readonly string[]): string[] {
  return names.length > 0 && names.length <= 24 ? [`there are: ${names.join(', ')}`] : [];
}
