/** Reads the progress of a run that another process trains, from the end of its metrics file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readText } from '../base/records.ts';
import type { MetricRecord } from '../run/records.ts';
import { layoutOf, type FullRunRecord } from '../run/folder.ts';

export interface RunProgress {
  readonly step: number;
  readonly planned: number;
  readonly secondsPerStep: number;
}

/** More bytes than the longest record. */
const tailBytes = 8192;

/** Reads the progress of a run; undefined before its first step. */
export function progressOf(folder: string): RunProgress | undefined {
  const { metrics, run } = layoutOf(folder);
  try {
    const { stepsPlanned } = JSON.parse(readText(run) ?? '') as FullRunRecord;
    // The last line may be incomplete.
    for (const line of tailOf(metrics).split('\n').slice(0, -1).reverse()) {
      const { step, seconds } = JSON.parse(line) as MetricRecord;
      return { step, planned: stepsPlanned, secondsPerStep: seconds / step };
    }
  } catch {
    // A file that is being replaced may be missing or incomplete for a moment.
  }
  return undefined;
}

function tailOf(file: string): string {
  const opened = openSync(file, 'r');
  try {
    const { size } = fstatSync(opened);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    readSync(opened, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(opened);
  }
}
