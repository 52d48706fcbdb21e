/** Finds what is missing in a run's folder after a crash or a deletion, and removes unfinished files. */
import {
  bestGone,
  damagedRunFile,
  recordsGone,
  sourceGone,
  uselessEvents,
  uselessSamples,
} from '../run/messages.ts';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readEnd, readStart } from '../base/files.ts';
import { listFolder } from '../base/records.ts';
import { listSteps, readBest, stepName, type RunState } from '../run/checkpoint.ts';
import { readMetrics } from '../run/records.ts';
import { isEventFile } from './events.ts';
import { unfinishedFile, type FullRunRecord, type RunLayout } from '../run/folder.ts';

/** Tells whether all preview pictures of a step exist and are complete; a run without previews has none. */
export function hasPictures(
  { samples }: RunLayout,
  sampled: FullRunRecord['sampled'],
  step: number,
): boolean {
  if (sampled?.step !== step) return false;
  if (sampled.pictures === 0) return true;
  const folder = join(samples, stepName(step));
  const pictures = listFolder(folder, uselessSamples).filter(isPicture);
  return (
    isWholePicture(`${folder}.png`) &&
    pictures.filter((name) => isWholePicture(join(folder, name))).length >= sampled.pictures
  );
}

/** Tells whether a file begins and ends like a PNG. */
function isWholePicture(file: string): boolean {
  return (
    readStart(file, 8)?.toString('latin1') === '\x89PNG\r\n\x1a\n' &&
    readEnd(file, 8)?.toString('latin1', 0, 4) === 'IEND'
  );
}

const isPicture = (name: string): boolean => name.endsWith('.png');

/** Tells whether the run has an event file for TensorBoard. */
export function hasEvents({ events }: RunLayout): boolean {
  return listFolder(events, uselessEvents).some((name) => isEventFile(join(events, name)));
}

/** Lists what a run lacks that cannot be made again. Lost records are listed by `lostRecords`. */
export function lostOf({ source, checkpoints }: RunLayout, { best }: FullRunRecord): string[] {
  const isBestThere = best === undefined || listSteps(checkpoints).includes(best.step);
  return [
    ...(existsSync(source) ? [] : [sourceGone(source)]),
    ...(isBestThere ? [] : [bestGone(join(checkpoints, stepName(best.step)))]),
  ];
}

/** Reports how many records of a run's steps are lost. */
export function lostRecords({ folder }: RunLayout, steps: number): string[] {
  const lost = steps - readMetrics(folder).filter(({ step }) => step <= steps).length;
  return lost > 0 ? [recordsGone(lost)] : [];
}

/** Tells whether a run is finished and complete, so that neither its data nor an engine is needed. */
export function isComplete(layout: RunLayout, record: FullRunRecord, { step }: RunState): boolean {
  const { status, steps, stepsPlanned, best, sampled } = record;
  return (
    status === 'finished' &&
    steps === step &&
    stepsPlanned === step &&
    existsSync(layout.metrics) &&
    hasEvents(layout) &&
    hasPictures(layout, sampled, step) &&
    readBest(layout.checkpoints) === best?.step
  );
}

/** Deletes the unfinished files of a killed process. */
export function removeUnfinished({ folder, checkpoints, samples, evaluations }: RunLayout): void {
  const pictures = listFolder(samples, uselessSamples)
    .filter((name) => !isPicture(name))
    .map((name) => join(samples, name));
  const kept = [folder, checkpoints, evaluations].map((place) => [place, damagedRunFile] as const);
  const painted = [samples, ...pictures].map((place) => [place, uselessSamples] as const);
  for (const [place, damaged] of [...kept, ...painted])
    for (const name of listFolder(place, damaged))
      if (unfinishedFile.test(name)) rmSync(join(place, name), { recursive: true, force: true });
}
