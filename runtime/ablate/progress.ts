/** Answers for how far a run is while another process trains it: by the end of the file that it records its steps in. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readText } from '../base/records.ts';
import type { MetricRecord } from '../run/records.ts';
import { layoutOf, type FullRunRecord } from '../run/folder.ts';

export interface RunProgress {
  readonly step: number;
  readonly planned: number;
  readonly secondsPerStep: number;
}

/** More than the longest record has. */
const tailBytes = 8192;

/** Reads how far a run is; undefined where it has not done a step. */
export function progressOf(folder: string): RunProgress | undefined {
  const { metrics, run } = layoutOf(folder);
  try {
    const { stepsPlanned } = JSON.parse(readText(run) ?? '') as FullRunRecord;
    // The last line may be half written.
    for (const line of tailOf(metrics).split('\n').slice(0, -1).reverse()) {
      const { step, seconds } = JSON.parse(line) as MetricRecord;
      return { step, planned: stepsPlanned, secondsPerStep: seconds / step };
    }
  } catch {
    // Files that are being written anew are not there, or not whole, for a moment.
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
