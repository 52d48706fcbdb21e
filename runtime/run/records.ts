/** Defines and reads the files of a run's folder: record, metrics, sample pictures, source. */
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

/** The run's `run.json`. */
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
  /** Number of parameters (scalars) of each network. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The networks whose parameters came from a file and are not trained; absent if there are none. */
  readonly frozen?: readonly string[];
  readonly data: {
    readonly pairs: number;
    readonly size: { readonly width: number; readonly height: number };
    readonly classes: readonly ClassInfo[];
    /** Whether samples are made of held-out maps; absent means true. */
    readonly heldOut?: boolean;
  };
  readonly seed: number;
  /** The kind of its samples; absent for a generator. */
  readonly task?: Task;
  /** The patch levels that the run computes in tables; absent if there are none. */
  readonly tables?: readonly string[];
  /** The step of the best checkpoint, and the metric that selects it; absent if nothing was measured. */
  readonly best?: { readonly step: number; readonly metric: string };
  /** The last step with complete samples, and their number of pictures. */
  readonly sampled?: { readonly step: number; readonly pictures: number };
  /** The command line that started the run. */
  readonly command: string;
}

/** A line of `metrics.jsonl`. A value that is not finite is `null` in JSON. */
export interface MetricRecord {
  readonly step: number;
  readonly epoch: number;
  readonly seconds: number;
  /** Loss terms by network, then by name. */
  readonly losses: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** Learning rates by network. */
  readonly rate?: Readonly<Record<string, number>>;
  /** Euclidean norms of the gradients by network, before clipping. */
  readonly gradients?: Readonly<Record<string, number | null>>;
  /** Metrics on held-out pairs after this step, by name. */
  readonly evaluation?: Readonly<Record<string, number | null>>;
}

/** A run record of which any part may be missing. */
export type PartialRun = {
  readonly [K in keyof RunRecord]?: RunRecord[K] extends readonly unknown[] | string | number
    ? RunRecord[K]
    : Partial<RunRecord[K]>;
};

/** The sample pictures of a run. */
export interface Samples {
  /** Steps with pictures of every map, in order. */
  readonly frames: readonly SampleFrame[];
  /** Held-out maps, in order. */
  readonly maps: readonly number[];
}

/** One step's pictures; the paths are relative to the run's folder and use `/`. */
export interface SampleFrame {
  readonly step: number;
  readonly label: ReadonlyMap<number, string>;
  readonly painted: ReadonlyMap<number, string>;
  readonly photo: ReadonlyMap<number, string>;
  /** The same pictures as one grid, if it was written. */
  readonly grid: string | undefined;
}

const runFormat = new RecordFormat<PartialRun>(partialRunSchema);
const metricFormat = new RecordFormat<MetricRecord>(metricSchema);

/** Reads `run.json`; without one, gives only the folder's name. Throws a SpadeworkError if it is damaged. */
export function readRun(directory: string): PartialRun & { readonly name: string } {
  const found = readRecord(join(directory, 'run.json'), runFormat, damagedRunFile);
  return { name: basename(resolve(directory)), ...found };
}

/**
 * Reads `metrics.jsonl` in order of steps; a missing file gives an empty list. Throws a SpadeworkError if a line is
 * damaged.
 *
 * An unterminated last line is ignored: a killed run leaves it incomplete. For a step that was repeated after a
 * resumption, the latest record counts.
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

/** Reads the source text of a run's spec; undefined if the run started from JSON. */
export function readSource(directory: string): string | undefined {
  const file = join(directory, 'source.spade');
  return whileReading(file, damagedRunFile, () => readText(file));
}

/** Lists a run's sample pictures; incomplete steps (fewer maps than others) are left out. */
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
