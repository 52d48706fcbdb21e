/** The order of calls on what can do one at a time. */
import { brokenInvariant } from '../../dsl/errors.ts';

/** What asks for an end: an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
}

/** Does calls one after another, in the order in which they came. */
export class Calls {
  private last: Promise<unknown> = Promise.resolve();
  private end: Promise<void> | undefined;

  /**
   * Does a call when all before it are done, whatever became of them. A signal keeps it from beginning: then it fails with the
   * signal's reason. A call that has begun goes on to its end.
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

  /** Refuses all further calls, and does the last work when those before are done. A second time it only waits. */
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
