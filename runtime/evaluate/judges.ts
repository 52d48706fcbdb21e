/** Reads the networks that an evaluation uses, and computes their digests, before any other work. */
import { must } from '../../dsl/errors.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { openWeights } from '../weights/file.ts';
import { readFinite } from '../weights/finite.ts';
import { linearLayersMissing, linearLayersOfOther, noLinearLayers } from './messages.ts';
import type { EvaluateOptions, JudgeOptions, PerceptualOptions } from './options.ts';
import { digestOf } from './protocol.ts';
import { channelsOf, layersOf, readJudge, vectorOf, type ReadJudge } from './read-judge.ts';
import { readSegmenter, type ReadSegmenter } from './segmenter.ts';

/** A network whose layers are compared, with weights of their channels, if they are weighted. */
export interface PerceptualJudge extends ReadJudge {
  /** Weights per layer, in order. */
  readonly linear: readonly Float32Array[] | undefined;
}

export interface Judges {
  readonly segmenter: ReadSegmenter | undefined;
  readonly features: ReadJudge | undefined;
  readonly perceptual: PerceptualJudge | undefined;
}

/** Reads the requested networks. Throws a SpadeworkError. */
export async function readJudges(
  { size, classes }: DataSpec,
  { segmenter, features, perceptual }: EvaluateOptions,
): Promise<Judges> {
  return {
    segmenter: segmenter === undefined ? undefined : await readSegmenter(segmenter, classes),
    features: features && (await readFeatures(features, size)),
    perceptual: perceptual && (await readPerceptual(perceptual, size)),
  };
}

async function readFeatures({ network, weights }: JudgeOptions, size: DataSpec['size']): Promise<ReadJudge> {
  const judge = await readJudge(network, weights, size);
  vectorOf(judge);
  return judge;
}

async function readPerceptual(
  { network, weights, linear: file }: PerceptualOptions,
  size: DataSpec['size'],
): Promise<PerceptualJudge> {
  const judge = await readJudge(network, weights, size);
  layersOf(judge);
  if (file === undefined) return { ...judge, linear: undefined };
  const linear = await readLinear(file, judge);
  const sha256 = digestOf([
    judge.record.sha256,
    ...linear.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
  ]);
  return { ...judge, linear, record: { name: `${judge.record.name}, linear`, sha256 } };
}

/** Reads the channel weights of each compared layer. */
async function readLinear(file: string, judge: ReadJudge): Promise<readonly Float32Array[]> {
  const { linear: prefix } = judge.declaration;
  if (prefix === undefined) throw noLinearLayers(judge.record.name);
  const held = await openWeights(file);
  const layers = layersOf(judge).map((leaf, place) => ({
    name: `${prefix}${place}`,
    channels: channelsOf(leaf),
  }));
  const missing = layers.filter(({ name }) => !held.tensors.has(name)).map(({ name }) => name);
  if (missing.length > 0) throw linearLayersMissing(file, missing, [...held.tensors.keys()]);
  const read = readFinite(
    held,
    layers.map(({ name }) => name),
  );
  return layers.map(({ name, channels }) => {
    const values = must(read.get(name), `${name} was read`);
    if (values.length !== channels) throw linearLayersOfOther(file, name, values.length, channels);
    return values;
  });
}
