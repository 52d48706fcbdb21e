/** Plans the matrix of an ablation: its axes with the changes of each value, its cells, and its seeds. */
import { largestSeed } from '../format/types.ts';
import type {
  Ablation,
  AblationPart,
  Axis,
  Case,
  Change,
  Expression,
  Exclusion,
  Matching,
  Override,
  Path,
  Seeds,
  Shared,
} from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { printExpression, printPath } from '../../dsl/index.ts';
import type { Span } from '../../dsl/source.ts';
import { labelsOf } from './labels.ts';
import * as messages from './messages.ts';
import type { PlannedValue } from './types.ts';

export interface PlannedAxis {
  readonly name: string;
  /** The varied path; undefined for the axis of cases. */
  readonly path: string | undefined;
  readonly values: readonly PlannedValue[];
}

export interface Plan {
  readonly axes: readonly PlannedAxis[];
  /** The changes that all runs share. */
  readonly shared: readonly Change[];
  /** One value for each axis, in the order of the axes. */
  readonly cells: readonly (readonly PlannedValue[])[];
  /** Undefined if the ablation gives none. */
  readonly seeds: readonly number[] | undefined;
}

/** The name of the axis of cases. */
const caseAxis = 'case';

/** The most runs of an ablation, as each expands a spec. */
const runLimit = 1000;

/** Plans an ablation; parts with mistakes are reported and left out. */
export function planAblation(ablation: Ablation, report: (diagnostic: Diagnostic) => void): Plan {
  const axes = axesOf(ablation, report);
  const { parts } = ablation;
  const shared = once(
    parts.filter((part): part is Shared => part.kind === 'shared'),
    "'with'",
    report,
  );
  const seeds = once(
    parts.filter((part): part is Seeds => part.kind === 'seeds'),
    "'seeds'",
    report,
  );
  const isExcluded = parts
    .filter((part): part is Exclusion => part.kind === 'exclusion')
    .map((part) => exclusionOf(part, axes, report));
  const numbers = seeds && seedsOf(seeds.value, report);
  const crossed = axes.reduce((product, { values }) => product * values.length, 1);
  // The message about too many runs counts all seeds, though only some are listed.
  const meant = seeds?.value.kind === 'number' && numbers ? seeds.value.value : (numbers?.length ?? 1);
  const count = crossed * meant;
  const { name } = ablation;
  if (count > runLimit)
    report(messages.tooManyRuns(name.text, count, runLimit, name.span, crossed * 5 <= runLimit));
  const all = count > runLimit ? [] : cross(axes);
  const cells = all.filter((cell) => !isExcluded.some((test) => test(cell)));
  if (all.length > 0 && cells.length === 0) report(messages.noRuns(name.text, name.span));
  return { axes, shared: shared?.changes ?? [], cells, seeds: numbers };
}

/** Lists all combinations of values; the last axis changes fastest. */
function cross(axes: readonly PlannedAxis[]): PlannedValue[][] {
  return axes.reduce<PlannedValue[][]>(
    (cells, { values }) => cells.flatMap((cell) => values.map((value) => [...cell, value])),
    [[]],
  );
}

function axesOf({ parts }: Ablation, report: (diagnostic: Diagnostic) => void): PlannedAxis[] {
  const cases = parts.filter((part): part is Case => part.kind === 'case');
  const firsts = new Map<string, Span>();
  return parts.flatMap((part): PlannedAxis[] => {
    const isFirstCase = part === cases[0];
    if (part.kind !== 'axis' && !isFirstCase) return [];
    const axis =
      part.kind === 'axis'
        ? axisOf(part)
        : { name: caseAxis, path: undefined, values: cases.map(valueOfCase) };
    const span = part.kind === 'axis' ? (part.name ?? part.path[0]).span : part.span;
    const first = firsts.get(axis.name);
    if (first) report(messages.duplicateAxis(axis.name, span, first));
    else firsts.set(axis.name, span);
    if (axis.values.length === 0) report(messages.emptyAxis(axis.name, span));
    reportRepeatedValues(axis, report);
    return first ? [] : [axis];
  });
}

function axisOf({ name, path, values }: Axis): PlannedAxis {
  const written = printPath(path);
  const given = values.kind === 'record' ? values.entries.map((entry) => entry.value) : values.items;
  const labels = values.kind === 'record' ? values.entries.map((entry) => entry.name.text) : labelsOf(given);
  return {
    name: name?.text ?? written,
    path: written,
    values: given.map((value, index) => ({
      label: labels[index] ?? '',
      text: printExpression(value),
      changes: [overrideOf(path, value)],
      span: value.span,
    })),
  };
}

function overrideOf(path: Path, value: Expression): Override {
  const comments = { gap: false, detached: [], before: [], after: undefined, below: [] };
  return { kind: 'override', path, value, comments, span: value.span };
}

function valueOfCase({ name, changes }: Case): PlannedValue {
  return { label: name.text, text: name.text, changes, span: name.span };
}

function reportRepeatedValues({ values }: PlannedAxis, report: (diagnostic: Diagnostic) => void): void {
  const firsts = new Map<string, Span>();
  for (const { label, span } of values) {
    const first = firsts.get(label);
    if (first) report(messages.duplicateValue(label, span, first));
    else firsts.set(label, span);
  }
}

/** Gives the only part of a kind; reports a second one. */
function once<T extends AblationPart>(
  [first, ...others]: readonly T[],
  what: string,
  report: (diagnostic: Diagnostic) => void,
): T | undefined {
  for (const other of others)
    if (first) report(messages.onceInAblation(what, startOf(other.span), startOf(first.span)));
  return first;
}

/** The first word of a part, as the part may be long. */
function startOf(span: Span): Span {
  const word = /^\w*/.exec(span.source.text.slice(span.start))?.[0] ?? '';
  return { ...span, end: span.start + word.length };
}

/** Makes the predicate whether an exclusion matches a cell. */
function exclusionOf(
  { matchings }: Exclusion,
  axes: readonly PlannedAxis[],
  report: (diagnostic: Diagnostic) => void,
): (cell: readonly PlannedValue[]) => boolean {
  const sets = matchings.map((matching) => valuesMet(matching, axes, report));
  return (cell) => sets.every((set) => cell.some((value) => set.has(value)));
}

/** Finds the values that an exclusion names, by label or as written. */
function valuesMet(
  { path, values }: Matching,
  axes: readonly PlannedAxis[],
  report: (diagnostic: Diagnostic) => void,
): Set<PlannedValue> {
  const name = printPath(path);
  const axis = axes.find((one) => one.name === name || one.path === name);
  if (!axis) {
    const known = axes.map((one) => one.name);
    report(messages.unknownAxis(name, { ...path[0].span, end: (path.at(-1) ?? path[0]).span.end }, known));
    return new Set();
  }
  return new Set(
    values.flatMap((value) => {
      const text = printExpression(value);
      const met = axis.values.filter((one) => one.label === text || one.text === text);
      const known = axis.values.map(({ label }) => label);
      if (met.length === 0) report(messages.notOnAxis(text, axis.name, value.span, known));
      return met;
    }),
  );
}

function seedsOf(value: Expression, report: (diagnostic: Diagnostic) => void): number[] | undefined {
  const isSeed = (one: Expression): boolean =>
    one.kind === 'number' && one.integer && one.value <= largestSeed;
  if (value.kind === 'number' && value.integer && value.value >= 1)
    return Array.from({ length: Math.min(value.value, runLimit + 1) }, (_, seed) => seed);
  if (value.kind === 'list' && value.items.length > 0 && value.items.every(isSeed)) {
    const seeds = value.items.map((one) => (one.kind === 'number' ? one.value : 0));
    const again = seeds.findIndex((seed, at) => seeds.indexOf(seed) < at);
    if (again < 0) return seeds;
    report(messages.seedTwice(seeds[again] ?? 0, value.items[again]?.span ?? value.span));
    return undefined;
  }
  report(messages.wrongSeeds(printExpression(value), value.span));
  return undefined;
}
