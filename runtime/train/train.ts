/**
 * Starts and resumes trainings: opens the data, compiles the spec and opens a session. A step is a pure function of
 * (variables, seed, step), so a run resumed from a checkpoint ends with the same bits as an uninterrupted one.
 */
import { renderDiagnostic } from '../../dsl/diagnostic.ts';
import { dirname } from 'node:path';
import { memoryOfStep, type StepMemory } from '../../compiler/explain/explain.ts';
import { compile } from '../../compiler/index.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { frozenNetworks } from '../../compiler/format/queries.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { partsOfStep } from '../../compiler/build/step.ts';
import { choiceOf, chosenKeys } from '../../compiler/passes/deduplicate-patches/choose.ts';
import type { Source } from '../../dsl/source.ts';
import { checkDatasets, type Dataset } from '../data/dataset.ts';
import { chooseEngine } from '../engine/choose.ts';
import { writeRunPage } from '../run/page.ts';
import { loadWholeCheckpoint } from '../run/checkpoint.ts';
import { openTestData, openTrainingData } from '../run/data.ts';
import { openSession } from '../session/open.ts';
import { announceNeeds, requireMemory, type Estimated } from './estimate.ts';
import { readEvaluated } from './evaluate.ts';
import {
  checkRunPlace,
  clearRun,
  makeRunFolder,
  readRunFolder,
  writeSpec,
  type FullRunRecord,
  type RunLayout,
} from '../run/folder.ts';
import { whileWritingAsync } from '../base/files.ts';
import { whileLocked } from '../run/lock.ts';
import { nothingMissing, samplesFromTraining } from '../run/messages.ts';
import { isComplete, lostOf, lostRecords, removeUnfinished } from './missing.ts';
import { Run, type CommonOptions, type RunData, type RunResult, type Started } from './run.ts';
import { overrideSpec, type SpecOverrides, type TrainableSpec } from '../run/settings.ts';
import { readSources, writeSources } from '../run/sources.ts';
import { tablesFor } from './tables.ts';
import { keepFrozenWeights, loadWeights, readFrozenWeights } from '../run/weights.ts';
import { cpu } from '../../compiler/lower/targets.ts';

export interface TrainOptions extends CommonOptions, SpecOverrides {
  /** Computes pixel by pixel, without patch tables. */
  readonly dense?: boolean | undefined;
  readonly spec: Spec;
  /** The texts of the spec, its own first. */
  readonly sources: readonly Source[];
  /** The folder that paths in the spec are relative to; default: that of the first source. */
  readonly base?: string | undefined;
  /** The run's folder; default: a new one below `runs/`. */
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** The command line that repeats the run. */
  readonly command: string;
}

export interface ResumeOptions extends CommonOptions, Pick<SpecOverrides, 'steps' | 'data'> {
  readonly folder: string;
}

const sampleCount = 6;

/**
 * Trains an experiment from the start. Throws a SpadeworkError for unusable data before the first step, for an
 * unavailable engine, and for anything that ends a run.
 */
export async function train(options: TrainOptions): Promise<RunResult> {
  const file = options.sources[0]?.name ?? '.';
  const spec = overrideSpec(options.spec, options.base ?? dirname(file), options);
  checkRunPlace(options);
  requireMemory(spec);
  const weights = await loadWeights(spec, logOf(options));
  return withData(spec, options, async (data) => {
    const levels = options.dense ? [] : await tablesFor(spec, data.training);
    const tables = chosenKeys(levels);
    // An old run is deleted last, when only the disk can keep the new one from starting.
    return withSession(spec, options.sources, tables, options, async (started) => {
      const memory = memoryOfStep(spec, started.session.program, levels, cpu);
      await announceNeeds(estimatedBy(spec, started, memory), options.out ?? 'runs', logOf(options));
      const layout = makeRunFolder(spec.name, options);
      return whileLocked(layout.folder, async () => {
        await beginRun(layout, spec, options);
        await whileWritingAsync(layout.folder, () => keepFrozenWeights(layout, spec, weights));
        const created = new Date().toISOString();
        const facts = { ...options, file, created, tables, sources: options.sources };
        return new Run(spec, layout, data, facts, started).go(weights, undefined);
      });
    });
  });
}

/** Makes a run's folder, under its lock; deletes what an old run left. */
export async function beginRun(
  layout: RunLayout,
  spec: Spec,
  options: Pick<TrainOptions, 'sources' | 'overwrite'>,
): Promise<void> {
  // Another process may have trained here since the folder was checked.
  checkRunPlace({ ...options, out: layout.folder });
  clearRun(layout);
  removeUnfinished(layout);
  await whileWritingAsync(layout.folder, async () => {
    // Written first, since it marks the folder as a run's.
    await writeSpec(layout, spec);
    await writeSources(layout, options.sources);
  });
}

/**
 * Resumes a run from its last checkpoint, with bits equal to those of an uninterrupted run, and makes whatever is
 * missing. Throws as `train` does.
 */
export async function resume(options: ResumeOptions): Promise<RunResult> {
  const { layout, spec: stored, record } = readRunFolder(options.folder);
  const spec = overrideSpec(stored, options.folder, { steps: options.steps, data: options.data });
  requireMemory(spec);
  return whileLocked(layout.folder, async () => {
    removeUnfinished(layout);
    const checkpoint = await loadWholeCheckpoint(layout.checkpoints, options.folder, logOf(options));
    const lost = lostOf(layout, record);
    for (const one of lost) logOf(options)(one);
    const isMoved = options.data !== undefined;
    const isLonger = options.steps !== undefined && options.steps !== record.stepsPlanned;
    if (checkpoint && !isMoved && !isLonger && isComplete(layout, record, checkpoint.state))
      return alreadyComplete(layout, record, options, lost.length === 0);
    const frozen = await readFrozenWeights(layout, spec);
    const weights = checkpoint ? frozen : new Map([...(await loadWeights(spec)), ...frozen]);
    const sources = readSources(layout, spec);
    return withData(spec, options, (data) =>
      withSession(spec, sources, record.tables ?? [], options, async (started) => {
        await announceNeeds(estimatedBy(spec, started, undefined), layout.folder, logOf(options));
        const { file, created, command, tables } = record;
        const facts = { ...options, file, created, command, tables, sources, before: record };
        return new Run(spec, layout, data, facts, started).go(weights, checkpoint);
      }),
    );
  });
}

/** Reports that nothing is left to do, and updates the page, which may be older than the record. */
async function alreadyComplete(
  layout: RunLayout,
  { steps, stepsPlanned, secondsPerStep, memory }: FullRunRecord,
  options: CommonOptions,
  isWhole: boolean,
): Promise<RunResult> {
  const page = await whileWritingAsync(layout.folder, () => writeRunPage(layout.folder), { isRun: true });
  const gone = lostRecords(layout, steps);
  for (const one of gone) logOf(options)(one);
  logOf(options)(nothingMissing(steps, isWhole && gone.length === 0));
  const { folder } = layout;
  return { folder, page, status: 'finished', steps, stepsPlanned, stepsNow: 0, secondsPerStep, memory };
}

/** Opens and checks the data, and closes it after the work. */
async function withData(
  spec: TrainableSpec,
  { observer }: CommonOptions,
  work: (data: RunData) => Promise<RunResult>,
): Promise<RunResult> {
  const training = await openTrainingData(spec.data);
  let test: Dataset | undefined;
  try {
    test = await openTestData(spec.data);
    for (const warning of await checkDatasets([training, ...(test ? [test] : [])]))
      observer?.log?.(renderDiagnostic(warning, { color: false }));
    const shown = test ?? training;
    const samples = await Promise.all(shown.pairs.slice(0, sampleCount).map((_, index) => shown.read(index)));
    if (!test) observer?.log?.(samplesFromTraining(samples.length));
    const isMeasured = spec.train.evaluate_every !== undefined;
    const evaluated = test && isMeasured ? await readEvaluated(test) : [];
    return await work({ training, samples, evaluated, heldOut: test !== undefined });
  } finally {
    await Promise.all([training.close(), test?.close()]);
  }
}

/** Opens a session on the requested engine, and frees its variables after the work. */
async function withSession(
  spec: TrainableSpec,
  sources: readonly Source[],
  tables: readonly string[],
  options: CommonOptions,
  work: (started: Started) => Promise<RunResult>,
): Promise<RunResult> {
  const engine = await chooseEngine(options.engine ?? 'auto', logOf(options));
  const batch = spec.data.batch / partsOfStep(spec);
  const program: Program = compile(spec, {
    target: cpu,
    batch,
    sources,
    tables: choiceOf(tables),
    measureGradients: true,
  });
  const session = await openSession(engine, program);
  try {
    return await work({ engine, session });
  } finally {
    await session.dispose();
  }
}

function logOf({ observer }: CommonOptions): (line: string) => void {
  return observer?.log ?? (() => undefined);
}

function estimatedBy(
  spec: TrainableSpec,
  { engine, session }: Started,
  memory: StepMemory | undefined,
): Estimated {
  const isOnGpu = engine.kind === 'native' && engine.device === 'gpu';
  return {
    program: session.program,
    frozen: frozenNetworks(spec),
    keepsBest: spec.train.evaluate_every !== undefined,
    memory,
    isOnGpu,
  };
}
