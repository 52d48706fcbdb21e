/** Surveys all pairs of some folders in parallel, and sums their statistics and findings without keeping samples. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { availableParallelism } from 'node:os';
import type { DatasetOptions } from './dataset.ts';
import type { Size } from './maps.ts';
import { FindingsSum, type Findings } from './findings.ts';
import { listPairs } from './pairs.ts';
import type { Pair } from './pair.ts';
import type { LabelCoding } from './coding.ts';
import { DecodingPool } from './pool.ts';
import type { DecodedSample } from './sample.ts';
import { patchWindows, type SampleSurvey } from './survey-sample.ts';

/** The statistics of all pairs. */
export interface Survey {
  readonly pairs: readonly Pair[];
  /** Problems and warnings about the folders. */
  readonly problems: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  /** The findings of the files, in the order of the pairs. */
  readonly findings: Findings;
  /** How many samples have each stored size: `480x360`. */
  readonly labelSizes: ReadonlyMap<string, number>;
  readonly photoSizes: ReadonlyMap<string, number>;
  /** Pixels of each class, and the number of maps that it occurs in. */
  readonly classes: ReadonlyMap<number, { readonly pixels: number; readonly maps: number }>;
  /** Instance maps by bit depth, and the most instances in one map. */
  readonly instances: { readonly bits: ReadonlyMap<number, number>; readonly most: number } | undefined;
  /** Digests of files, by pair; undefined for files that could not be read. */
  readonly labelDigests: readonly (string | undefined)[];
  readonly photoDigests: readonly (string | undefined)[];
  /** Mean shares of distinct patches, by window. */
  readonly patches: readonly { readonly window: number; readonly share: number }[];
}

/** The options of a survey. */
export type SurveyOptions = Pick<
  DatasetOptions,
  'folders' | 'photoHalf' | 'isTurned' | 'size' | 'stored' | 'workers'
> & {
  readonly coding: LabelCoding;
};

/** The most decoding threads: more would wait for the disk. */
const most = 8;

/** Reads every file of some folders and gives their statistics; mistakes are part of the result and not thrown. */
export async function surveyPairs(
  { folders, size, stored = size, workers: threads, ...settings }: SurveyOptions,
  report?: (done: number, total: number) => void,
): Promise<Survey> {
  const { pairs, problems, warnings } = await listPairs(folders);
  const workers = threads ?? Math.min(most, availableParallelism());
  const pool = new DecodingPool(workers, settings);
  const sum = new SurveySum();
  const found = new FindingsSum();
  let next = 0;
  let done = 0;
  const surveySome = async (): Promise<void> => {
    while (next < pairs.length) {
      const index = next++;
      const survey = await pool.survey(pairs[index] as Pair, size, stored);
      found.add(survey.findings, index);
      sum.add(index, survey);
      report?.(++done, pairs.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: 2 * workers }, surveySome));
  } finally {
    await pool.close();
  }
  return { ...sum.result(), pairs, problems, warnings, findings: found.sum };
}

/** Reads some pairs one by one; those with mistakes are left out. */
export async function* readPairs(
  pairs: readonly Pair[],
  {
    size,
    ...settings
  }: { readonly size: Size } & Pick<DatasetOptions, 'photoHalf' | 'isTurned'> & {
      readonly coding: LabelCoding;
    },
): AsyncGenerator<{ readonly pair: Pair; readonly sample: DecodedSample }> {
  const pool = new DecodingPool(1, settings);
  try {
    for (const pair of pairs) {
      const outcome = await pool.decode(pair, size);
      if ('sample' in outcome) yield { pair, sample: outcome.sample };
    }
  } finally {
    await pool.close();
  }
}

class SurveySum {
  private readonly labelSizes = new Map<string, number>();
  private readonly photoSizes = new Map<string, number>();
  private readonly classes = new Map<number, { pixels: number; maps: number }>();
  private readonly bits = new Map<number, number>();
  private readonly labelDigests: (string | undefined)[] = [];
  private readonly photoDigests: (string | undefined)[] = [];
  private readonly shares = patchWindows.map(() => 0);
  private counted = 0;
  private mostInstances = 0;

  add(index: number, survey: SampleSurvey): void {
    const { label, photo, pixels, instances, patches } = survey;
    if (label) countOne(this.labelSizes, `${label.width}x${label.height}`);
    if (photo) countOne(this.photoSizes, `${photo.width}x${photo.height}`);
    for (const [id, count] of pixels ?? []) {
      const sum = this.classes.get(id) ?? { pixels: 0, maps: 0 };
      this.classes.set(id, { pixels: sum.pixels + count, maps: sum.maps + 1 });
    }
    if (instances) {
      countOne(this.bits, instances.bits);
      this.mostInstances = Math.max(this.mostInstances, instances.count);
    }
    this.labelDigests[index] = survey.labelDigest;
    this.photoDigests[index] = survey.photoDigest;
    if (!patches) return;
    this.counted++;
    patches.forEach((share, window) => (this.shares[window]! += share));
  }

  result(): Omit<Survey, 'pairs' | 'problems' | 'warnings' | 'findings'> {
    const { labelSizes, photoSizes, classes, bits, mostInstances, labelDigests, photoDigests, counted } =
      this;
    return {
      labelSizes,
      photoSizes,
      classes,
      instances: bits.size > 0 ? { bits, most: mostInstances } : undefined,
      labelDigests,
      photoDigests,
      patches:
        counted === 0 ? [] : patchWindows.map((window, i) => ({ window, share: this.shares[i]! / counted })),
    };
  }
}

function countOne<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
