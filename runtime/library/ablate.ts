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

/** What is ablated: the `.spade` file that declares the ablation, the folder of a started one, or a checked one. */
export type Ablatable = string | Pick<PlanOptions, 'ablation' | 'sources'>;

/** Is told how an ablation proceeds. */
export interface AblateObserver extends NonNullable<PoolOptions['observer']> {
  /** Is called before the first run with the plan and the number of parallel runs. */
  readonly planned?: (record: AblationRecord, parallel: number, folder: string) => void;
}

/** How an ablation is run. */
export interface AblateOptions extends Pick<PlanOptions, 'steps' | 'data' | 'batch' | 'seeds' | 'overwrite'> {
  /** The name of the ablation, if the file declares several. */
  readonly ablation?: string | undefined;
  /** Changes by path: `G.norm=instance()`. */
  readonly set?: readonly string[] | undefined;
  /** The ablation's folder; default `ablations/<name>`. */
  readonly out?: string | undefined;
  /** The number of parallel runs; default: one for each GPU, or 1, and 4 on Ray. */
  readonly parallel?: number | undefined;
  readonly engine?: EngineRequest | undefined;
  /** Evaluates each run after its training, with these arguments after `spadework eval RUN`; the list may be empty. */
  readonly evaluation?: readonly string[] | undefined;
  /** Trains on a Ray cluster instead of this machine. */
  readonly ray?: RayOptions | undefined;
  /** Stops runs after their step, saved; jobs on Ray run on. */
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
  observer: checksOf.observer,
  overwrite: boolean,
};

const parallelOnRay = 4;

/**
 * Runs every run of an ablation in its own process, or those that are left, and writes the page that compares them.
 * Throws a SpadeworkError if the ablation cannot begin; a run that fails is marked in the record.
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

/** Evaluations use the engine of the trainings, unless their arguments name another. */
function engineFor(words: readonly string[], engine: EngineRequest): string[] {
  return words.some((word) => /^--engine(=|$)/.test(word)) ? [] : ['--engine', engine];
}

/** Gives the folder of an ablation: `out`, or the one that its name gives. */
export const folderOfAblation = (
  { ablation }: Exclude<Ablatable, string>,
  out = join('ablations', ablation.name),
): string => out;

/** Gives the folder of an ablation and what is planned in it; for a started ablation, the folder holds the plan. */
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
    folder: folderOfAblation(source, out),
  };
}
