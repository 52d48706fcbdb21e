/** Shortens absolute paths in texts of pages, as pages get published. */
import { relative, sep } from 'node:path';

/** How many last parts of a path outside of the working folder are shown. */
const shownParts = 2;

/**
 * An absolute path, in quotation marks or up to the next space; the lookbehind excludes the middle of a path or URL.
 */
const absolutePath = /(?<=')\/[^']+(?=')|(?<![^\s=(])\/[^\s'",;()]+/g;

/**
 * Replaces absolute paths in a text: by paths relative to the working folder, or by their last parts if they are
 * outside.
 */
export function withoutPlaces(text: string): string {
  return text.replace(absolutePath, (path) => {
    const fromHere = relative(process.cwd(), path);
    if (fromHere.split(sep)[0] !== '..') return fromHere || '.';
    return ['…', ...path.split(sep).filter(Boolean).slice(-shownParts)].join(sep);
  });
}
