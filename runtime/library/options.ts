/** The options that the library's functions for commands share, with their checks. */
import { largestSeed } from '../../compiler/format/types.ts';
import type { Source } from '../../dsl/source.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { SpadeworkError } from '../../dsl/errors.ts';
import { byName, text, texts, whole, type Check } from '../model/checks.ts';
import { checkSource } from '../model/open.ts';
import { callOptions, openOptions } from '../model/options.ts';
import type { CheckedSpec, SpecSource } from '../model/types.ts';

/** What is trained: a spec's file, a text, or the result of `check`. */
export type Trainable = SpecSource | Pick<CheckedSpec, 'spec' | 'sources'>;

/** The command shown on pages and in records if the caller names none. */
export const ofLibrary = 'the library';

export const checksOf = {
  engine: openOptions.engine,
  signal: callOptions.signal,
  observer: byName,
  experiment: text,
  set: texts,
  path: text,
  seed: whole(0, largestSeed),
  count: whole(1, Number.MAX_SAFE_INTEGER),
} satisfies Readonly<Record<string, Check>>;

/** Gives the spec to train. Throws a SpadeworkError with all its mistakes. */
export function specOf(
  given: Trainable,
  {
    experiment,
    set,
  }: { readonly experiment?: string | undefined; readonly set?: readonly string[] | undefined },
): { readonly spec: Spec; readonly sources: readonly Source[] } {
  if (typeof given === 'object' && 'sources' in given && given.spec)
    return { spec: given.spec, sources: given.sources };
  const chosen = { ...(experiment !== undefined && { experiment }), ...(set && { set }) };
  const { spec, sources, diagnostics } = checkSource(given as SpecSource, chosen);
  if (!spec) throw new SpadeworkError('input', diagnostics);
  return { spec, sources };
}
