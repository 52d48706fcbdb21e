/** Runs one training to its end, from its first or a later step: steps, records, evaluations, previews, checkpoints. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { isInputError, must } from '../../dsl/errors.ts';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { rateAt, totalSteps } from '../../compiler/build/schedule.ts';
import { countParameters, frozenNetworks } from '../../compiler/format/queries.ts';
import { specFormat, type Spec } from '../../compiler/format/types.ts';
import { gradientLengthOf, partsOfStep } from '../../compiler/build/step.ts';
import type { Source } from '../../dsl/source.ts';
import type { Batch, Dataset, Loader, LoaderOptions, Sample } from '../data/dataset.ts';
import type { Engine, EngineRequest } from '../engine/choose.ts';
import { writePicture } from '../report/picture.ts';
import type { Picture } from '../report/pixels.ts';
import { writeRunPage } from '../run/page.ts';
import { writeWhole, whileWriting, whileWritingAsync, type Writing } from '../base/files.ts';
import { type MetricRecord, readMetrics } from '../run/records.ts';
import { areFinite, setInitialValues, type Session } from '../session/session.ts';
import { Board, fillBoard } from './tensorboard.ts';
import {
  listSteps,
  loadCheckpoint,
  markBest,
  NotFiniteVariable,
  pruneCheckpoints,
  readBest,
  restore,
  saveCheckpoint,
  stepName,
  type Checkpoint,
} from '../run/checkpoint.ts';
import { augmentationOf } from '../run/data.ts';
import { bestStep, makeEvaluator, type Evaluator } from './evaluate.ts';
import { findNotFinite } from './diagnose.ts';
import { whileComputing } from '../session/computing.ts';
import { describeLibrary } from '../session/open.ts';
import {
  isInPlace,
  requireInPlace,
  writeRecord,
  writeSpec,
  type FullRunRecord,
  type MemoryAtStep,
  type RunLayout,
  type RunMemory,
} from '../run/folder.ts';
import {
  learnsNothing,
  moreStepsDone,
  noCheckpoint,
  notFinite,
  onlyCompleting,
  recordsGone,
  lastCheckpointKept,
  savedBeforeFile,
  takes,
} from '../run/messages.ts';
import { hasEvents, hasPictures } from './missing.ts';
import { makeRow, writeRows } from '../synthesize/preview-grid.ts';
import { rhythmOf, type TrainableSpec } from '../run/settings.ts';
import { shownBy, type Shown } from './preview.ts';
import { StuckWatch } from './stuck.ts';
import { makeStepper, type Stepper, type StepperSettings } from './step.ts';
import { loadWeights, readFrozenWeights, type LoadedWeights } from '../run/weights.ts';

/** Is told how a run proceeds; everything is optional. */
export interface RunObserver {
  /** Gets a finished line about the present work. */
  readonly log?: (line: string) => void;
  /** Is called before the first step. */
  readonly started?: (run: {
    readonly folder: string;
    readonly first: number;
    readonly steps: number;
    readonly engine: string;
  }) => void;
  /** Is called after each step (counted from 1). */
  readonly stepped?: (record: MetricRecord) => void;
  /** Is called after previews and the page were written. */
  readonly painted?: (step: number) => void;
}

/** Options of both new and resumed runs. */
export interface CommonOptions {
  readonly engine?: EngineRequest | undefined;
  /** Asks to stop after the running step: the run is saved and can be resumed. */
  readonly signal?: AbortSignal | undefined;
  readonly observer?: RunObserver | undefined;
}

export interface RunResult {
  readonly folder: string;
  readonly page: string;
  readonly status: 'finished' | 'stopped';
  /** The number of steps done. */
  readonly steps: number;
  readonly stepsPlanned: number;
  /** The number of steps done by this call. */
  readonly stepsNow: number;
  readonly secondsPerStep: number;
  readonly memory: RunMemory | undefined;
}

/** The first step at which memory is measured: by then everything that is allocated once exists. */
const earlyStep = 10;
/**
 * The number of steps for the estimate of the remaining time; the first one, which includes the engine's preparation,
 * does not count.
 */
const timedSteps = 6;

/** The session of a run and what belongs to it. */
export interface Started {
  readonly engine: Engine;
  readonly session: Session;
}

/** The data of a run, opened and checked. */
export interface RunData {
  /** Held-out pairs for the evaluation, if the spec asks for it. */
  readonly evaluated: readonly Sample[];
  readonly training: Dataset;
  /** The samples for previews. */
  readonly samples: readonly Sample[];
  /** Whether they are held out from training. */
  readonly heldOut: boolean;
}

/** How a run came about. */
export interface RunFacts extends CommonOptions {
  readonly tables?: readonly string[] | undefined;
  readonly file: string;
  readonly created: string;
  readonly command: string;
  readonly sources: readonly Source[];
  /** The record of a resumed run; undefined in a new run. */
  readonly before?: FullRunRecord | undefined;
}

/** One training on one engine, from its first or a later step to its end. */
export class Run {
  private readonly steps: number;
  private readonly stepsPerEpoch: number;
  private readonly rhythm: ReturnType<typeof rhythmOf>;
  private readonly observer: RunObserver;
  private readonly engine: Engine;
  private readonly session: Session;
  private readonly settings: StepperSettings;
  private readonly stepper: Stepper;
  private readonly shown: Shown | undefined;
  private readonly evaluator: Evaluator | undefined;
  /** The records of steps with an evaluation. */
  private evaluated: readonly MetricRecord[] = [];
  private readonly frozen: ReadonlySet<string>;
  private memory: RunMemory | undefined;
  /** The last step with complete previews. */
  private sampled: FullRunRecord['sampled'];
  private saved: number | undefined;
  private secondsBefore = 0;
  /** The number of steps done. */
  private done = 0;

  constructor(
    private readonly spec: TrainableSpec,
    private readonly layout: RunLayout,
    private readonly data: RunData,
    private readonly facts: RunFacts,
    { engine, session }: Started,
  ) {
    this.engine = engine;
    this.session = session;
    this.frozen = frozenNetworks(spec);
    this.stepsPerEpoch = data.training.pairs.length / spec.data.batch;
    this.steps = totalSteps(spec.train, this.stepsPerEpoch);
    this.rhythm = rhythmOf(spec.train, this.steps);
    this.shown = shownBy(spec, session, { seed: this.rhythm.seed, classes: data.training.classes });
    this.observer = facts.observer ?? {};
    this.sampled = facts.before?.sampled;
    this.settings = { seed: this.rhythm.seed, stepsPerEpoch: this.stepsPerEpoch };
    this.stepper = makeStepper(this.session, spec, this.settings);
    this.evaluator = makeEvaluator({ spec, session, seed: this.rhythm.seed, samples: data.evaluated });
  }

  /** Trains to the end, or until the signal, from the loaded weights; from `checkpoint` if there is one. */
  async go(weights: LoadedWeights, checkpoint: Checkpoint | undefined): Promise<RunResult> {
    const { session, rhythm, layout } = this;
    const first = checkpoint?.state.step ?? 0;
    const isResumed = this.facts.before !== undefined;
    if (first > this.steps) throw moreStepsDone(layout.folder, first, this.steps);
    if (isResumed && !checkpoint) this.requireNothingSaved();
    if (checkpoint) await restore(session, checkpoint, weights);
    else await setInitialValues(session, rhythm.seed, weights);
    this.saved = checkpoint?.state.step;
    if (isResumed) await this.takeUp(first);
    this.secondsBefore = checkpoint?.state.seconds ?? 0;
    await this.record('running', first);
    if (isResumed && first === this.steps) this.observer.log?.(onlyCompleting(first));
    else
      this.observer.started?.({
        folder: layout.folder,
        first,
        steps: this.steps,
        engine: describeLibrary(this.engine),
      });

    this.done = first;
    try {
      await this.goOn();
      const { done } = this;
      this.measure(done);
      if (this.saved !== done) await this.save(done);
    } catch (error) {
      await this.recordFailure();
      throw error;
    }
    const { done } = this;
    const status = done === this.steps ? 'finished' : 'stopped';
    await this.record(status, done);
    const page = await this.page();
    return {
      folder: layout.folder,
      page,
      status,
      steps: done,
      stepsPlanned: this.steps,
      stepsNow: this.spent.steps,
      secondsPerStep: this.secondsPerStep(done),
      memory: this.memory,
    };
  }

  /** Requires that a run without a checkpoint ended before its first save: then it begins again. */
  private requireNothingSaved(): void {
    const { layout, rhythm, evaluator, steps } = this;
    const recorded = readMetrics(layout.folder).at(-1)?.step ?? 0;
    if (recorded > Math.min(rhythm.checkpointEvery, evaluator?.every ?? steps, steps))
      throw noCheckpoint(layout.folder);
  }

  /**
   * Brings the folder to the state of the step where the run resumes: the present spec, no records of steps that will
   * be repeated, and the mark of the best checkpoint. The run may have been killed between any two writes.
   */
  private async takeUp(first: number): Promise<void> {
    const { layout, spec } = this;
    const known = readMetrics(layout.folder).filter(({ step }) => step <= first);
    if (known.length < first) this.observer.log?.(recordsGone(first - known.length));
    const last = known.at(-1);
    const records =
      last?.step === first && !last.evaluation ? [...known.slice(0, -1), await this.evaluate(last)] : known;
    this.evaluated = records.filter(({ evaluation }) => evaluation);
    await this.writing(async () => {
      await writeSpec(layout, spec);
      await writeWhole(layout.metrics, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      const best = this.bestStep();
      const isKept = best !== undefined && listSteps(layout.checkpoints).includes(best);
      if (isKept && readBest(layout.checkpoints) !== best) await markBest(layout.checkpoints, best);
      await pruneCheckpoints(layout.checkpoints, first);
    });
  }

  /** Makes what is missing for the step where a run resumes, then trains to the end or until the signal. */
  private async goOn(): Promise<void> {
    const { layout } = this;
    const first = this.done;
    const isSampled = first === 0 || !this.isTimeToSample(first) || hasPictures(layout, this.sampled, first);
    const isOnBoard = hasEvents(layout);
    if (first === this.steps && isSampled && isOnBoard) return;
    // Readers of events drop the values that earlier files hold for steps of a new file.
    const from = !isOnBoard ? 1 : isSampled ? first + 1 : first;
    const board = whileWriting(layout.folder, () => new Board(layout.events, from), this.written);
    try {
      await this.write(() => fillBoard(board, layout, from, isSampled ? first : first - 1));
      if (!isSampled) await this.sample(first, board);
      if (first < this.steps) await this.stepOn(board);
    } finally {
      board.close();
    }
  }

  private isTimeToSample(step: number): boolean {
    return step === this.steps || step % this.rhythm.sampleEvery === 0;
  }

  /** Trains from step `done` to the end or until the signal. */
  private async stepOn(board: Board): Promise<void> {
    const { layout, facts, rhythm } = this;
    const first = this.done;
    const loader = this.loaderFrom(first);
    const stuck = new StuckWatch();
    try {
      const metrics = whileWriting(layout.folder, () => openSync(layout.metrics, 'a'), this.written);
      try {
        while (this.done < this.steps && !facts.signal?.aborted) {
          const batch = await loader.next().catch(async (error: unknown) => {
            if (isInputError(error)) await this.saveBeforeFile();
            throw error;
          });
          const before = this.spent.seconds;
          const stepped = await this.step(this.done, batch);
          requireInPlace(layout);
          const done = ++this.done;
          const record = await this.evaluate(stepped);
          const write = (): void => {
            writeSync(metrics, `${JSON.stringify(record)}\n`);
            board.step(record, this.spent.seconds - before);
          };
          whileWriting(layout.folder, write, this.written);
          this.observer.stepped?.(record);
          for (const { network, since } of stuck.after(record, done === this.steps))
            this.observer.log?.(learnsNothing(network, since));
          if (done === first + timedSteps && this.steps - done > timedSteps) this.sayTime(done);
          if (done === first + earlyStep || done === this.steps) this.measure(done);
          const isLast = done === this.steps;
          const isBest = this.isBest(done);
          if (isLast || isBest || done % rhythm.checkpointEvery === 0) await this.save(done);
          if (isBest) await this.write(() => markBest(layout.checkpoints, done));
          if (this.isTimeToSample(done)) await this.sample(done, board);
        }
      } finally {
        closeSync(metrics);
      }
    } finally {
      await loader.close();
    }
  }

  /** Adds an evaluation to a step's record, if one is due. */
  private async evaluate(record: MetricRecord): Promise<MetricRecord> {
    const { evaluator, steps } = this;
    if (!evaluator || (record.step % evaluator.every !== 0 && record.step !== steps)) return record;
    const evaluation = await whileComputing(() => evaluator.measure());
    const complete = { ...record, evaluation };
    this.evaluated = [...this.evaluated, complete];
    return complete;
  }

  /** Tells whether a step was evaluated and is the best so far. */
  private isBest(step: number): boolean {
    return this.bestStep() === step;
  }

  private bestStep(): number | undefined {
    return this.evaluator && bestStep(this.evaluated, this.evaluator.metric);
  }

  /** Starts the stream of batches at a step. */
  private loaderFrom(start: number): Loader {
    const { data } = this.spec;
    return this.data.training.loader({
      batch: data.batch,
      seed: this.rhythm.seed,
      augment: augmentationOf(data),
      start,
      patches: patchesOfLoader(this.session, this.spec),
    });
  }

  /** Saves the training when a data file turns out to be damaged: the step that needed it has not begun. */
  private async saveBeforeFile(): Promise<void> {
    const { done, layout } = this;
    if (done === 0) return;
    try {
      if (this.saved !== done) await this.save(done);
      this.observer.log?.(savedBeforeFile(done, layout.folder));
    } catch {
      // Report the file's error, not the error of saving.
    }
  }

  /** Records in the folder that the run ended early, if that can be written: the disk may have caused the failure. */
  private async recordFailure(): Promise<void> {
    if (!isInPlace(this.layout)) return;
    try {
      await this.record('failed', this.done);
      await this.page();
    } catch {
      // Report the error that ended the run, not this one.
    }
  }

  /** Seconds spent in steps by this process, and the number of these steps. */
  private spent = { seconds: 0, steps: 0 };

  private secondsPerStep(done: number): number {
    return done === 0 ? 0 : (this.secondsBefore + this.spent.seconds) / done;
  }

  /** Seconds of this process's first step. */
  private firstSeconds = 0;

  /** Does one step (from 0) and gives its record. */
  private async step(step: number, batch: Batch): Promise<MetricRecord> {
    const { spec, stepsPerEpoch } = this;
    const start = performance.now();
    const outputs = await whileComputing(() => this.stepper(step, batch));
    this.spent = {
      seconds: this.spent.seconds + (performance.now() - start) / 1000,
      steps: this.spent.steps + 1,
    };
    if (this.spent.steps === 1) this.firstSeconds = this.spent.seconds;
    const bad = [...outputs].filter(([, values]) => !areFinite(values)).map(([name]) => name);
    if (bad.length > 0) throw notFinite(bad, step + 1, this.saved, await this.findNotFinite(step));
    const losses = spec.objectives.map(({ network, terms }) => {
      const values = terms.map(({ name }) => [name, outputs.get(`${network}/${name}`)?.[0] ?? null]);
      return [network, Object.fromEntries(values) as Record<string, number | null>] as const;
    });
    const rates = spec.train.optimizers.map(
      (one) => [one.network, rateAt(spec.train, one, step, stepsPerEpoch)] as const,
    );
    const lengths = rates.map(
      ([network]) => [network, outputs.get(gradientLengthOf(network))?.[0] ?? null] as const,
    );
    return {
      step: step + 1,
      epoch: (step + 1) / stepsPerEpoch,
      seconds: this.secondsBefore + this.spent.seconds,
      losses: Object.fromEntries(losses),
      rate: Object.fromEntries(rates),
      gradients: Object.fromEntries(lengths),
    };
  }

  /**
   * Finds the origin of the first value that is not finite, starting from the last checkpoint; the variables are not
   * needed afterwards.
   */
  private findNotFinite(step: number): Promise<Diagnostic | undefined> {
    const { spec, layout, session, stepper, settings, saved, facts } = this;
    return findNotFinite(
      {
        spec,
        sources: facts.sources,
        tf: this.engine.tf,
        session,
        stepper: (one, batch) => whileComputing(() => stepper(one, batch)),
        settings,
        saved: saved ?? 0,
        restore: async () => {
          if (saved === undefined) return setInitialValues(session, settings.seed, await loadWeights(spec));
          const checkpoint = must(
            await loadCheckpoint(layout.checkpoints, layout.folder, saved),
            'the run that goes on was saved or loaded',
          );
          await restore(session, checkpoint, await readFrozenWeights(layout, spec));
        },
        batchesFrom: (start) => this.batchesFrom(start),
        signal: facts.signal,
        log: this.observer.log,
      },
      step,
      // The search may fail, such as for lack of memory: report the error that ended the run.
    ).catch(() => undefined);
  }

  private async *batchesFrom(start: number): AsyncIterable<Batch> {
    const loader = this.loaderFrom(start);
    try {
      for (;;) yield await loader.next();
    } finally {
      await loader.close();
    }
  }

  /** Reports the remaining time. */
  private sayTime(done: number): void {
    const { seconds, steps } = this.spent;
    this.observer.log?.(takes(this.steps - done, (seconds - this.firstSeconds) / (steps - 1)));
  }

  private measure(step: number): void {
    const now: MemoryAtStep = {
      step,
      residentBytes: process.memoryUsage.rss(),
      tensors: this.session.valueCount(),
    };
    this.memory = { early: this.memory?.early ?? now, end: now };
  }

  private async save(step: number): Promise<void> {
    const { layout, rhythm, session } = this;
    const saving = this.write(() =>
      saveCheckpoint(layout.checkpoints, session, this.frozen, {
        specFormat,
        step,
        epoch: step / this.stepsPerEpoch,
        seconds: this.secondsBefore + this.spent.seconds,
        seed: rhythm.seed,
        engine: describeLibrary(this.engine),
      }),
    );
    await saving.catch(async (error: unknown) => {
      if (!(error instanceof NotFiniteVariable)) throw error;
      throw notFinite([error.variable], step, this.saved, await this.findNotFinite(step - 1));
    });
    this.saved = step;
  }

  /** Makes the previews, each as a file and all in one grid, and rewrites the page. */
  private async sample(step: number, board: Board): Promise<void> {
    await this.writing(() => board.weights(step, this.session, this.frozen));
    const pictures = this.shown ? await this.paint(step, this.shown, board) : 0;
    this.sampled = { step, pictures };
    await this.record('running', step);
    await this.page();
    this.observer.painted?.(step);
  }

  /** Writes the previews of a step; gives their number. */
  private async paint(step: number, { show, task }: Shown, board: Board): Promise<number> {
    const { layout, data, spec } = this;
    const painted = await whileComputing(() => show(data.samples));
    const rows = data.samples.map((sample, index) =>
      makeRow(sample, must(painted[index], 'every map was painted'), spec.data.size, data.training.classes),
    );
    const folder = join(layout.samples, stepName(step));
    const pictures = rows.flatMap((row, index) =>
      Object.entries<Picture | undefined>({ ...row }).flatMap(([kind, picture]) =>
        picture ? [[`${kind}-${index}.png`, picture] as const] : [],
      ),
    );
    await this.write(async () => {
      for (const [name, picture] of pictures) await writePicture(join(folder, name), picture);
      await writeRows(`${folder}.png`, rows, task);
      await board.samples(step, `${folder}.png`);
    });
    return pictures.length;
  }

  private page(): Promise<string> {
    return this.write(() => writeRunPage(this.layout.folder));
  }

  /** Does work that writes to the run's folder, unless the folder is gone. */
  private write<T>(work: () => Promise<T>): Promise<T> {
    requireInPlace(this.layout);
    return this.writing(work);
  }

  private writing<T>(work: () => Promise<T>): Promise<T> {
    return whileWritingAsync(this.layout.folder, work, this.written);
  }

  private get written(): Writing {
    return { isRun: true, kept: this.saved === undefined ? undefined : lastCheckpointKept };
  }

  private async record(status: FullRunRecord['status'], steps: number): Promise<void> {
    const { spec, data, facts, engine, layout } = this;
    const best = this.bestStep();
    await this.write(() =>
      writeRecord(layout, {
        name: spec.name,
        file: facts.file,
        created: facts.created,
        status,
        engine: { kind: engine.kind, library: describeLibrary(engine) },
        experiment: spec.name,
        steps,
        stepsPlanned: this.steps,
        secondsPerStep: this.secondsPerStep(steps),
        parameters: countParameters(spec),
        ...(this.frozen.size > 0 && { frozen: [...this.frozen] }),
        data: {
          pairs: data.training.pairs.length,
          size: spec.data.size,
          classes: data.training.classes,
          heldOut: data.heldOut,
        },
        seed: this.rhythm.seed,
        ...(this.shown?.task === 'segment' && { task: 'segment' }),
        ...(best !== undefined && this.evaluator && { best: { step: best, metric: this.evaluator.metric } }),
        ...(facts.tables?.length && { tables: facts.tables }),
        ...(this.sampled && { sampled: this.sampled }),
        command: facts.command,
        ...(this.memory && { memory: this.memory }),
      }),
    );
  }
}

/** Tells which patches a run's loader finds: those of the label maps in each call of a method. */
function patchesOfLoader({ program }: Session, spec: Spec): LoaderOptions['patches'] {
  return program.patches && { plan: program.patches.plan, parts: partsOfStep(spec) };
}
