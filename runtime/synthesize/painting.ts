/** Answers for the session that a run's label maps are painted in after training. */
import { compile } from '../../compiler/index.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { choiceOf } from '../../compiler/passes/deduplicate-patches/choose.ts';
import type { OpenSession, Session } from '../session/session.ts';
import { openStaged } from '../session/staged.ts';
import { withoutUnusedVariables } from '../session/computing.ts';
import type { FullRunRecord } from '../run/folder.ts';
import { synthesisMethod } from './paint.ts';
import { mapInputs } from '../session/feeds.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/**
 * Opens the session of a run's spec, without values of its variables. It takes one map at a time, in the run's tables: the same
 * bits for a map, whatever it is painted together with.
 */
export function openPainting(
  open: OpenSession,
  spec: Spec,
  { tables }: Pick<FullRunRecord, 'tables'>,
): Promise<Session> {
  const program = withoutUnusedVariables(
    compile(spec, {
      target: cpu,
      batch: 1,
      methods: ['synthesize', 'encode'],
      tables: choiceOf(tables ?? []),
    }),
  );
  return openStaged(program, synthesisMethod, mapInputs, open);
}
