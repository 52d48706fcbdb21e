/**
 * Merges a variant's changes into its base: items replace those of the same name, settings are merged by key, and
 * overrides change parts. The result is an ordinary experiment whose nodes keep their places in the texts.
 */
import type { Assignment, Change, Experiment, ExperimentItem, Let } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { printPath } from '../../dsl/index.ts';
import type { Span } from '../../dsl/source.ts';
import {
  applyData,
  applyLoss,
  applyTrain,
  bind,
  bindAll,
  bindInTime,
  isBinding,
  leaveOut,
  namesIn,
  replaceFirst,
  type Items,
  type MergeContext,
} from './items.ts';
import * as messages from './messages.ts';
import { applyOverride, notBound } from './override.ts';

/**
 * Applies changes to an experiment: first all items, in whatever order they are written; then the overrides, in order.
 */
export function applyChanges(
  base: Experiment,
  changes: readonly Change[],
  context: MergeContext,
): Experiment {
  let items: Items = base.items;
  let bindings: (Let | Assignment)[] = [];
  for (const change of changes) {
    if (change.kind === 'override') continue;
    if (isBinding(change) && !leavesOut(change)) bindings.push(change);
    else {
      items = applyItem(bindAll(items, bindings), change, context);
      bindings = [];
    }
  }
  items = bindAll(items, bindings);
  const unused = unusedNames(changes, base.items, items);
  unused.forEach((diagnostic) => context.report(diagnostic));
  for (const change of changes) if (change.kind === 'override') items = applyOverride(items, change, context);
  return { ...base, items: bindInTime(items, base.items) };
}

/**
 * Warns about new names that nothing uses but that equal the last part of a longer path: `steps = 100` would change
 * nothing.
 */
function unusedNames(changes: readonly Change[], base: Items, items: Items): Diagnostic[] {
  const bound = new Set(base.filter(isBinding).map(({ name }) => name.text));
  const added = changes.filter(
    (change): change is Assignment => change.kind === 'assignment' && !bound.has(change.name.text),
  );
  if (added.length === 0) return [];
  const used = new Set(
    [...items, ...changes].flatMap((item) =>
      item.kind === 'override' ? [...namesIn(item.value)] : [...namesIn(item)],
    ),
  );
  return added
    .filter(({ name }) => !used.has(name.text))
    .map(({ name }) => notBound(name, [name], base))
    .filter(({ hint }) => hint !== undefined);
}

/** Reports repetitions in one list of changes. */
export function reportRepeats(changes: readonly Change[], report: (diagnostic: Diagnostic) => void): void {
  const firsts = new Map<string, Span>();
  for (const change of changes)
    for (const [what, span] of subjectsOf(change)) {
      const first = firsts.get(what);
      if (first) report(messages.changedTwice(what, span, first));
      else firsts.set(what, span);
    }
}

/** Names what a change is about, with its place. */
function subjectsOf(change: Change): (readonly [string, Span])[] {
  switch (change.kind) {
    case 'override':
      return [[`'${printPath(change.path)}'`, change.path[0].span]];
    case 'data':
      return [["'data'", change.name.span]];
    case 'train':
      return [["'train'", { ...change.span, end: change.span.start + 'train'.length }]];
    case 'let':
    case 'assignment':
      return [[`'${change.name.text}'`, change.name.span]];
    case 'load':
      return [[`the weights of ${change.network.text}`, change.network.span]];
    case 'loss':
      return change.networks.map(({ text, span }) => [`the loss of ${text}`, span]);
  }
}

/** Tells whether a change removes a network. */
function leavesOut({ kind, value }: Let | Assignment): boolean {
  return kind === 'let' && value.kind === 'none';
}

function applyItem(items: Items, item: ExperimentItem, context: MergeContext): Items {
  switch (item.kind) {
    case 'data':
      return applyData(items, item);
    case 'train':
      return applyTrain(items, item);
    case 'let':
    case 'assignment':
      return leavesOut(item) ? leaveOut(items, item.name, context) : bind(items, item);
    case 'load': {
      const isSame = (other: ExperimentItem): boolean =>
        other.kind === 'load' && other.network.text === item.network.text;
      return replaceFirst(items, isSame, item);
    }
    case 'loss':
      return applyLoss(items, item);
  }
}
