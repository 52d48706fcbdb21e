/** Matches the tensors of a file with the variables of a network, and reports what does not fit. */
import { must } from '../../dsl/errors.ts';
import { ignoredBy, plainMapping, type Mapping } from './mapping.ts';
import { readFinite } from './finite.ts';
import { officialPlaces, type Official, type WeightVariable } from './official.ts';
import { findPart, sameShape } from './parts.ts';
import type { WeightsFile } from './stored.ts';

/** A variable, and its actual or expected name in the file. */
export interface Pairing {
  readonly ours: string;
  readonly official: string;
  /** Its shape in files of this mapping. */
  readonly shape: readonly number[];
}

/** The result of matching a file with a network. */
export interface MatchReport {
  readonly file: Pick<WeightsFile, 'path' | 'format'>;
  readonly mapping: string;
  /** The prefix of the network's names in the file: `state_dict.`; usually empty. */
  readonly inside: string;
  readonly matched: readonly Pairing[];
  /** The prefixes of other parts of the file that fit completely. */
  readonly copies: readonly string[];
  /** Variables without a tensor. */
  readonly missing: readonly Pairing[];
  /** Objects in the file in place of missing tensors, by path in the part. */
  readonly unread: ReadonlyMap<string, string>;
  readonly otherShape: readonly (Pairing & { readonly found: readonly number[] })[];
  /** Tensors without a variable. */
  readonly leftOver: readonly { readonly official: string; readonly shape: readonly number[] }[];
  /** Tensors without a variable that the mapping ignores. */
  readonly ignored: readonly string[];
  /** How many tensors are in other parts of the file than `inside`. */
  readonly elsewhere: number;
}

export interface Match {
  /** Values of matched variables in our axis order, by our names. */
  readonly values: Map<string, Float32Array>;
  readonly report: MatchReport;
}

/**
 * Finds a network's variables in a file and reads them. `inside` names a part of the file, by default the whole file;
 * within it, the part with the most matching names is used (`findPart`). Throws a SpadeworkError if the file cannot be
 * read, or has values that are not finite; mismatches are in the report.
 */
export function matchWeights(
  variables: readonly WeightVariable[],
  file: WeightsFile,
  mapping: Mapping = plainMapping,
  inside?: string,
): Match {
  const places = officialPlaces(variables, mapping);
  const report = compare(places, file, mapping, inside);
  const nameOf = ({ official }: Pairing): string => report.inside + official;
  const read = readFinite(file, report.matched.map(nameOf));
  const values = report.matched.map((pairing): [string, Float32Array] => {
    const place = must(places.get(pairing.ours), `${pairing.ours} has a place in the network`);
    const stored = must(read.get(nameOf(pairing)), `${pairing.ours} was read`);
    read.delete(nameOf(pairing)); // so that the values are not in memory twice
    return [pairing.ours, place.toOurs(stored)];
  });
  return { values: new Map(values), report };
}

/** Matches a file with a network like `matchWeights`, but reads no values. */
export function compareWeights(
  variables: readonly WeightVariable[],
  file: WeightsFile,
  mapping: Mapping = plainMapping,
  inside?: string,
): MatchReport {
  return compare(officialPlaces(variables, mapping), file, mapping, inside);
}

function compare(
  places: ReadonlyMap<string, Official>,
  file: WeightsFile,
  mapping: Mapping,
  inside: string | undefined,
): MatchReport {
  const { prefix, copies } = findPart(places, file, inside);
  const unread = new Map<string, string>();
  const matched: Pairing[] = [];
  const missing: Pairing[] = [];
  const otherShape: (Pairing & { readonly found: readonly number[] })[] = [];
  const used = new Set<string>();
  for (const [ours, place] of places) {
    const official = nameIn(file, prefix, place, used);
    if (official === undefined) {
      missing.push({ ours, official: place.name, shape: place.shape });
      noteUnread(file, prefix, place.name, unread);
      continue;
    }
    used.add(prefix + official);
    const pairing = { ours, official, shape: place.shape };
    const found = file.tensors.get(prefix + official)?.shape ?? [];
    if (!sameShape(found, place.shape)) {
      otherShape.push({ ...pairing, found });
      continue;
    }
    matched.push(pairing);
  }
  const isIgnored = ignoredBy(mapping);
  const leftOver: { readonly official: string; readonly shape: readonly number[] }[] = [];
  const ignored: string[] = [];
  const nested = copies.filter((copy) => copy.startsWith(prefix));
  let elsewhere = 0;
  for (const [name, { shape }] of file.tensors) {
    if (used.has(name)) continue;
    const official = name.slice(prefix.length);
    if (!name.startsWith(prefix) || nested.some((copy) => name.startsWith(copy))) elsewhere++;
    else if (isIgnored(official) || isByProduct(official, (other) => used.has(prefix + other)))
      ignored.push(official);
    else leftOver.push({ official, shape });
  }
  const { path, format } = file;
  return {
    file: { path, format },
    mapping: mapping.name,
    inside: prefix,
    copies,
    matched,
    missing,
    // If nothing matched, the network may be in any of the unread objects.
    unread: matched.length === 0 && otherShape.length === 0 ? file.unread : unread,
    otherShape,
    leftOver,
    ignored,
    elsewhere,
  };
}

/** Tells whether every variable has a tensor and, unless `leftOverIsFine`, every tensor a variable. */
export function fits({ missing, otherShape, leftOver }: MatchReport, leftOverIsFine = false): boolean {
  return missing.length === 0 && otherShape.length === 0 && (leftOverIsFine || leftOver.length === 0);
}

/** Records a Python object in place of a missing tensor, or around its place. */
function noteUnread(
  { unread }: WeightsFile,
  prefix: string,
  official: string,
  found: Map<string, string>,
): void {
  if (unread.size === 0) return;
  const name = prefix + official;
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const what = unread.get(name.slice(0, end));
    if (what !== undefined) found.set(name.slice(0, end), what);
  }
}

function nameIn(
  { tensors }: WeightsFile,
  prefix: string,
  { name, otherNames }: Official,
  used: ReadonlySet<string>,
): string | undefined {
  return [name, ...otherNames].find(
    (official) => tensors.has(prefix + official) && !used.has(prefix + official),
  );
}

/**
 * Tells whether a tensor is derived from others: the step counter of a batch norm, or the weight that old versions
 * stored beside the `weight_orig` that it was computed from.
 */
function isByProduct(official: string, isUsed: (official: string) => boolean): boolean {
  return /(^|\.)num_batches_tracked$/.test(official) || isUsed(`${official}_orig`);
}
