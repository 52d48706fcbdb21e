/** Answers for numbers that may stand in one table: those of one protocol. */
import { comparable } from '../evaluate/protocol.ts';
import type { EvalRecord } from '../evaluate/record.ts';
import { differentProtocols } from './messages.ts';

/** The evaluations of a run. */
export interface Evaluated {
  readonly folder: string;
  readonly records: readonly EvalRecord[];
}

/**
 * Chooses, of runs of which each has an evaluation, the protocol that all share; of several, the one that was used last. Throws a
 * SpadeworkError that names what differs where there is none.
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

/** Says what differs between the first two runs that share nothing. */
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
  // Each two share one, yet no protocol is everywhere.
  return differentProtocols(runs[0]!.folder, runs.at(-1)!.folder, []);
}
