/** Answers for an ablation as a whole: its plan, its runs, and the page that compares them. */
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
  /** What is to be run; without it, what an earlier call planned in the folder. */
  readonly plan?: Omit<PlanOptions, 'folder'> | undefined;
  readonly launcher: Launcher;
  /** Is called with the plan before the first run. */
  readonly planned?: (record: AblationRecord) => void;
  /** The command line that compares again. */
  readonly command: string;
}

export interface AblateResult {
  readonly record: AblationRecord;
  /** The page that compares the runs; undefined where none has begun. */
  readonly page: string | undefined;
  readonly verdict: readonly string[];
}

/** Runs an ablation, or what is left of it. Throws a SpadeworkError where it cannot be begun; a run that fails is marked. */
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
