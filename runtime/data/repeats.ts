/** Finds duplicate files (equal bytes) within a part of the data or across parts. */
import { createHash } from 'node:crypto';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import * as messages from './messages.ts';

/** Digits of a digest: enough to make collisions negligible, in little memory. */
const digestLength = 32;

/** Gives a digest of a file's bytes. */
export function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, digestLength);
}

/** A part of the data, with a digest of one file of each pair; undefined if the file could not be read. */
export interface Digested {
  readonly name: string;
  readonly pairs: readonly { readonly name: string }[];
  readonly digests: readonly (string | undefined)[];
}

/** A sample with a duplicated file, written as `train/a`. */
export interface Repeated {
  readonly part: string;
  readonly text: string;
}

/** Groups samples with equal digests; groups of one are left out. */
export function repeatsIn(parts: readonly Digested[]): Repeated[][] {
  const groups = new Map<string, Repeated[]>();
  for (const { name: part, pairs, digests } of parts)
    digests.forEach((digest, index) => {
      const pair = pairs[index];
      if (digest === undefined || !pair) return;
      const member = { part, text: `${part}/${pair.name}` };
      const group = groups.get(digest);
      if (group) group.push(member);
      else groups.set(digest, [member]);
    });
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Tells whether a group has members in several parts. */
export const isInSeveral = (group: readonly Repeated[]): boolean =>
  new Set(group.map(({ part }) => part)).size > 1;

/** Renders the members of groups for messages. */
export const textsOfRepeats = (groups: readonly Repeated[][]): string[][] =>
  groups.map((group) => group.map(({ text }) => text));

/** Warns of photos in several parts: a test on training photos shows nothing. */
export function photosInSeveral(parts: readonly Digested[]): Diagnostic[] {
  const found = repeatsIn(parts).filter(isInSeveral);
  return found.length > 0 ? [messages.photosInBothSplits(textsOfRepeats(found))] : [];
}
