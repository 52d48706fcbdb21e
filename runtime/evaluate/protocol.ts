/** Computes the digest of an evaluation's protocol, and lists differences between protocols in words. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { NetworkSpec } from '../../compiler/format/types.ts';
import type { Pair } from '../data/pair.ts';
import type { EvalRecord, JudgeRecord, Protocol } from './record.ts';

/** Increased when the meaning of a metric changes. */
export const metricsVersion = 1;

/** The filters that scale pictures to the size of the data, and of a network. */
export const resizeFilter = 'lanczos3; label maps nearest';

/** The number of digits of the digest that names an evaluation. */
const idLength = 12;

/** Renders a value as JSON with sorted keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Gives the SHA-256 of concatenated texts and bytes. */
export function digestOf(parts: Iterable<string | Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Gives the digest that names a protocol. */
export function protocolIdOf(protocol: Protocol): string {
  return digestOf([canonicalJson(protocol)]).slice(0, idLength);
}

/** Gives the digest of held-out pictures: of the names and bytes of their files. */
export async function digestOfPairs(pairs: readonly Pair[]): Promise<string> {
  const parts: string[] = [];
  for (const { name, label, image, instances } of pairs) {
    parts.push(name);
    for (const file of [label, image, instances])
      parts.push(file === undefined ? '-' : digestOf([await readFile(file)]));
  }
  return digestOf([JSON.stringify(parts)]);
}

/** Gives the digest of a network and its weights, independent of the files they came from. */
export function digestOfNetwork(
  { inputs, nodes, outputs }: Pick<NetworkSpec, 'inputs' | 'nodes' | 'outputs'>,
  values: ReadonlyMap<string, Float32Array>,
): string {
  const meaning = nodes.map(({ id, op, inputs: operands, attrs = {} }) => [id, op, operands, attrs]);
  const arrays = [...values]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { buffer, byteOffset, byteLength }]) => [
      JSON.stringify([name, byteLength]),
      new Uint8Array(buffer, byteOffset, byteLength),
    ]);
  return digestOf([canonicalJson([inputs, meaning, outputs]), ...arrays]);
}

/** The name of each part of the protocol, and how its value is rendered. */
const sayings: { readonly [Part in keyof Protocol]: readonly [string, (value: Protocol[Part]) => string] } = {
  version: ['version of the metrics', String],
  imageSet: ['held-out pictures (names or bytes)', (digest) => digest.slice(0, idLength)],
  maps: ['number of label maps', String],
  size: ['size of the pictures', ({ width, height }) => `${width}x${height}`],
  resizeFilter: ['filter for resizing', String],
  classes: ['number of classes', String],
  voidIds: ['classes that count nowhere', (ids) => (ids.length === 0 ? 'none' : ids.join(', '))],
  judges: [
    'networks that are looked through',
    ({ segmenter, features, perceptual }) =>
      `segmenter ${sayJudge(segmenter)}, features ${sayJudge(features)}, perceptual ${sayJudge(perceptual)}`,
  ],
  styles: ['pictures painted for each map', String],
  seed: ['seed', String],
};

const sayJudge = (judge: JudgeRecord | undefined): string =>
  judge ? `${judge.name} (${judge.sha256.slice(0, idLength)})` : 'none';

/**
 * Lists the differences between the protocols of evaluations, one line each; without differences, numbers may share a
 * table.
 */
export function comparable(records: readonly Pick<EvalRecord, 'protocol'>[]): string[] {
  return (Object.keys(sayings) as (keyof Protocol)[]).flatMap((part) => differencesIn(part, records));
}

function differencesIn<Part extends keyof Protocol>(
  part: Part,
  records: readonly Pick<EvalRecord, 'protocol'>[],
): string[] {
  const values = new Map(records.map(({ protocol }) => [canonicalJson(protocol[part]), protocol[part]]));
  if (values.size < 2) return [];
  const [name, say] = sayings[part];
  return [`${name}: ${[...values.values()].map(say).join(' | ')}`];
}
