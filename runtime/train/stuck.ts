/** Detects networks that have stopped learning: their gradients are exactly 0 for several steps in a row. */
import type { MetricRecord } from '../run/records.ts';

/** Steps with zero gradients before a warning: in one or two steps, all margins of a loss may hold by chance. */
const patience = 10;

/** A network with zero gradients, and the first such step. */
export interface Stuck {
  readonly network: string;
  readonly since: number;
}

/** Watches the gradients of a training; warns of each network once. */
export class StuckWatch {
  private readonly since = new Map<string, number>();
  private readonly told = new Set<string>();

  /**
   * Takes the record of a step, in order; gives the networks to warn of. At the last step, two steps of zeros are
   * enough.
   */
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
