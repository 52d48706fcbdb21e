/** Runs an ablation: plans its runs, runs them, and writes the page that compares them. */
import { compare } from '../compare/compare.ts';
import { whileWriting } from '../base/files.ts';
import { whileLocked } from '../run/lock.ts';
import type { Launcher } from './launcher.ts';
import { noAblation } from './messages.ts';
import { planRuns, type PlanOptions } from './plan.ts';
import { runPool, type PoolOptions } from './pool.ts';
import { ablationLayout, readAblation, type AblationRecord } from '../run/ablation.ts';
import { makeFolder } from '../base/make-folder.ts';

export interface AblateOptions extends Pick<
  PoolOptions,
  'folder' | 'parallel' | 'training' | 'evaluation' | 'stopping' | 'observer'
> {
  /** The ablation to run; without it, the plan that an earlier call left in the folder. */
  readonly plan?: Omit<PlanOptions, 'folder'> | undefined;
  readonly launcher: Launcher;
  /** Is called with the plan before the first run. */
  readonly planned?: (record: AblationRecord) => void;
  /** The command line that compares the runs again. */
  readonly command: string;
}

export interface AblateResult {
  readonly record: AblationRecord;
  /** The page that compares the runs; undefined if none has begun. */
  readonly page: string | undefined;
  readonly verdict: readonly string[];
}

/**
 * Runs an ablation, or the rest of it. Throws a SpadeworkError if it cannot begin; a run that fails is marked as
 * failed.
 */
export async function ablate(options: AblateOptions): Promise<AblateResult> {
  const { folder, plan, command } = options;
  if (!plan && !readAblation(folder)) throw noAblation(folder);
  whileWriting(folder, () => makeFolder(folder));
  return whileLocked(folder, async () => {
    const planned = plan ? await planRuns({ ...plan, folder }) : readAblation(folder);
    if (!planned) throw noAblation(folder);
    options.planned?.(planned);
    const record = await runPool({ ...options, record: planned });
    if (!record.runs.some(({ state }) => state === 'done')) return { record, page: undefined, verdict: [] };
    const out = ablationLayout(folder).comparison;
    return { record, ...(await compare({ folders: [folder], out, isOurs: true, command })) };
  });
}
