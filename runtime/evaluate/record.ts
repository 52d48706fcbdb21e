/** What an evaluation leaves in a run's folder, `eval/<protocol id>.json`: metrics, and the protocol they hold under. */
import type { ShortCounts } from '../../compiler/metrics/class-counts.ts';
import { DamagedRecord, readText, RecordFormat, whileReading } from '../base/records.ts';
import { evaluationSchema } from '../base/schemas.ts';
import { damagedEvaluation } from './messages.ts';

export const evalFormat = 'spadework-eval/1';

/** A network that a metric looks through. */
export interface JudgeRecord {
  /** As it is part of the metric's name: `unet`, `mobilenet_v1_075`. */
  readonly name: string;
  /** Of its spec and weights. */
  readonly sha256: string;
}

/** Everything that a number depends on beside the run. Numbers of different protocols are never put in one table. */
export interface Protocol {
  /** Of the metrics' code: counted up when the meaning of a metric changes. */
  readonly version: number;
  /** Digest of the held-out label maps and photographs: names and bytes. */
  readonly imageSet: string;
  readonly maps: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly resizeFilter: string;
  readonly classes: number;
  /** The classes that count nowhere, in order. */
  readonly voidIds: readonly number[];
  readonly judges: Readonly<Partial<Record<'segmenter' | 'features' | 'perceptual', JudgeRecord>>>;
  /** Pictures painted for each map, each with a code of its own, for the diversity of styles. */
  readonly styles: number;
  readonly seed: number;
}

export interface Metric {
  /** That of its entry, with the network that it looks through: `mIoU (unet)`. Names are stable: tables join on them. */
  readonly name: string;
  readonly value: number;
  readonly better: 'higher' | 'lower';
  /** Standard deviation of an estimate over random parts of the pictures, where it is one. */
  readonly deviation?: number;
  /** What the real photographs reach, where that says something: the score of a segmenter on them. */
  readonly ceiling?: number;
  /** One value for each map, in the order of `maps`, where the metric has any; null where a map has none. */
  readonly perMap?: readonly (number | null)[];
  /** Which score of the pixels of all maps it is, where it is one: those of other maps can be told from `counts`. */
  readonly score?: string;
  /** One value for each class, by id; null for classes that do not occur. */
  readonly perClass?: readonly (number | null)[];
}

export interface EvalRecord {
  readonly format: typeof evalFormat;
  /** ISO 8601. */
  readonly created: string;
  /** Steps of the checkpoint that was evaluated. */
  readonly step: number;
  readonly protocol: Protocol;
  /** Digest of the protocol, in short; names the file. */
  readonly protocolId: string;
  /** Names of the maps, in order. */
  readonly maps: readonly string[];
  readonly metrics: readonly Metric[];
  /** Folder of the painted pictures below the run's, `<map>.png` each. */
  readonly pictures: string;
  /** Pixels of each map by class as the segmenter finds them; absent without one, and in records of before they were kept. */
  readonly counts?: readonly ShortCounts[];
}

const recordFormat = new RecordFormat<EvalRecord>(evaluationSchema(evalFormat));

/** Reads an evaluation; undefined where there is none. Throws a SpadeworkError where it is damaged. */
export function readEvaluation(file: string): EvalRecord | undefined {
  return whileReading(file, damagedEvaluation, () => {
    const text = readText(file);
    const record = text === undefined ? undefined : recordFormat.parse(text);
    for (const { name, perMap } of record?.metrics ?? [])
      requireEach(`perMap of ${name}`, perMap, record?.maps);
    requireEach('counts', record?.counts, record?.maps);
    return record;
  });
}

/** Requires a list to have a value for each map. */
function requireEach(
  what: string,
  list: readonly unknown[] | undefined,
  maps: readonly unknown[] = [],
): void {
  if (list && list.length !== maps.length)
    throw new DamagedRecord(
      `${what} has ${list.length} values, expected one for each of ${maps.length} maps`,
    );
}

/** Writes a record as JSON to read: the counts take a line for each map. */
export function evaluationText({ counts, ...record }: EvalRecord): string {
  const text = JSON.stringify(record, undefined, 2);
  if (!counts) return text;
  const lines = counts.map((ofMap) => `    ${JSON.stringify(ofMap)}`);
  return `${text.slice(0, -'\n}'.length)},\n  "counts": [\n${lines.join(',\n')}\n  ]\n}`;
}
