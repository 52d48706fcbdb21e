/** Opens the session that paints label maps with a trained run. */
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
 * Opens the session of a run's spec, without values of its variables. It takes one map at a time, with the run's patch
 * tables, so that a map gives the same bits in any company.
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
