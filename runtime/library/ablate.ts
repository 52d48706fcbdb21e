/** Trains all runs of an ablation and compares them, as `spadework ablate` does. */
import { dirname, join } from 'node:path';
import { SpadeworkError } from '../../dsl/errors.ts';
import { ablate as ablateAll, type AblateResult } from '../ablate/ablate.ts';
import type { PoolOptions } from '../ablate/pool.ts';
import { localLauncher } from '../ablate/local.ts';
import type { PlanOptions } from '../ablate/plan.ts';
import { rayLauncher, type RayOptions } from '../ablate/ray.ts';
import { quoted } from '../base/shell.ts';
import type { EngineRequest } from '../engine/choose.ts';
import { visibleGpus } from '../engine/platform.ts';
import { boolean, byName, isPlainObject, pathArgument, text, type Checks } from '../model/checks.ts';
import { inLongCall } from '../model/messages.ts';
import { readOptions } from '../model/options.ts';
import type { AblationRecord } from '../run/ablation.ts';
import { checkAblationFile, isFolder } from '../run/spec-files.ts';
import { checksOf } from './options.ts';

/** What is ablated: the `.spade` file that declares it, the folder of one that was begun, or one that was checked. */
export type Ablatable = string | Pick<PlanOptions, 'ablation' | 'sources'>;

/** Hears how an ablation goes. */
export interface AblateObserver extends NonNullable<PoolOptions['observer']> {
  /** Is called with the plan before the first run, and with how many run at a time. */
  readonly planned?: (record: AblationRecord, parallel: number, folder: string) => void;
}

/** How an ablation is run. */
export interface AblateOptions extends Pick<PlanOptions, 'steps' | 'data' | 'batch' | 'seeds' | 'overwrite'> {
  /** The ablation, where the file declares several. */
  readonly ablation?: string | undefined;
  /** Changes by path: `G.norm=instance()`. */
  readonly set?: readonly string[] | undefined;
  /** The ablation's folder; without it `ablations/<name>`. */
  readonly out?: string | undefined;
  /** Runs at a time; without it one for each GPU, or 1, and 4 on Ray. */
  readonly parallel?: number | undefined;
  readonly engine?: EngineRequest | undefined;
  /** Evaluates each run after its training, with these words behind `spadework eval RUN`; they may be none. */
  readonly evaluation?: readonly string[] | undefined;
  /** Trains on a Ray cluster in place of this machine. */
  readonly ray?: RayOptions | undefined;
  /** Asks runs to stop after their step and save; jobs on Ray go on without us. */
  readonly signal?: AbortSignal | undefined;
  /** Ends runs at once. */
  readonly kill?: AbortSignal | undefined;
  readonly observer?: AblateObserver | undefined;
}

const ablateOptions: Checks<AblateOptions> = {
  ablation: text,
  set: checksOf.set,
  out: checksOf.path,
  parallel: checksOf.count,
  steps: checksOf.count,
  seeds: checksOf.count,
  data: checksOf.path,
  batch: checksOf.count,
  engine: checksOf.engine,
  evaluation: checksOf.set,
  ray: byName,
  signal: checksOf.signal,
  kill: checksOf.signal,
  observer: byName,
  overwrite: boolean,
};

const parallelOnRay = 4;

/**
 * Runs every run of an ablation in a process of its own, or what is left of them, and writes the page that compares them. Throws a SpadeworkError where it cannot be begun; a run that fails is
 * marked in the record.
 */
export function ablate(source: Ablatable, options: AblateOptions = {}): Promise<AblateResult> {
  return inLongCall('ablate', async () => {
    const read = readOptions(options, ablateOptions);
    const { engine = 'auto', evaluation, ray, observer = {} } = read;
    const { plan, folder } = placeOf(source, read);
    const gpus = engine === 'portable' ? [] : visibleGpus(process.env);
    const parallel = read.parallel ?? (ray ? parallelOnRay : Math.max(1, gpus.length));
    const never = new AbortController().signal;
    return ablateAll({
      plan,
      folder,
      parallel,
      launcher: ray ? await rayLauncher(ray) : localLauncher(gpus),
      training: ['--engine', engine],
      ...(evaluation && { evaluation: [...engineFor(evaluation, engine), ...evaluation] }),
      stopping: { gently: read.signal ?? never, atOnce: read.kill ?? never },
      command: `spadework compare ${quoted(folder)}`,
      planned: (record) => observer.planned?.(record, parallel, folder),
      observer,
    });
  });
}

/** Evaluations run on the engine of the trainings, unless their own words say another. */
function engineFor(words: readonly string[], engine: EngineRequest): string[] {
  return words.some((word) => /^--engine(=|$)/.test(word)) ? [] : ['--engine', engine];
}

/** Gives the folder of an ablation, and what is planned in it; an ablation that was begun has its plan there. */
function placeOf(
  source: Ablatable,
  { out, ablation: name, set, steps, data, batch, seeds, overwrite }: AblateOptions,
): { readonly plan: Omit<PlanOptions, 'folder'> | undefined; readonly folder: string } {
  if (typeof source === 'string' || !isPlainObject(source)) {
    const path = pathArgument('source', source, "a .spade file, or an ablation's folder");
    if (isFolder(path)) return { plan: undefined, folder: path };
    const checked = checkAblationFile(path, { name, set });
    if (!checked.ablation) throw new SpadeworkError('input', checked.diagnostics);
    return placeOf(
      { ablation: checked.ablation, sources: checked.sources },
      { out, steps, data, batch, seeds, overwrite },
    );
  }
  const base = dirname(source.sources[0]?.name ?? '.');
  return {
    plan: { ...source, base, steps, data, batch, seeds, overwrite },
    folder: out ?? join('ablations', source.ablation.name),
  };
}
