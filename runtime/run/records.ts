/** Answers for reading what a run left in its folder, whole or not: facts, metrics, sample pictures, source. */
import type { Task } from '../report/parts.ts';
import { basename, join, resolve } from 'node:path';
import type { ClassInfo } from '../data/class-info.ts';
import {
  DamagedRecord,
  largestText,
  listFolder,
  readRecord,
  readText,
  RecordFormat,
  whileReading,
} from '../base/records.ts';
import { metricSchema, partialRunSchema } from '../base/schemas.ts';
import { stepOf } from './checkpoint.ts';
import { damagedMetrics, damagedRunFile, uselessSamples } from './messages.ts';

/** Holds a run's `run.json`. */
export interface RunRecord {
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly status: 'running' | 'finished' | 'stopped' | 'failed';
  readonly engine: { readonly kind: string; readonly library: string };
  readonly experiment: string;
  readonly steps: number;
  readonly stepsPlanned: number;
  readonly secondsPerStep: number;
  /** Parameters (scalars) of each network. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The networks whose parameters came from a file and are not trained; absent where there are none. */
  readonly frozen?: readonly string[];
  readonly data: {
    readonly pairs: number;
    readonly size: { readonly width: number; readonly height: number };
    readonly classes: readonly ClassInfo[];
    /** Whether samples are painted for maps that training never sees; absent means they are. */
    readonly heldOut?: boolean;
  };
  readonly seed: number;
  /** What its samples are; absent in a run that paints. */
  readonly task?: Task;
  /** The levels of patches that the run computes in tables; absent where there are none. */
  readonly tables?: readonly string[];
  /** The step whose checkpoint is the best, and what tells so; absent where nothing was measured. */
  readonly best?: { readonly step: number; readonly metric: string };
  /** The last step whose samples are all written, and how many pictures they are. */
  readonly sampled?: { readonly step: number; readonly pictures: number };
  /** The command line that started the run. */
  readonly command: string;
}

/** Holds one line of `metrics.jsonl`. A value that is not finite is `null`, as JSON has it. */
export interface MetricRecord {
  readonly step: number;
  readonly epoch: number;
  readonly seconds: number;
  /** Loss terms by network, then by name. */
  readonly losses: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** Learning rates by network. */
  readonly rate?: Readonly<Record<string, number>>;
  /** Euclidean lengths of the gradients by network, before any clipping. */
  readonly gradients?: Readonly<Record<string, number | null>>;
  /** What was measured on held-out pairs after this step, by metric. */
  readonly evaluation?: Readonly<Record<string, number | null>>;
}

/** Holds a run record of which any part may be missing, as a page must expect. */
export type PartialRun = {
  readonly [K in keyof RunRecord]?: RunRecord[K] extends readonly unknown[] | string | number
    ? RunRecord[K]
    : Partial<RunRecord[K]>;
};

/** Holds the sample pictures of a run. */
export interface Samples {
  /** Steps at which every map was painted, in order. */
  readonly frames: readonly SampleFrame[];
  /** Held-out maps, in order. */
  readonly maps: readonly number[];
}

/** Holds one step's pictures; the paths are relative to the run's folder and use `/`. */
export interface SampleFrame {
  readonly step: number;
  readonly label: ReadonlyMap<number, string>;
  readonly painted: ReadonlyMap<number, string>;
  readonly photo: ReadonlyMap<number, string>;
  /** The same pictures as one grid, where it was written. */
  readonly grid: string | undefined;
}

const runFormat = new RecordFormat<PartialRun>(partialRunSchema);
const metricFormat = new RecordFormat<MetricRecord>(metricSchema);

/** Reads `run.json`; without one, the folder's name is all that is known. Throws a SpadeworkError where it is damaged. */
export function readRun(directory: string): PartialRun & { readonly name: string } {
  const found = readRecord(join(directory, 'run.json'), runFormat, damagedRunFile);
  return { name: basename(resolve(directory)), ...found };
}

/**
 * Reads `metrics.jsonl` in order of steps; an absent file is an empty list. Throws a SpadeworkError where a line is damaged.
 *
 * A last line without an end is passed over: a run killed while writing leaves half a line. A step that was repeated after a
 * resumption counts once, with its latest record.
 */
export function readMetrics(directory: string): MetricRecord[] {
  const file = join(directory, 'metrics.jsonl');
  return whileReading(file, damagedMetrics, () => {
    const lines = (readText(file, largestText) ?? '').split('\n').slice(0, -1);
    const records = lines.map((line, index) => parseMetric(line, index + 1));
    return [...new Map(records.map((record) => [record.step, record])).values()].sort(
      (a, b) => a.step - b.step,
    );
  });
}

function parseMetric(line: string, number: number): MetricRecord {
  try {
    return metricFormat.parse(line);
  } catch (error) {
    throw error instanceof DamagedRecord ? new DamagedRecord(`line ${number}: ${error.message}`) : error;
  }
}

/** Reads the source text of a run's spec; `undefined` where the run started from JSON. */
export function readSource(directory: string): string | undefined {
  const file = join(directory, 'source.spade');
  return whileReading(file, damagedRunFile, () => readText(file));
}

/** Lists a run's sample pictures; steps that were cut short (fewer maps than others) are left out. */
export function readSamples(directory: string): Samples {
  const entries = new Set(listFolder(join(directory, 'samples'), uselessSamples));
  const frames: SampleFrame[] = [];
  for (const entry of entries) {
    const step = stepOf(entry);
    if (step === undefined) continue;
    const files = listFolder(join(directory, 'samples', entry), uselessSamples);
    const find = (kind: string): ReadonlyMap<number, string> =>
      new Map(
        files.flatMap((file) => {
          const map = new RegExp(`^${kind}-(\\d+)\\.png$`).exec(file)?.[1];
          return map === undefined ? [] : [[Number(map), `samples/${entry}/${file}`] as const];
        }),
      );
    frames.push({
      step,
      label: find('label'),
      painted: find('painted'),
      photo: find('photo'),
      grid: entries.has(`${entry}.png`) ? `samples/${entry}.png` : undefined,
    });
  }
  const fullest = frames.reduce<SampleFrame['painted']>(
    (best, { painted }) => (painted.size > best.size ? painted : best),
    new Map(),
  );
  const maps = [...fullest.keys()].sort((a, b) => a - b);
  return {
    frames: frames
      .filter(({ painted }) => maps.length > 0 && maps.every((map) => painted.has(map)))
      .sort((a, b) => a.step - b.step),
    maps,
  };
}
