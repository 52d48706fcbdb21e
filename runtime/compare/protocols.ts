/** Chooses the evaluation protocol that all compared runs share: only numbers of one protocol may be in one table. */
import { comparable } from '../evaluate/protocol.ts';
import type { EvalRecord } from '../evaluate/record.ts';
import { differentProtocols } from './messages.ts';

/** The evaluations of a run. */
export interface Evaluated {
  readonly folder: string;
  readonly records: readonly EvalRecord[];
}

/**
 * Chooses the protocol shared by all evaluated runs; of several, the last one used. If there is none, throws a
 * SpadeworkError that names the differences.
 */
export function sharedProtocol(runs: readonly Evaluated[]): string | undefined {
  const [first, ...others] = runs;
  if (!first) return undefined;
  const shared = first.records.filter(({ protocolId }) =>
    others.every(({ records }) => records.some((record) => record.protocolId === protocolId)),
  );
  if (shared.length === 0) throw refusal(runs);
  return latest(shared)?.protocolId;
}

function latest(records: readonly EvalRecord[]): EvalRecord | undefined {
  return [...records].sort((a, b) => a.created.localeCompare(b.created)).at(-1);
}

/** Gives the differences between the first two runs without a common protocol. */
function refusal(runs: readonly Evaluated[]): Error {
  for (const [index, one] of runs.entries())
    for (const other of runs.slice(index + 1)) {
      const [ours, theirs] = [latest(one.records), latest(other.records)];
      if (
        ours &&
        theirs &&
        !one.records.some((a) => other.records.some((b) => a.protocolId === b.protocolId))
      )
        return differentProtocols(one.folder, other.folder, comparable([ours, theirs]));
    }
  // Each pair shares a protocol, but no protocol is common to all.
  return differentProtocols(runs[0]!.folder, runs.at(-1)!.folder, []);
}
