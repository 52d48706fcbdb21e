/** Answers for how far the run of a folder is, by what the folder holds: for whoever starts it, or goes on with it. */
import { existsSync } from 'node:fs';
import { hasCheckpoint } from './checkpoint.ts';
import { layoutOf, readRunFolder } from './folder.ts';

/** `none`: nothing to go on from; `begun`: it can be resumed. */
export type RunStage = 'none' | 'begun' | 'finished';

/** Tells how far a run is. Throws a SpadeworkError where its files are damaged. */
export function stageOfRun(folder: string): RunStage {
  const { spec, run, checkpoints } = layoutOf(folder);
  if (!existsSync(spec) || !existsSync(run)) return 'none';
  if (readRunFolder(folder).record.status === 'finished') return 'finished';
  return hasCheckpoint(checkpoints) ? 'begun' : 'none';
}
