/** Serializes calls to something that can run only one at a time. */
import { brokenInvariant } from '../../dsl/errors.ts';

/** A request to end: an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
}

/** Runs calls one after another, in the order in which they were added. */
export class Calls {
  private last: Promise<unknown> = Promise.resolve();
  private end: Promise<void> | undefined;

  /**
   * Runs a call after all earlier ones, whether they succeeded or failed. A signal keeps it from starting: then it
   * fails with the signal's reason. A call that has started runs to its end.
   */
  add<T>(work: () => T | Promise<T>, signal?: Signal): Promise<T> {
    if (this.end) return Promise.reject(brokenInvariant('a call came after the session was disposed of'));
    const done = this.last.then(() => {
      if (signal?.aborted) throw signal.reason;
      return work();
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  /** Rejects all further calls, and runs the last work after those before. A second close only waits. */
  close(work: () => void | Promise<void>): Promise<void> {
    this.end ??= this.last.then(work);
    return this.end;
  }
}

/** Waits until timers, signals and messages that are due have had their turn. */
export function nextTurn(): Promise<void> {
  // Pages have no setImmediate; their timers come a little later.
  const later = globalThis.setImmediate as typeof setImmediate | undefined;
  return new Promise((turn) => (later ? later(turn) : setTimeout(turn)));
}
