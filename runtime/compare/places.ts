/** Answers for how places on this machine are named on pages, which get published: never by absolute paths. */
import { relative, sep } from 'node:path';

/** What is said of a place outside of the working folder. */
const shownParts = 2;

/** An absolute path, in quotation marks or up to the next space; what stands before it is no part of a path or address. */
const absolutePath = /(?<=')\/[^']+(?=')|(?<![^\s=(])\/[^\s'",;()]+/g;

/** Names the absolute paths in a text from the working folder, and those that lie outside of it by their last parts. */
export function withoutPlaces(text: string): string {
  return text.replace(absolutePath, (path) => {
    const fromHere = relative(process.cwd(), path);
    if (fromHere.split(sep)[0] !== '..') return fromHere || '.';
    return ['…', ...path.split(sep).filter(Boolean).slice(-shownParts)].join(sep);
  });
}
