/** Finds the stage of a run from its folder: not started, resumable or finished. */
import { existsSync } from 'node:fs';
import { hasCheckpoint } from './checkpoint.ts';
import { layoutOf, readRunFolder } from './folder.ts';

/** `none`: there is no checkpoint; `begun`: the run can be resumed. */
export type RunStage = 'none' | 'begun' | 'finished';

/** Gives the stage of a run. Throws a SpadeworkError if its files are damaged. */
export function stageOfRun(folder: string): RunStage {
  const { spec, run, checkpoints } = layoutOf(folder);
  if (!existsSync(spec) || !existsSync(run)) return 'none';
  if (readRunFolder(folder).record.status === 'finished') return 'finished';
  return hasCheckpoint(checkpoints) ? 'begun' : 'none';
}
