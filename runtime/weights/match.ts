/** Answers for bringing a file and a network together: which tensor each variable gets, and what does not fit. */
import { must } from '../../compiler/ir/types.ts';
import { ignoredBy, plainMapping, type Mapping } from './mapping.ts';
import { notUnder } from './messages.ts';
import { officialPlaces, type Official, type WeightVariable } from './official.ts';
import type { WeightsFile } from './file.ts';

/** A variable, and the name that the file has or should have it by. */
export interface Pairing {
  readonly ours: string;
  readonly official: string;
  /** The shape that it has in files of the mapping's kind. */
  readonly shape: readonly number[];
}

/** Says how a file met a network. */
export interface MatchReport {
  readonly file: Pick<WeightsFile, 'path' | 'format'>;
  readonly mapping: string;
  /** What the names in the file start with before the network's own: `state_dict.`; mostly nothing. */
  readonly inside: string;
  readonly matched: readonly Pairing[];
  /** Variables without a tensor. */
  readonly missing: readonly Pairing[];
  readonly otherShape: readonly (Pairing & { readonly found: readonly number[] })[];
  /** Tensors without a variable. */
  readonly leftOver: readonly { readonly official: string; readonly shape: readonly number[] }[];
  /** Tensors without a variable that the mapping knows to be of no use. */
  readonly ignored: readonly string[];
  /** How many tensors lie in other parts of the file than `inside`. */
  readonly elsewhere: number;
}

export interface Match {
  /** Values in our order of axes, by our names, of what matched. */
  readonly values: Map<string, Float32Array>;
  readonly report: MatchReport;
}

/**
 * Finds a network's variables in a file and reads them. `inside` names the part of the file to look in; without it, that part
 * is taken where the most names fit. Throws a WeightsError where the file cannot be read; what does not fit is in the report.
 */
export function matchWeights(
  variables: readonly WeightVariable[],
  file: WeightsFile,
  mapping: Mapping = plainMapping,
  inside?: string,
): Match {
  const places = officialPlaces(variables, mapping);
  const report = compare(places, file, mapping, inside);
  const values = report.matched.map(({ ours, official }): [string, Float32Array] => {
    const place = must(places.get(ours), `${ours} has no place`);
    return [ours, place.toOurs(file.read(report.inside + official))];
  });
  return { values: new Map(values), report };
}

/** Says how a file meets a network, as `matchWeights` does, and reads none of its numbers. */
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
  const prefix = inside === undefined ? bestPrefix(places, file) : givenPrefix(inside, file);
  const matched: Pairing[] = [];
  const missing: Pairing[] = [];
  const otherShape: (Pairing & { readonly found: readonly number[] })[] = [];
  const used = new Set<string>();
  for (const [ours, place] of places) {
    const official = nameIn(file, prefix, place);
    if (official === undefined) {
      missing.push({ ours, official: place.name, shape: place.shape });
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
  let elsewhere = 0;
  for (const [name, { shape }] of file.tensors) {
    if (used.has(name)) continue;
    const official = name.slice(prefix.length);
    if (!name.startsWith(prefix)) elsewhere++;
    else if (isIgnored(official) || isByProduct(official, (other) => used.has(prefix + other)))
      ignored.push(official);
    else leftOver.push({ official, shape });
  }
  const { path, format } = file;
  return {
    file: { path, format },
    mapping: mapping.name,
    inside: prefix,
    matched,
    missing,
    otherShape,
    leftOver,
    ignored,
    elsewhere,
  };
}

/** Tells whether every variable got its tensor and, unless `leftOver` says otherwise, every tensor its variable. */
export function fits({ missing, otherShape, leftOver }: MatchReport, leftOverIsFine = false): boolean {
  return missing.length === 0 && otherShape.length === 0 && (leftOverIsFine || leftOver.length === 0);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function nameIn(
  { tensors }: WeightsFile,
  prefix: string,
  { name, otherNames }: Official,
): string | undefined {
  return [name, ...otherNames].find((official) => tensors.has(prefix + official));
}

function givenPrefix(inside: string, { path, tensors }: WeightsFile): string {
  if (inside === '') return '';
  const prefix = inside.endsWith('.') ? inside : `${inside}.`;
  const names = [...tensors.keys()];
  if (names.some((name) => name.startsWith(prefix))) return prefix;
  const roots = new Set(
    names.flatMap((name) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])),
  );
  throw notUnder(path, inside, [...roots]);
}

/** Finds the part of a file under which the most names fit, and the shortest such; nothing where that is less than half. */
function bestPrefix(places: ReadonlyMap<string, Official>, file: WeightsFile): string {
  const wanted = new Set([...places.values()].flatMap(({ name, otherNames }) => [name, ...otherNames]));
  const hits = new Map<string, number>([['', 0]]);
  for (const name of file.tensors.keys())
    for (let dot = -1; ;) {
      const prefix = name.slice(0, dot + 1);
      if (wanted.has(name.slice(dot + 1))) hits.set(prefix, (hits.get(prefix) ?? 0) + 1);
      dot = name.indexOf('.', dot + 1);
      if (dot < 0) break;
    }
  const [best, count] = [...hits].reduce((a, b) =>
    b[1] > a[1] || (b[1] === a[1] && b[0].length < a[0].length) ? b : a,
  );
  return 2 * count >= places.size ? best : '';
}

/**
 * Tells tensors that PyTorch keeps beside others and that say nothing new: a batch norm's count of steps, and the weight that
 * early versions stored beside the `weight_orig` that it was computed from.
 */
function isByProduct(official: string, isUsed: (official: string) => boolean): boolean {
  return /(^|\.)num_batches_tracked$/.test(official) || isUsed(`${official}_orig`);
}
