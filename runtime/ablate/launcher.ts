/** Defines the interface of a launcher, which runs our commands as jobs and reports how they ended. */

/** One command to run. */
export interface Job {
  /** The permanent name: the same run, stage and attempt always have the same name. */
  readonly id: string;
  /** The words after `spadework`. */
  readonly words: readonly string[];
  /** The file for the output of the command. */
  readonly log: string;
  /** The index of the job among those that run in parallel, from 0. */
  readonly slot: number;
}

/** `left`: the job runs on without this process, and can be found again by its name. */
export type JobEnd = 'succeeded' | 'failed' | 'stopped' | 'left';

/** Signals that ask jobs to end early. */
export interface Stopping {
  /** Ends the job after the running step, with everything saved. */
  readonly gently: AbortSignal;
  readonly atOnce: AbortSignal;
}

export interface Launcher {
  /** Whether jobs outlive this process; a job started earlier is then followed, not started again. */
  readonly remembers: boolean;
  /** Runs a job to its end. */
  run(job: Job, stopping: Stopping): Promise<JobEnd>;
}
