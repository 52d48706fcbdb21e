/** Answers for where in a file a network lies: the prefix under which its names are found, and other copies of it. */
import { notUnder, unreadUnder } from './messages.ts';
import type { WeightsFile } from './stored.ts';
import type { Official } from './official.ts';

/** A part of a file, by what the names in it start with: `netG.module.`; nothing for the file as a whole. */
export interface Part {
  readonly prefix: string;
  /** How many of the network's names it has, and how many of those in the right shape. */
  readonly names: number;
  readonly fitting: number;
}

export interface FoundPart {
  readonly prefix: string;
  /** Other parts in which all names and shapes are the network's. */
  readonly copies: readonly string[];
}

/**
 * Finds the part of a file that a network's names lie in, at or below the part `inside`. That one is taken in which everything
 * fits, or else the most names; of several such the one with the shortest prefix, and then the first. Where no part has half
 * of the names, it is `inside` itself. Throws a SpadeworkError where `inside` holds no tensors.
 */
export function findPart(
  places: ReadonlyMap<string, Official>,
  file: WeightsFile,
  inside: string | undefined,
): FoundPart {
  // What is asked for by the empty text is the file as it is.
  if (inside === '') return { prefix: '', copies: [] };
  const within = inside === undefined ? '' : `${inside.replace(/(?<!\.)\.+$/, '')}.`;
  const parts = partsOf(places, file, within);
  if (parts.length === 0 && within !== '') checkInside(within, places, file);
  const [best, ...others] = parts;
  if (!best || 2 * best.names < places.size) return { prefix: within, copies: [] };
  const isCopy = ({ fitting }: Part): boolean => fitting === places.size;
  const { prefix } = best;
  return { prefix, copies: isCopy(best) ? others.filter(isCopy).map((part) => part.prefix) : [] };
}

/** Lists the parts that have names of a network, the best first. */
function partsOf(places: ReadonlyMap<string, Official>, file: WeightsFile, within: string): Part[] {
  const wanted = new Map(
    [...places.values()].flatMap((place) => [place.name, ...place.otherNames].map((name) => [name, place])),
  );
  const lengths = new Set([...wanted.keys()].map((name) => name.length));
  const parts = new Map<string, { prefix: string; names: number; fitting: number }>();
  const count = (name: string, shape: readonly number[] | undefined): void => {
    if (!name.startsWith(within)) return;
    for (let start = within.length; ;) {
      const place = lengths.has(name.length - start) ? wanted.get(name.slice(start)) : undefined;
      if (place) {
        const prefix = name.slice(0, start);
        const part = parts.get(prefix) ?? { prefix, names: 0, fitting: 0 };
        parts.set(prefix, part);
        part.names++;
        if (shape && sameShape(shape, place.shape)) part.fitting++;
      }
      const dot = name.indexOf('.', start);
      if (dot < 0) return;
      start = dot + 1;
    }
  };
  for (const [name, { shape }] of file.tensors) count(name, shape);
  for (const name of file.unread.keys()) count(name, undefined);
  const whole = ({ fitting }: Part): number => (fitting === places.size ? 1 : 0);
  return [...parts.values()].sort(
    (a, b) =>
      whole(b) - whole(a) || b.names - a.names || b.fitting - a.fitting || a.prefix.length - b.prefix.length,
  );
}

/** Refuses a part that is not there, or that is no container of tensors. */
function checkInside(within: string, places: ReadonlyMap<string, Official>, file: WeightsFile): void {
  const { path, tensors, unread } = file;
  const names = [...tensors.keys()];
  if (names.some((name) => name.startsWith(within))) return;
  for (const [at, what] of unread)
    if (within.startsWith(`${at}.`) || at.startsWith(within)) throw unreadUnder(path, at, what);
  const parts = partsOf(places, file, '').filter((part) => 2 * part.names >= places.size);
  const roots = new Set(
    names.filter((name) => name.includes('.')).map((name) => name.slice(0, name.indexOf('.'))),
  );
  throw notUnder(
    path,
    within.slice(0, -1),
    parts.map(({ prefix }) => prefix),
    [...roots],
  );
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
