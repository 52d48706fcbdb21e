/** The diagnostics about ablations, one function each. */
import { largestSeed } from '../format/types.ts';
import { error, warning, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import type { PlannedValue } from './types.ts';
import { amongst } from '../messages/shared.ts';

export const noAblation = (file: string): Diagnostic =>
  error('no-ablation', `${file} declares no ablation`, undefined, {
    hint: 'write ablation name of experiment { G.norm in [spade(), batch()] }',
  });

export const unknownAblation = (name: string, candidates: Iterable<string>): Diagnostic =>
  error(
    'unknown-ablation',
    `no ablation is called '${name}' here`,
    undefined,
    amongst(name, candidates, undefined),
  );

export const severalAblations = (file: string, span: Span, names: readonly string[]): Diagnostic =>
  error('several-ablations', `${file} declares ${names.length} ablations`, span, {
    notes: [`there are: ${names.join(', ')}`],
    hint: 'name the one to use',
  });

export const duplicateAxis = (name: string, span: Span, first: Span): Diagnostic =>
  error('duplicate-axis', `the ablation has two axes '${name}'`, span, {
    labels: [{ span: first, text: 'first written here' }],
    hint: `give one a name of its own: name: ${name} in [...]`,
  });

export const duplicateValue = (label: string, span: Span, first: Span): Diagnostic =>
  error('duplicate-value', `'${label}' is twice on this axis`, span, {
    labels: [{ span: first, text: 'first written here' }],
  });

export const emptyAxis = (name: string, span: Span): Diagnostic =>
  error('empty-axis', `the axis '${name}' has no values`, span, { hint: 'give some: [spade(), batch()]' });

export const unknownAxis = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error('unknown-axis', `the ablation has no axis '${name}'`, span, amongst(name, candidates, span));

export const notOnAxis = (text: string, axis: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error('not-on-axis', `'${text}' is no value of '${axis}'`, span, amongst(text, candidates, span));

export const onceInAblation = (what: string, span: Span, first: Span): Diagnostic =>
  error('once-in-ablation', `the ablation has ${what} twice`, span, {
    labels: [{ span: first, text: 'first written here' }],
  });

export const wrongSeeds = (found: string, span: Span): Diagnostic =>
  error(
    'wrong-seeds',
    `seeds: expected how many there are, at least 1, or a list of integers up to ${largestSeed}, found ${found}`,
    span,
    { hint: 'seeds: 3 is the same as seeds: [0, 1, 2]' },
  );

export const seedTwice = (seed: number, span: Span): Diagnostic =>
  error('wrong-seeds', `the seed ${seed} is listed twice`, span, {
    hint: 'a run with the same seed is the same run: give another, or leave it out',
  });

export const noRuns = (name: string, span: Span): Diagnostic =>
  error('no-runs', `the exclusions leave no run of ${name}`, span);

export const tooManyRuns = (
  name: string,
  count: number,
  limit: number,
  span: Span,
  bySeeds: boolean,
): Diagnostic =>
  error('too-many-runs', `${name} would be ${count} runs`, span, {
    notes: [`the limit is ${limit}`],
    hint: bySeeds
      ? 'take fewer seeds: three to five say how much is chance'
      : "list what is of interest as 'case' in place of crossing the axes, or leave some out with 'except'",
  });

/** Values that make the same runs as others, one pair for each axis on which the runs differ. */
export const sameRuns = (
  pairs: readonly { readonly first: PlannedValue; readonly second: PlannedValue }[],
): Diagnostic => {
  const labelsOf = (values: readonly PlannedValue[]): string => values.map(({ label }) => label).join(', ');
  const firsts = labelsOf(pairs.map(({ first }) => first));
  const seconds = labelsOf(pairs.map(({ second }) => second));
  return warning('same-runs', `'${firsts}' and '${seconds}' are the same training`, pairs[0]?.second.span, {
    labels: pairs.map(({ first }) => ({ span: first.span, text: 'what this expands to' })),
    notes: ['a second name of a block, or a setting that is given as it is anyway, changes nothing'],
    hint: "leave one of the two out: what differs between their results is chance; how much that is, several 'seeds' show",
  });
};
