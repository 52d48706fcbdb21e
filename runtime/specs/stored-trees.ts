/** Writes syntax trees as text and reads them again: those of the standard library are made ahead, when the command is bundled. */
import { createHash } from 'node:crypto';
import type { ParseResult } from '../../dsl/index.ts';
import type { Source } from '../../dsl/source.ts';
import { treesAhead } from './trees-ahead.ts';

/** Names a text by its content. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64');

/** Writes what a text was parsed into; its places refer to the text, which is left out. */
export function storeTree(parsed: ParseResult, source: Source): string {
  return JSON.stringify(parsed, (_key, value: unknown) => (value === source ? undefined : value));
}

/** Reads what `storeTree` wrote; the places refer to `source`, which has the same text. */
export function restoreTree(stored: string, source: Source): ParseResult {
  const parsed = JSON.parse(stored) as ParseResult;
  attach(parsed, source);
  return parsed;
}

/** Gives the tree of a text that was parsed ahead; undefined where none was, or the text has changed since. */
export function treeAhead(source: Source): ParseResult | undefined {
  const stored = treesAhead[digestOf(source.text)];
  return stored === undefined ? undefined : restoreTree(stored, source);
}

/** Gives each place below a value, and each file, its source back. */
function attach(value: unknown, source: Source): void {
  if (typeof value !== 'object' || value === null) return;
  if (('start' in value && 'end' in value) || ('kind' in value && value.kind === 'file'))
    Object.assign(value, { source });
  for (const [key, inner] of Object.entries(value)) if (key !== 'source') attach(inner, source);
}
