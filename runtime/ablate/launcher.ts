/** Answers for what a launcher is: it runs commands of ours as jobs somewhere, and says how they ended. */

/** One command of ours. */
export interface Job {
  /** Names it for good: the same run, stage and attempt always have the same name. */
  readonly id: string;
  /** The words after `spadework`. */
  readonly words: readonly string[];
  /** The file that gets what the command says. */
  readonly log: string;
  /** Which of the jobs that run side by side it is, from 0. */
  readonly slot: number;
}

/** `left`: it goes on without us, and can be found again by its name. */
export type JobEnd = 'succeeded' | 'failed' | 'stopped' | 'left';

/** How jobs are asked to end early. */
export interface Stopping {
  /** After the running step, all saved. */
  readonly gently: AbortSignal;
  readonly atOnce: AbortSignal;
}

export interface Launcher {
  /** Whether a job outlives this process, so that one which was started before is followed rather than started again. */
  readonly remembers: boolean;
  /** Runs a job to its end. */
  run(job: Job, stopping: Stopping): Promise<JobEnd>;
}
