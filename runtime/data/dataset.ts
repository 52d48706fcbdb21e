/** Opens a data set, checks it, and loads batches ahead of the training steps. */
import { brokenInvariant } from '../../dsl/errors.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { availableParallelism } from 'node:os';
import type { PatchPlan } from '../../compiler/patches/plan.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';
import { applyChange, changeOf, type Augmentation } from './augment.ts';
import type { ClassInfo } from './class-info.ts';
import { plainCoding, type LabelCoding } from './coding.ts';
import type { Half } from './decode.ts';
import type { Size } from './maps.ts';
import { FindingsSum, type Findings } from './findings.ts';
import { dataError } from './messages.ts';
import { SampleOrder, type Place } from './order.ts';
import { listPairs } from './pairs.ts';
import type { DatasetFolders, Pair } from './pair.ts';
import { DecodingPool } from './pool.ts';
import { photosInSeveral } from './repeats.ts';
import { faultProblems, sampleProblems, type Meaning, type SaidOfLabels } from './problems.ts';
import type { DecodedSample } from './sample.ts';

/** The options of opening a data set. */
export interface DatasetOptions {
  readonly folders: DatasetFolders;
  /** The classes whose ids may occur in label maps. */
  readonly classes: readonly ClassInfo[];
  /** The encoding of label maps; by default ids of the classes. */
  readonly coding?: LabelCoding;
  /** The spec's settings of the label maps, on which hints are based. */
  readonly said?: SaidOfLabels | undefined;
  /** The half with the photo, if photo and label map are side by side in one file. */
  readonly photoHalf?: Half | undefined;
  /** Whether orientation tags are applied; undefined if not set: then they are not, but a warning mentions them. */
  readonly isTurned?: boolean | undefined;
  /** The size that samples are scaled to. */
  readonly size: Size;
  /** The size at which samples are kept for loaders that crop; `size` by default. */
  readonly stored?: Size | undefined;
  /** Decoding threads; by default one less than the machine has cores, between 1 and 4. */
  readonly workers?: number;
  /** The size of the cache for decoded samples, in bytes; 512 MB by default. */
  readonly cacheBytes?: number;
}

/** One sample, not augmented. */
export interface Sample {
  readonly name: string;
  /** Class ids, [H,W]. */
  readonly labels: Int32Array;
  /** 1 at instance borders, else 0, [H,W,1]; undefined without instance maps. */
  readonly edges: Float32Array | undefined;
  /** Ids of instances, from 0 without gaps, [H,W]; undefined without instance maps. */
  readonly instances: Int32Array | undefined;
  /** RGB in [-1,1], [H,W,3]; undefined without photos. */
  readonly image: Float32Array | undefined;
}

/** The samples of one step. */
export interface Batch {
  /** Class ids, [B,H,W]. */
  readonly labels: Int32Array;
  /** 1 at instance borders, else 0, [B,H,W,1]; undefined without instance maps. */
  readonly edges: Float32Array | undefined;
  /** Ids of instances, from 0 in each picture, [B,H,W]; undefined without instance maps. */
  readonly instances: Int32Array | undefined;
  /** RGB in [-1,1], [B,H,W,3]; undefined without photos. */
  readonly images: Float32Array | undefined;
  /** The patches of the label maps of each part of the batch, if the loader was asked for them. */
  readonly patches?: readonly PatchTables[];
  /** The samples' names, [B]. */
  readonly names: string[];
  /** The epoch of the batch's first sample, from 0. */
  readonly epoch: number;
}

/** The order and augmentation of a run's batches. */
export interface LoaderOptions {
  readonly batch: number;
  readonly seed: number;
  /** How samples are augmented. */
  readonly augment: Augmentation;
  /** Makes the decoding threads find the patches of the label maps, for each of the `parts` equal parts of a batch. */
  readonly patches?: { readonly plan: PatchPlan; readonly parts: number } | undefined;
  /** The step of the first batch; 0 by default. */
  readonly start?: number;
  /** How many batches are prepared in advance; 2 by default. */
  readonly prefetch?: number;
}

/** Gives an endless sequence of batches. */
export interface Loader {
  /** Gives the next step's batch. Throws a SpadeworkError if one of its files cannot be used. */
  next(): Promise<Batch>;
  /** Drops prepared batches; the data set stays open. */
  close(): Promise<void>;
}

/** An opened data set. */
export interface Dataset {
  readonly pairs: readonly Pair[];
  readonly size: Size;
  readonly classes: readonly ClassInfo[];
  /** The classes and encoding of its label maps. */
  readonly meaning: Meaning;
  /**
   * Reads every label map and, if the data set fits into the cache, every photo (otherwise only their headers). Throws
   * one error with all problems; gives warnings. `report` is called after each sample.
   */
  check(report?: (done: number, total: number) => void): Promise<readonly Diagnostic[]>;
  /** Digests of the photos' bytes, by pair, as far as `examine` could read them; empty before. */
  readonly photoDigests: readonly (string | undefined)[];
  /** Gives the findings of `check` as data. */
  examine(report?: (done: number, total: number) => void): Promise<Findings>;
  /** Reads one sample without augmentation. Throws a SpadeworkError, or a RangeError for an index out of range. */
  read(index: number): Promise<Sample>;
  /** Starts a stream of batches; the same options give the same batches, on any machine. */
  loader(options: LoaderOptions): Loader;
  /** Ends the decoding threads; its loaders cannot be used afterwards. */
  close(): Promise<void>;
}

const DEFAULT_CACHE_BYTES = 512 * 2 ** 20;
const DEFAULT_PREFETCH = 2;

/** Opens a data set: lists and pairs its files. Throws one SpadeworkError with all problems of the folders. */
export async function openDataset(options: DatasetOptions): Promise<Dataset> {
  const { pairs, problems } = await listPairs(options.folders);
  if (problems.length > 0) throw dataError(...problems);
  return new FolderDataset(pairs, options);
}

/**
 * Checks data sets with the same encoding of label maps, such as training and test parts: reports their problems in
 * one SpadeworkError, so that each hint fits all of them. Gives warnings as text.
 */
export async function checkDatasets(
  datasets: readonly Dataset[],
  report?: (done: number, total: number) => void,
): Promise<readonly Diagnostic[]> {
  const sum = new FindingsSum();
  for (const dataset of datasets) sum.add(await dataset.examine(report));
  const { meaning } = datasets[0] as Dataset;
  const { errors, warnings } = sampleProblems(sum.sum, meaning);
  if (errors.length > 0) throw dataError(...errors);
  const parts = datasets.map(({ pairs, photoDigests }, index) => ({
    name: partNames[index] ?? String(index),
    pairs,
    digests: photoDigests,
  }));
  return [...warnings, ...photosInSeveral(parts)];
}

/** The names of data sets that are checked together: the training part and the held-out part. */
const partNames = ['train', 'test'];

class FolderDataset implements Dataset {
  readonly size: Size;
  readonly classes: readonly ClassInfo[];
  readonly meaning: Meaning;
  readonly photoDigests: (string | undefined)[] = [];
  private readonly workers: number;
  private readonly pool: DecodingPool;
  private readonly stored: Size;
  private readonly cacheBytes: number;
  /** Filled up to its limit and never evicted: an epoch visits every sample once, so eviction would gain nothing. */
  private readonly cache = new Map<number, DecodedSample>();
  private cachedBytes = 0;
  private readonly underWay = new Map<number, Promise<DecodedSample>>();

  constructor(
    readonly pairs: readonly Pair[],
    { size, stored, classes, coding, said, photoHalf, isTurned, workers, cacheBytes }: DatasetOptions,
  ) {
    this.size = size;
    this.stored = stored ?? size;
    this.classes = classes;
    this.workers = workers ?? Math.max(1, Math.min(4, availableParallelism() - 1));
    this.cacheBytes = cacheBytes ?? DEFAULT_CACHE_BYTES;
    this.meaning = { coding: coding ?? plainCoding(classes), classes, said, isTurned };
    this.pool = new DecodingPool(this.workers, { coding: this.meaning.coding, photoHalf, isTurned });
  }

  check(report?: (done: number, total: number) => void): Promise<readonly Diagnostic[]> {
    return checkDatasets([this], report);
  }

  async examine(report?: (done: number, total: number) => void): Promise<Findings> {
    const total = this.pairs.length;
    const sum = new FindingsSum();
    const fits = total * this.stored.width * this.stored.height * this.bytesPerPixel() <= this.cacheBytes;
    let next = 0;
    let done = 0;
    const examineSome = async (): Promise<void> => {
      while (next < total) {
        const index = next++;
        const pair = this.pairs[index] as Pair;
        const { findings, sample, photoDigest } = await this.pool.examine(
          pair,
          fits ? this.stored : undefined,
        );
        this.photoDigests[index] = photoDigest;
        if (sample) this.keep(index, sample);
        sum.add(findings, index);
        report?.(++done, total);
      }
    };
    // Two requests per thread: one file is read while another is decoded.
    await Promise.all(Array.from({ length: 2 * this.workers }, examineSome));
    return sum.sum;
  }

  async read(index: number): Promise<Sample> {
    const { width, height } = this.stored;
    const isStored = width === this.size.width && height === this.size.height;
    const sample = await (isStored ? this.decoded(index) : this.decode(index, this.size));
    const { labels, edges, instances, images, names } = this.assemble([{ index, sample }], 0);
    return { name: names[0] as string, labels, edges, instances, image: images };
  }

  loader({ batch, seed, augment, patches, start = 0, prefetch = DEFAULT_PREFETCH }: LoaderOptions): Loader {
    if (!Number.isInteger(batch) || batch < 1) throw new RangeError(`a batch of ${batch} is impossible`);
    const order = new SampleOrder(this.pairs.length, seed);
    const batchOf = async (places: readonly Place[]): Promise<Batch> => {
      const samples = await Promise.all(places.map(({ index }) => this.decoded(index)));
      const parts = places.map((place, i) => {
        const change = changeOf(augment, this.size, seed, place);
        const sample = applyChange(samples[i] as DecodedSample, this.stored, change, this.size);
        return { index: place.index, sample };
      });
      const made = this.assemble(parts, (places[0] as Place).epoch);
      return patches ? { ...made, patches: await this.patchesOf(made, patches) } : made;
    };
    return new PrefetchingLoader(start, prefetch, (step) => batchOf(order.ofStep(step, batch)));
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private bytesPerPixel(): number {
    const pair = this.pairs[0];
    const wide = this.classes.some(({ id }) => id > 255);
    return (wide ? 2 : 1) + (pair?.instances === undefined ? 0 : 3) + (pair?.image === undefined ? 0 : 3);
  }

  /** Gives a sample from the cache or from a pending request, or decodes it. */
  private decoded(index: number): Promise<DecodedSample> {
    const cached = this.cache.get(index);
    if (cached !== undefined) return Promise.resolve(cached);
    let request = this.underWay.get(index);
    if (request === undefined) {
      request = this.decodeStored(index).finally(() => this.underWay.delete(index));
      this.underWay.set(index, request);
    }
    return request;
  }

  private async decode(index: number, size: Size): Promise<DecodedSample> {
    const pair = this.pairs[index];
    if (pair === undefined)
      throw new RangeError(`there is no sample ${index}: the data has ${this.pairs.length}`);
    const outcome = await this.pool.decode(pair, size);
    if ('faults' in outcome) throw dataError(...faultProblems(outcome.faults, this.meaning));
    return outcome.sample;
  }

  private async decodeStored(index: number): Promise<DecodedSample> {
    const sample = await this.decode(index, this.stored);
    this.keep(index, sample);
    return sample;
  }

  /** Keeps a sample in the cache if there is room. */
  private keep(index: number, sample: DecodedSample): void {
    if (this.cache.has(index)) return;
    const bytes =
      sample.labels.byteLength +
      (sample.edges?.byteLength ?? 0) +
      (sample.instances?.byteLength ?? 0) +
      (sample.image?.byteLength ?? 0);
    if (this.cachedBytes + bytes <= this.cacheBytes) {
      this.cachedBytes += bytes;
      this.cache.set(index, sample);
    }
  }

  private patchesOf(
    { labels, edges }: Batch,
    { plan, parts }: NonNullable<LoaderOptions['patches']>,
  ): Promise<PatchTables[]> {
    const length = labels.length / parts;
    return Promise.all(
      Array.from({ length: parts }, (_, part) => {
        const [from, to] = [part * length, (part + 1) * length];
        return this.pool.patches(
          plan,
          labels.slice(from, to),
          plan.edges ? edges?.slice(from, to) : undefined,
        );
      }),
    );
  }

  /** Copies samples into the arrays that are fed to the engine. */
  private assemble(
    parts: readonly { readonly index: number; readonly sample: DecodedSample }[],
    epoch: number,
  ): Batch {
    const pixels = this.size.width * this.size.height;
    const first = parts[0]?.sample;
    const labels = new Int32Array(parts.length * pixels);
    const edges = first?.edges === undefined ? undefined : new Float32Array(parts.length * pixels);
    const instances = first?.instances === undefined ? undefined : new Int32Array(parts.length * pixels);
    const images = first?.image === undefined ? undefined : new Float32Array(parts.length * pixels * 3);
    parts.forEach(({ sample }, part) => {
      const at = part * pixels;
      labels.set(sample.labels, at);
      if (sample.edges !== undefined) edges?.set(sample.edges, at);
      if (sample.instances !== undefined) instances?.set(sample.instances, at);
      if (sample.image !== undefined && images !== undefined) toUnitRange(sample.image, images, 3 * at);
    });
    return {
      labels,
      edges,
      instances,
      images,
      names: parts.map(({ index }) => (this.pairs[index] as Pair).name),
      epoch,
    };
  }
}

/** 0..255 -> [-1,1], rounded after every operation as the official code's float32 does: (v / 255 - 0.5) / 0.5. */
const UNIT = Float32Array.from({ length: 256 }, (_, v) => (Math.fround(v / 255) - 0.5) / 0.5);

/** Writes 8-bit values as numbers in [-1,1] into the target, starting at an offset. */
export function toUnitRange(source: Uint8Array, target: Float32Array, offset: number): void {
  for (let i = 0; i < source.length; i++) target[offset + i] = UNIT[source[i] as number] as number;
}

/** Prepares a bounded number of batches in advance, and gives them in order. */
class PrefetchingLoader implements Loader {
  private readonly ahead: Promise<Batch>[] = [];
  private closed = false;

  constructor(
    private step: number,
    private readonly prefetch: number,
    private readonly make: (step: number) => Promise<Batch>,
  ) {
    this.fill(prefetch);
  }

  async next(): Promise<Batch> {
    if (this.closed) throw brokenInvariant('the loader is closed');
    this.fill(this.prefetch + 1);
    return this.ahead.shift() as Promise<Batch>;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.ahead.splice(0));
  }

  private fill(count: number): void {
    while (this.ahead.length < count) {
      const batch = this.make(this.step++);
      batch.catch(() => undefined); // next() reports the error; this avoids an unhandled rejection
      this.ahead.push(batch);
    }
  }
}
