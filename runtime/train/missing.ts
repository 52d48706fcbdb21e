/** Answers for what a run lacks that was killed, or that somebody deleted parts of: whether its folder is as it should be. */
import { uselessEvents, damagedRunFile } from '../run/messages.ts';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { listFolder } from '../base/records.ts';
import { readBest, stepName, type RunState } from '../run/checkpoint.ts';
import { unfinishedFile, type FullRunRecord, type RunLayout } from '../run/folder.ts';

/** Tells whether all pictures of a step's samples are there; a run that shows nothing has none. */
export function hasPictures(
  { samples }: RunLayout,
  sampled: FullRunRecord['sampled'],
  step: number,
): boolean {
  if (sampled?.step !== step) return false;
  if (sampled.pictures === 0) return true;
  const folder = join(samples, stepName(step));
  return (
    existsSync(`${folder}.png`) &&
    listFolder(folder, damagedRunFile).filter(isPicture).length >= sampled.pictures
  );
}

const isPicture = (name: string): boolean => name.endsWith('.png');

/** Tells whether there is anything for TensorBoard. */
export function hasEvents({ events }: RunLayout): boolean {
  return listFolder(events, uselessEvents).length > 0;
}

/** Tells whether a run is finished and nothing of it is missing, so that neither its data nor an engine is needed. */
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

/** Deletes what a killed process had not finished writing. */
export function removeUnfinished({ folder, checkpoints, samples, evaluations }: RunLayout): void {
  const pictures = listFolder(samples, damagedRunFile)
    .filter((name) => !isPicture(name))
    .map((name) => join(samples, name));
  for (const place of [folder, checkpoints, samples, ...pictures, evaluations])
    for (const name of listFolder(place, damagedRunFile))
      if (unfinishedFile.test(name)) rmSync(join(place, name), { recursive: true, force: true });
}
