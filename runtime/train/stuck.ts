/** Notices networks that have stopped to learn: their gradients are exactly 0, step after step. */
import type { MetricRecord } from '../run/records.ts';

/** Steps with gradients of 0 before it is said: one or two may be a loss whose margins all hold for once. */
const patience = 10;

/** A network whose gradients are 0, and the step from which on. */
export interface Stuck {
  readonly network: string;
  readonly since: number;
}

/** Follows the gradients of a training; each network is told of once. */
export class StuckWatch {
  private readonly since = new Map<string, number>();
  private readonly told = new Set<string>();

  /** Takes the record of a step, in order; gives the networks to tell of. At the last step two steps of zeros are enough. */
  after({ step, gradients = {} }: MetricRecord, isLast: boolean): Stuck[] {
    const needed = isLast ? 2 : patience;
    const stuck: Stuck[] = [];
    for (const [network, length] of Object.entries(gradients)) {
      if (length !== 0) this.since.delete(network);
      else if (!this.since.has(network)) this.since.set(network, step);
      const since = this.since.get(network);
      if (since === undefined || step - since + 1 < needed || this.told.has(network)) continue;
      this.told.add(network);
      stuck.push({ network, since });
    }
    return stuck;
  }
}
