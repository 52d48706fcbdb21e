/** The error of runs, and how it is made: what happened and what to do, with whose turn it is. */
import { withHint } from './message-lines.ts';

/** Carries what ends a run: `blame` says whose turn it is, the user's input or the machine; `message` is ready to show. */
export class RunError extends Error {
  readonly blame: 'input' | 'machine';

  constructor(blame: 'input' | 'machine', message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RunError';
    this.blame = blame;
  }
}

/** Makes an error that the user can mend. */
export const input = (message: string | readonly string[], hint: string): RunError =>
  new RunError('input', withHint(message, hint));

/** Makes an error of the machine. */
export const machine = (message: string, hint: string, cause?: unknown): RunError =>
  new RunError('machine', withHint(message, hint), { cause });
