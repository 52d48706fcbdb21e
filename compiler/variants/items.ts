/** Applies one change to the items of an experiment: replaces, merges, adds or removes. */
import {
  walk,
  type Assignment,
  type Data,
  type Entry,
  type ExperimentItem,
  type Let,
  type Loss,
  type Name,
  type Node,
  type Optimize,
  type Train,
} from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source } from '../../dsl/source.ts';
import type { Module } from '../language/values/module.ts';
import * as messages from './messages.ts';

export type Items = readonly ExperimentItem[];

export interface MergeContext {
  readonly report: (diagnostic: Diagnostic) => void;
  /** Finds the module whose names a text may use. */
  readonly moduleOf: (source: Source) => Module | undefined;
}

/** Replaces the first item that matches, and removes the other matches; appends the item if none matches. */
export function replaceFirst(
  items: Items,
  isSame: (item: ExperimentItem) => boolean,
  item: ExperimentItem,
): Items {
  const at = items.findIndex(isSame);
  if (at < 0) return [...items, item];
  return items.flatMap((other, index) => (index === at ? [item] : isSame(other) ? [] : [other]));
}

/** Binds names in place of their earlier binding, or at the end. */
export function bindAll(items: Items, changes: readonly (Let | Assignment)[]): Items {
  const own = new Map(changes.map((item) => [item.name.text, item]));
  const done = new Set<string>();
  const kept = items.flatMap((item): ExperimentItem[] => {
    const name = isBinding(item) ? item.name.text : '';
    const change = isBinding(item) ? own.get(name) : undefined;
    if (!change) return [item];
    if (done.has(name)) return [];
    done.add(name);
    return [change];
  });
  return [...kept, ...[...own].flatMap(([name, item]) => (done.has(name) ? [] : [item]))];
}

/** Binds a name in place of its earlier binding, or at the end. */
export function bind(items: Items, item: Let | Assignment): Items {
  return bindAll(items, [item]);
}

/**
 * Moves bindings that `known` lacks before the first line that uses them, as an experiment is read from top to bottom.
 */
export function bindInTime(items: Items, known: Items): Items {
  const old = new Set(known.filter(isBinding).map(({ name }) => name.text));
  const added = new Map(
    items.flatMap((item) => (isBinding(item) && !old.has(item.name.text) ? [[item.name.text, item]] : [])),
  );
  if (added.size === 0) return items;
  const ordered: ExperimentItem[] = [];
  const begun = new Set<ExperimentItem>();
  for (const item of items) {
    // Each line follows the lines that it uses. Without recursion, since chains may be long.
    const open: Iterator<ExperimentItem>[] = [[item].values()];
    const waiting: ExperimentItem[] = [];
    for (let inner = open.at(-1); inner; inner = open.at(-1)) {
      const next = inner.next();
      if (next.done === true) {
        open.pop();
        const complete = waiting.pop();
        if (complete) ordered.push(complete);
      } else if (!begun.has(next.value)) {
        begun.add(next.value);
        waiting.push(next.value);
        const used = isBinding(next.value) ? [...namesIn(next.value)] : [];
        open.push(used.flatMap((name) => added.get(name) ?? []).values());
      }
    }
  }
  return ordered;
}

/** The names that lines refer to, collected once per line: variants of variants share their lines. */
const namesOfItems = new WeakMap<Node, ReadonlySet<string>>();

/** Gives the names that a line, or an expression, refers to. */
export function namesIn(item: Node): ReadonlySet<string> {
  const known = namesOfItems.get(item);
  if (known) return known;
  const names = new Set<string>();
  walk(item, (node) => {
    if (node.kind === 'reference') names.add(node.name);
  });
  namesOfItems.set(item, names);
  return names;
}

/** Tells whether an item binds a name. */
export function isBinding(item: ExperimentItem): item is Let | Assignment {
  return item.kind === 'let' || item.kind === 'assignment';
}

/** Merges the settings of one data set; another data set replaces the inherited one. */
export function applyData(items: Items, data: Data): Items {
  return replaceOrAppend<Data>(items, 'data', data, (old) =>
    old.name.text === data.name.text
      ? {
          ...old,
          name: data.name,
          settings: {
            ...old.settings,
            entries: mergeEntries(old.settings.entries, data.settings.entries),
          },
        }
      : data,
  );
}

/** Merges training settings; a new length replaces the old one with its decay. */
export function applyTrain(items: Items, train: Train): Items {
  return replaceOrAppend<Train>(items, 'train', train, (old) => {
    const given = new Set(train.settings.map(({ name }) => name.text));
    const replaced = given.has('steps') ? ['epochs', 'decay_from'] : given.has('epochs') ? ['steps'] : [];
    const kept = old.settings.filter(({ name }) => !replaced.includes(name.text));
    return {
      ...old,
      settings: mergeEntries(kept, train.settings),
      optimizers: train.optimizers.reduce(replaceOptimizer, old.optimizers),
    };
  });
}

function replaceOrAppend<T extends Data | Train>(
  items: Items,
  kind: T['kind'],
  item: T,
  merge: (old: T) => T,
): Items {
  const at = items.findIndex((other) => other.kind === kind);
  if (at < 0) return [...items, item];
  return items.map((other, index) => (index === at ? merge(other as T) : other));
}

/** Settings replace inherited ones of the same name; `none` removes one. */
function mergeEntries(inherited: readonly Entry[], changes: readonly Entry[]): Entry[] {
  const byName = new Map<string, Entry[]>();
  for (const change of changes)
    byName.set(change.name.text, [...(byName.get(change.name.text) ?? []), change]);
  const known = new Set(inherited.map(({ name }) => name.text));
  const merged = inherited.flatMap((entry) => {
    return byName.get(entry.name.text) ?? [entry];
  });
  const all = [...merged, ...changes.filter(({ name }) => !known.has(name.text))];
  // A setting of the preset is removed by `none` written beside the preset.
  const hasPreset = all.some(({ name }) => name.text === 'preset');
  return hasPreset ? all : all.filter(({ value }) => value.kind !== 'none');
}

/** Gives networks another optimizer; the other networks of a shared line keep theirs. */
function replaceOptimizer(optimizers: readonly Optimize[], own: Optimize): readonly Optimize[] {
  const names = own.networks.map(({ text }) => text);
  const shares = ({ networks }: Optimize): boolean => networks.some(({ text }) => names.includes(text));
  const at = optimizers.findIndex(shares);
  if (at < 0) return [...optimizers, own];
  return optimizers.flatMap((other, index) => {
    const networks = without(other.networks, names);
    return [...(networks ? [{ ...other, networks }] : []), ...(index === at ? [own] : [])];
  });
}

/** A loss replaces all losses that train one of its networks; other networks of those losses need a new loss. */
export function applyLoss(items: Items, loss: Loss): Items {
  const names = loss.networks.map(({ text }) => text);
  const trains = (item: ExperimentItem): boolean =>
    item.kind === 'loss' && item.networks.some(({ text }) => names.includes(text));
  return replaceFirst(items, trains, loss);
}

/** Removes a network with its loss, optimizer and weights. */
export function leaveOut(items: Items, name: Name, context: MergeContext): Items {
  const lets = items.filter((item): item is Let => item.kind === 'let');
  if (!lets.some((item) => item.name.text === name.text)) {
    const known = lets.map((item) => item.name.text);
    context.report(messages.unknownPath(name.text, 'the experiment', name.span, known));
    return items;
  }
  return items.flatMap((item): ExperimentItem[] => {
    if (item.kind === 'let') return item.name.text === name.text ? [] : [item];
    if (item.kind === 'load') return item.network.text === name.text ? [] : [item];
    if (item.kind === 'loss') {
      const networks = without(item.networks, [name.text]);
      return networks ? [{ ...item, networks }] : [];
    }
    if (item.kind !== 'train') return [item];
    const optimizers = item.optimizers.flatMap((one) => {
      const networks = without(one.networks, [name.text]);
      return networks ? [{ ...one, networks }] : [];
    });
    return [{ ...item, optimizers }];
  });
}

/** Gives the remaining names; undefined if none remains. */
function without(
  names: Loss['networks'],
  removed: readonly string[],
): readonly [Name, ...Name[]] | undefined {
  const [first, ...others] = names.filter(({ text }) => !removed.includes(text));
  return first && [first, ...others];
}
