/**
 * Defines and reads the record of an evaluation in a run's folder, `eval/<protocol id>.json`: metrics and their
 * protocol.
 */
import type { ShortCounts } from '../../compiler/metrics/class-counts.ts';
import { DamagedRecord, readText, RecordFormat, whileReading } from '../base/records.ts';
import { evaluationSchema } from '../base/schemas.ts';
import { damagedEvaluation } from './messages.ts';

export const evalFormat = 'spadework-eval/1';

/** A network of a metric. */
export interface JudgeRecord {
  /** The name in the metric's name: `unet`, `mobilenet_v1_075`. */
  readonly name: string;
  /** The digest of its spec and weights. */
  readonly sha256: string;
}

/** Everything beside the run that a number depends on. Numbers of different protocols are never in one table. */
export interface Protocol {
  /** The version of the metrics' code, increased when the meaning of a metric changes. */
  readonly version: number;
  /** Digest of the held-out label maps and photographs: names and bytes. */
  readonly imageSet: string;
  readonly maps: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly resizeFilter: string;
  readonly classes: number;
  /** The void classes, in order. */
  readonly voidIds: readonly number[];
  readonly judges: Readonly<Partial<Record<'segmenter' | 'features' | 'perceptual', JudgeRecord>>>;
  /** Pictures generated per map, each with its own code, for the diversity of styles. */
  readonly styles: number;
  readonly seed: number;
}

export interface Metric {
  /** The name of its entry, with the network: `mIoU (unet)`. Names are stable, as tables join on them. */
  readonly name: string;
  readonly value: number;
  readonly better: 'higher' | 'lower';
  /** Standard deviation of an estimate over random subsets of the pictures, if it is an estimate. */
  readonly deviation?: number;
  /** The value of the real photographs, where it is meaningful: the score of a segmenter on them. */
  readonly ceiling?: number;
  /** One value per map, in the order of `maps`, if the metric has any; null for maps without a value. */
  readonly perMap?: readonly (number | null)[];
  /** The name of the score, if it is computed from the pixel counts of all maps: `counts` allow scoring subsets. */
  readonly score?: string;
  /** One value per class, by id; null for classes that do not occur. */
  readonly perClass?: readonly (number | null)[];
}

export interface EvalRecord {
  readonly format: typeof evalFormat;
  /** ISO 8601. */
  readonly created: string;
  /** The step of the evaluated checkpoint. */
  readonly step: number;
  readonly protocol: Protocol;
  /** Short digest of the protocol; the file's name. */
  readonly protocolId: string;
  /** Names of the maps, in order. */
  readonly maps: readonly string[];
  readonly metrics: readonly Metric[];
  /** Folder of the generated pictures below the run's, with a file `<map>.png` each. */
  readonly pictures: string;
  /** Pixels per class of each map, as the segmenter finds them; absent without a segmenter, and in old records. */
  readonly counts?: readonly ShortCounts[];
}

const recordFormat = new RecordFormat<EvalRecord>(evaluationSchema(evalFormat));

/** Reads an evaluation; undefined if there is none. Throws a SpadeworkError if it is damaged. */
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

/** Requires a list with one value per map. */
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

/** Renders a record as readable JSON: the counts use one line per map. */
export function evaluationText({ counts, ...record }: EvalRecord): string {
  const text = JSON.stringify(record, undefined, 2);
  if (!counts) return text;
  const lines = counts.map((ofMap) => `    ${JSON.stringify(ofMap)}`);
  return `${text.slice(0, -'\n}'.length)},\n  "counts": [\n${lines.join(',\n')}\n  ]\n}`;
}
