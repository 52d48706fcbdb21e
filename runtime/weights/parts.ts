/** Finds the part of a file that contains a network, by the prefix of its names, and further copies of the network. */
import { notUnder, unreadUnder } from './messages.ts';
import type { WeightsFile } from './stored.ts';
import type { Official } from './official.ts';

/** A part of a file, by the prefix of its names: `netG.module.`; the empty prefix is the whole file. */
export interface Part {
  readonly prefix: string;
  /** How many of the network's names it has, and how many of these with the right shape. */
  readonly names: number;
  readonly fitting: number;
}

export interface FoundPart {
  readonly prefix: string;
  /** Other parts in which all names and shapes match. */
  readonly copies: readonly string[];
}

/**
 * Finds the part of a file with a network's names, at or below the part `inside`: one that fits completely, otherwise
 * the one with the most names; ties go to the shortest prefix, then to the first. If no part has half of the names,
 * gives `inside` itself. Throws a SpadeworkError if `inside` holds no tensors.
 */
export function findPart(
  places: ReadonlyMap<string, Official>,
  file: WeightsFile,
  inside: string | undefined,
): FoundPart {
  // An empty prefix requests the file as it is.
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

/** Rejects a part that does not exist, or that contains no tensors. */
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
