/** Provides the batches of benchmarks: label maps in order of their names, or noise; photographs or noise. */
import type { Diagnostic } from '../dsl/diagnostic.ts';
import { readFileSync } from 'node:fs';
import { RandomStream } from '../compiler/ir/random.ts';
import { must } from '../dsl/errors.ts';
import { decodeIds, decodePhoto, type PictureError } from '../runtime/data/decode.ts';
import { denseIds, edgesOf, resizeNearest, type IdMap } from '../runtime/data/maps.ts';
import { dataError, coloredMaps, undecodable } from '../runtime/data/messages.ts';
import { listFolder, listPairs } from '../runtime/data/pairs.ts';
import type { Pair } from '../runtime/data/pair.ts';
import type { StepData } from '../runtime/train/step.ts';
import { differentCounts, idAboveClasses, noiseAlone } from './messages.ts';
import { noiseLabels, type BenchSettings } from './options.ts';

/** The label maps read, and the batches made from them. */
export interface Batches {
  readonly classes: number;
  /** The number of different label maps. */
  readonly maps: number;
  /** Gives the batch of a step: the next maps, cyclically. */
  ofStep(step: number): Promise<StepData>;
}

/** A label map at the benchmark's size. */
interface Sample {
  readonly labels: Uint8Array | Uint16Array;
  /** Undefined without instance maps, like `instances`. */
  readonly edges: Uint8Array | undefined;
  readonly instances: Uint16Array | undefined;
}

interface Samples {
  readonly classes: number;
  readonly samples: readonly Sample[];
  /** The files of the maps, for their photographs. */
  readonly pairs: readonly Pair[];
}

/**
 * Reads label maps. Without a given number of classes, the ids of all maps in the folder determine it; only the maps
 * for the steps are kept, in one or two bytes per pixel. Throws a SpadeworkError with all problems.
 */
export async function readBatches(settings: BenchSettings): Promise<Batches> {
  const { size, batch, images, seed } = settings;
  const { classes, samples, pairs } =
    settings.labels === noiseLabels ? drawNoise(settings) : await readMaps(settings);
  const pixels = size.width * size.height;
  const random = new RandomStream(seed, 'noise in place of photographs');
  const noise = new Float32Array(batch * pixels * 3).map(() => 2 * random.uniform() - 1);
  return {
    classes,
    maps: samples.length,
    async ofStep(step) {
      const indices = Array.from({ length: batch }, (_, offset) => (step * batch + offset) % samples.length);
      const chosen = indices.map((index) => must(samples[index], 'indices are below the number of maps'));
      const [labels, edges, instances] = [
        new Int32Array(batch * pixels),
        new Float32Array(batch * pixels),
        new Int32Array(batch * pixels),
      ];
      chosen.forEach((sample, at) => {
        labels.set(sample.labels, at * pixels);
        if (sample.edges) edges.set(sample.edges, at * pixels);
        if (sample.instances) instances.set(sample.instances, at * pixels);
      });
      const maps =
        settings.instances === undefined
          ? { labels, edges: undefined, instances: undefined }
          : { labels, edges, instances };
      if (images === undefined) return { ...maps, images: noise };
      const photographs = new Float32Array(batch * pixels * 3);
      for (const [at, index] of indices.entries()) {
        const photograph = await readPhoto(must(pairs[index], 'every map is one of a pair'), settings);
        photograph.forEach((value, i) => (photographs[at * pixels * 3 + i] = value / 127.5 - 1));
      }
      return { ...maps, images: photographs };
    },
  };
}

/** The number of label maps that the steps use. */
function wantedMaps({ warmup, steps, batch }: BenchSettings): number {
  return (warmup + steps) * batch;
}

/** Draws label maps of noise: every patch is distinct, the worst case for patch tables. */
function drawNoise(settings: BenchSettings): Samples {
  const { size, classes, instances, images, seed } = settings;
  if (classes === undefined || instances !== undefined || images !== undefined) throw noiseAlone();
  const random = new RandomStream(seed, 'noise in place of label maps');
  const draw = (): Sample => ({
    labels: Uint16Array.from({ length: size.width * size.height }, () => random.below(classes)),
    edges: undefined,
    instances: undefined,
  });
  return { classes, samples: Array.from({ length: wantedMaps(settings) }, draw), pairs: [] };
}

async function readMaps(settings: BenchSettings): Promise<Samples> {
  const { labels, images, size, void: without } = settings;
  const { pairs, problems } = await listPairs({ labels, images });
  if (problems.length > 0) throw dataError(...problems);
  const instanceFiles = await listInstances(settings, pairs.length);
  const wanted = wantedMaps(settings);
  const kept: { readonly ids: Uint16Array; readonly index: number }[] = [];
  let highest = -1;
  for (const [index, { label }] of pairs.entries()) {
    if (index >= wanted && settings.classes !== undefined) break;
    const found = await readIds(label);
    const most = found.ids.reduce((one, other) => (other === without ? one : Math.max(one, other)), -1);
    if (settings.classes !== undefined && most >= settings.classes)
      throw idAboveClasses(label, most, settings.classes);
    highest = Math.max(highest, most);
    if (index < wanted) kept.push({ ids: resizeNearest(found, size), index });
  }
  // The class of unlabelled pixels follows the others.
  const classes = settings.classes ?? highest + 1 + (without === undefined ? 0 : 1);
  const samples = kept.map(async ({ ids, index }): Promise<Sample> => {
    const all = ids.map((id) => (id === without ? classes - 1 : id));
    const file = instanceFiles?.[index];
    const found = file === undefined ? undefined : resizeNearest(await readIds(file), size);
    return {
      labels: classes <= 256 ? Uint8Array.from(all) : all,
      edges: found && edgesOf(found, size),
      instances: found && denseIds(found),
    };
  });
  return { classes, samples: await Promise.all(samples), pairs };
}

/** Lists instance maps. They are paired with label maps by order, as some data sets name the two kinds differently. */
async function listInstances(
  { labels, instances }: BenchSettings,
  count: number,
): Promise<readonly string[] | undefined> {
  if (instances === undefined) return undefined;
  const problems: Diagnostic[] = [];
  const files = await listFolder('instance maps', instances, problems);
  if (!files || problems.length > 0) throw dataError(...problems);
  if (files.size !== count) throw differentCounts(labels, count, instances, files.size);
  return [...files.values()];
}

async function readIds(file: string): Promise<IdMap> {
  const found = await decodeIds(readFileSync(file)).catch((error: unknown) => {
    throw dataError(undecodable(file, 'label maps', error as PictureError));
  });
  if ('color' in found)
    throw dataError(coloredMaps([{ kind: 'colored', role: 'label maps', file, ...found }], undefined));
  return found;
}

function readPhoto({ image }: Pair, { size }: BenchSettings): Promise<Uint8Array> {
  const file = must(image, 'pairs were listed with photographs');
  return decodePhoto(readFileSync(file), size).catch((error: unknown) => {
    throw dataError(undecodable(file, 'photos', error as PictureError));
  });
}
