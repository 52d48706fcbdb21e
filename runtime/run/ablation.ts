/**
 * Defines, reads and writes `ablation.json`, the record of an ablation's folder: the planned runs, and the state of
 * each.
 */
import { join } from 'node:path';
import type { Ablation, PlannedRun } from '../../compiler/ablation/types.ts';
import { writeWhole } from '../base/files.ts';
import { readRecord, RecordFormat } from '../base/records.ts';
import { ablationSchema } from '../base/schemas.ts';
import { damagedAblation } from './messages.ts';

export const ablationFormat = 'spadework-ablation/1';

/** A planned run, with the part of its state that its folder does not show. */
export interface RunEntry extends Omit<PlannedRun, 'spec'> {
  /** The digest of its spec's JSON text. */
  readonly sha256: string;
  readonly state: 'waiting' | 'training' | 'evaluating' | 'done' | 'failed';
  /** The number of jobs started for it. */
  readonly jobs: number;
  /** The number of failed jobs since a user last started the ablation. */
  readonly failures: number;
  /** The evaluation options of its finished training. */
  readonly evaluated?: string;
  /** The last output lines of a failed job. */
  readonly lines?: readonly string[];
}

export interface AblationRecord extends Omit<Ablation, 'runs'> {
  readonly format: typeof ablationFormat;
  /** ISO 8601. */
  readonly created: string;
  readonly runs: readonly RunEntry[];
}

/** The files and folders of an ablation; its runs are beside them, each under its name. */
export interface AblationLayout {
  readonly folder: string;
  readonly record: string;
  /** Specs and logs of the runs: `<run>.json`, `<run>.log`. */
  readonly plan: string;
  /** The comparison's folder. */
  readonly comparison: string;
}

/** Gives the layout of an ablation in `folder`. */
export function ablationLayout(folder: string): AblationLayout {
  return {
    folder,
    record: join(folder, 'ablation.json'),
    plan: join(folder, 'plan'),
    comparison: join(folder, 'comparison'),
  };
}

const recordFormat = new RecordFormat<AblationRecord>(ablationSchema(ablationFormat));

/** Reads the record of an ablation's folder; undefined if there is none. Throws a SpadeworkError if it is damaged. */
export function readAblation(folder: string): AblationRecord | undefined {
  return readRecord(ablationLayout(folder).record, recordFormat, damagedAblation);
}

/** Writes the record atomically. */
export async function writeAblation(folder: string, record: AblationRecord): Promise<void> {
  await writeWhole(ablationLayout(folder).record, `${JSON.stringify(record, undefined, 2)}\n`);
}
