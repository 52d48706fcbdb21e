/** Answers for `ablation.json`: what an ablation's folder holds, which runs are planned, and how far each of them is. */
import { join } from 'node:path';
import type { Ablation, PlannedRun } from '../../compiler/ablation/types.ts';
import { writeWhole } from '../base/files.ts';
import { readRecord, RecordFormat } from '../base/records.ts';
import { ablationSchema } from '../base/schemas.ts';
import { damagedAblation } from './messages.ts';

export const ablationFormat = 'spadework-ablation/1';

/** One planned run. Its folder tells how far its training is; this tells what the folder cannot. */
export interface RunEntry extends Omit<PlannedRun, 'spec'> {
  /** Of its spec's JSON text. */
  readonly sha256: string;
  readonly state: 'waiting' | 'training' | 'evaluating' | 'done' | 'failed';
  /** Jobs that were started for it, all in all. */
  readonly jobs: number;
  /** Jobs that failed since it last was begun by a user. */
  readonly failures: number;
  /** The options that its finished training was evaluated with. */
  readonly evaluated?: string;
  /** The last lines of a failed job. */
  readonly lines?: readonly string[];
}

export interface AblationRecord extends Omit<Ablation, 'runs'> {
  readonly format: typeof ablationFormat;
  /** ISO 8601. */
  readonly created: string;
  readonly runs: readonly RunEntry[];
}

/** Names the files and folders of an ablation; its runs are beside them, each by its name. */
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

/** Reads the record of an ablation's folder; undefined where there is none. Throws a SpadeworkError where it is damaged. */
export function readAblation(folder: string): AblationRecord | undefined {
  return readRecord(ablationLayout(folder).record, recordFormat, damagedAblation);
}

/** Writes the record, whole or not at all. */
export async function writeAblation(folder: string, record: AblationRecord): Promise<void> {
  await writeWhole(ablationLayout(folder).record, `${JSON.stringify(record, undefined, 2)}\n`);
}
