/**
 * Runs an ablation's plan in order, several jobs at a time. The state of a run is in its folder, so a killed pool
 * continues from there. A job that dies is tried once more; a failed run does not stop the others.
 */
import { isForUser } from '../../dsl/errors.ts';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { whileWritingAsync } from '../base/files.ts';
import { isHeld } from '../run/lock.ts';
import { stageOfRun } from '../run/stage.ts';
import type { Job, JobEnd, Launcher, Stopping } from './launcher.ts';
import { unfinishedAfterJob, waitingForProcess } from './messages.ts';
import { ablationLayout, writeAblation, type AblationRecord, type RunEntry } from '../run/ablation.ts';

export interface PoolOptions {
  readonly folder: string;
  readonly record: AblationRecord;
  readonly launcher: Launcher;
  readonly parallel: number;
  /** Further arguments of `spadework train` and `spadework resume`. */
  readonly training?: readonly string[] | undefined;
  /** Arguments of `spadework eval` after the run's folder; without them, runs are not evaluated. */
  readonly evaluation?: readonly string[] | undefined;
  readonly stopping: Stopping;
  readonly observer?: PoolObserver | undefined;
}

/** Is told how an ablation proceeds. */
export interface PoolObserver {
  readonly log?: (line: string) => void;
  /** Is called with all runs when the state of a run changes. */
  readonly changed?: (runs: readonly RunEntry[], changed: RunEntry) => void;
}

/** How often a job is tried. */
const tries = 2;
/** The number of last lines kept of a failed job's output. */
const keptLines = 12;

/** Runs what is not done yet, and gives the final record. */
export async function runPool(options: PoolOptions): Promise<AblationRecord> {
  const pool = new Pool(options);
  const workers = Array.from({ length: Math.max(1, options.parallel) }, (_, slot) => pool.work(slot));
  await Promise.all(workers);
  return pool.record;
}

class Pool {
  record: AblationRecord;
  private next = 0;
  /** Whether a job was stopped, by us or on the cluster: then no further job starts. */
  private isHalted = false;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: PoolOptions) {
    const { record, launcher } = options;
    // Starting an ablation again also tries failed runs again.
    const runs = record.runs.map((entry): RunEntry => {
      const { lines: _, ...kept } = entry;
      const goesOn = launcher.remembers && isUnderWay(entry);
      return goesOn ? kept : { ...kept, state: 'waiting', failures: 0 };
    });
    this.record = { ...record, runs };
  }

  /** Takes one run after another until none is left, or until the pool is to stop. */
  async work(slot: number): Promise<void> {
    while (!this.options.stopping.gently.aborted && !this.isHalted) {
      const index = this.next++;
      if (index >= this.record.runs.length) return;
      await this.finish(index, slot);
    }
  }

  /** Brings one run to its end: first its training, then its evaluation, each as a job. */
  private async finish(index: number, slot: number): Promise<void> {
    const { launcher, stopping, evaluation } = this.options;
    let follows = isUnderWay(this.entry(index));
    for (;;) {
      const entry = this.entry(index);
      let stage: Stage | undefined;
      try {
        stage = this.stageOf(entry);
      } catch (error) {
        // Damaged files make this run fail, but not the others.
        if (!isForUser(error)) throw error;
        return this.change(index, { state: 'failed', lines: error.render({ color: false }).split('\n') });
      }
      if (stage === undefined) return this.change(index, { state: 'done' });
      await this.untilFree(entry);
      if (stopping.gently.aborted) return this.change(index, { state: 'waiting' });
      const state = stage === 'eval' ? 'evaluating' : 'training';
      await this.change(index, { state, jobs: follows ? entry.jobs : entry.jobs + 1 });
      follows = false;
      const job = this.jobOf(this.entry(index), stage, slot);
      const end = await launcher.run(job, stopping);
      if (end === 'left') return;
      if (end === 'stopped') {
        this.isHalted = true;
        return this.change(index, { state: 'waiting' });
      }
      if (stage === 'eval' && end === 'succeeded')
        await this.change(index, { evaluated: (evaluation ?? []).join(' ') });
      if (!(await this.isToGoOn(index, job, stage, end))) return;
    }
  }

  /** Tells whether a run gets a further job after one has ended; if not, marks it as failed. */
  private async isToGoOn(index: number, job: Job, stage: Stage, end: JobEnd): Promise<boolean> {
    const entry = this.entry(index);
    const isShort = end === 'succeeded' && this.stageOf(entry) === stage;
    if (end === 'succeeded' && !isShort) {
      await this.change(index, { failures: 0 });
      return true;
    }
    if (isShort) this.options.observer?.log?.(unfinishedAfterJob(entry.name));
    const failures = entry.failures + 1;
    if (failures < tries) {
      await this.change(index, { failures });
      return true;
    }
    await this.change(index, { failures, state: 'failed', lines: lastLines(job.log) });
    return false;
  }

  private entry(index: number): RunEntry {
    return this.record.runs[index]!;
  }

  /** Finds the next job of a run from the content of its folder. */
  private stageOf({ name, evaluated }: RunEntry): Stage | undefined {
    const { evaluation, folder } = this.options;
    const stage = stageOfRun(join(folder, name));
    if (stage !== 'finished') return stage === 'begun' ? 'resume' : 'train';
    return evaluation && evaluated !== evaluation.join(' ') ? 'eval' : undefined;
  }

  private jobOf({ name, jobs }: RunEntry, stage: Stage, slot: number): Job {
    const { folder, record, training = [], evaluation = [] } = this.options;
    const { plan } = ablationLayout(folder);
    const run = join(folder, name);
    const words = {
      train: ['train', join(plan, `${name}.json`), '--out', run, '--overwrite', ...training],
      resume: ['resume', run, ...training],
      eval: ['eval', run, ...evaluation],
    }[stage];
    // A new and a resumed training share one job name, so that the job is found again.
    const kind = stage === 'eval' ? 'eval' : 'train';
    return {
      id: jobIdOf(folder, record, name, jobs, kind),
      words,
      log: join(plan, `${name}-${jobs}.log`),
      slot,
    };
  }

  /** Waits for the child of a killed pool: it ends after its step. */
  private async untilFree({ name }: RunEntry): Promise<void> {
    const { folder, observer, stopping, launcher } = this.options;
    // A followed job holds the lock of its folder itself.
    if (launcher.remembers) return;
    for (let waited = 0; isHeld(join(folder, name)); waited++) {
      if (waited === 0) observer?.log?.(waitingForProcess(name));
      if (stopping.gently.aborted) return;
      await delay(250);
    }
  }

  /** Changes a run's entry and writes the record; writes happen in order. */
  private async change(index: number, changes: Partial<RunEntry>): Promise<void> {
    const changed = { ...this.entry(index), ...changes };
    this.record = { ...this.record, runs: this.record.runs.with(index, changed) };
    const { folder, observer } = this.options;
    this.writing = this.writing.then(() =>
      whileWritingAsync(folder, () => writeAblation(folder, this.record)),
    );
    if (changes.state !== undefined) observer?.changed?.(this.record.runs, changed);
    await this.writing;
  }
}

type Stage = 'train' | 'resume' | 'eval';

/**
 * Gives the name of a run's job: equal for every process that runs the same ablation, and different for other
 * ablations.
 */
export function jobIdOf(
  folder: string,
  { created }: Pick<AblationRecord, 'created'>,
  run: string,
  jobs: number,
  kind: 'train' | 'eval',
): string {
  const place = createHash('sha256')
    .update(`${resolve(folder)} ${created}`)
    .digest('hex')
    .slice(0, 8);
  return `spadework-${place}-${run}-${jobs}-${kind}`;
}

function isUnderWay({ state }: RunEntry): boolean {
  return state === 'training' || state === 'evaluating';
}

function lastLines(log: string): string[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').slice(-keptLines);
}
