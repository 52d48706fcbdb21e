/**
 * Compares two networks of the same name: their arguments and, if these are unknown or equal, the counts and settings
 * of their ops and the shapes of their weights.
 */
import { parametersOf } from '../format/queries.ts';
import type { InputSpec, NetworkSpec, NodeSpec, VariableSpec } from '../format/types.ts';
import { diffArguments } from './arguments.ts';
import { compared, formatSetting, pairUp, type Difference } from './differences.ts';

/** Compares networks; a missing one is a single difference. */
export function diffNetwork(before: NetworkSpec | undefined, after: NetworkSpec | undefined): Difference[] {
  if (!before || !after) return [{ what: 'network', before: summaryOf(before), after: summaryOf(after) }];
  const written = diffArguments(before.name, before, after);
  const pairs: [string, (network: NetworkSpec) => string | undefined][] = [
    ['definition', ({ definition }) => (written ? undefined : definition)],
    ['parameters', (network) => parametersOf(network).toLocaleString('en-US')],
    ['weights from', ({ weights }) => weights?.path],
    ['naming', ({ weights }) => weights?.mapping],
  ];
  const whole = pairs.flatMap(([what, read]) => compared(what, read(before), read(after)));
  const inputs = pairUp<InputSpec>(before.inputs, after.inputs, ({ name }) => name).flatMap(
    ([name, one, other]) =>
      compared(`input ${name}`, one && describeInput(one), other && describeInput(other)),
  );
  const ops = [...diffOps(before, after), ...diffSettings(before, after)];
  // Different arguments explain different shapes; two spellings of the same network are no difference.
  if (written && written.length > 0 && !isAlike(before, after))
    return [...written, ...whole, ...inputs, ...summed('ops', ops)];
  return [...whole, ...inputs, ...ops, ...diffShapes(before, after)];
}

/** Tells whether two networks are equal apart from how they were written. */
function isAlike(before: NetworkSpec, after: NetworkSpec): boolean {
  const [one, other] = [before, after].map(({ definition, inputs, variables, nodes, outputs }) =>
    JSON.stringify([definition, inputs, variables, nodes.map(({ at: _, ...node }) => node), outputs]),
  );
  return one === other;
}

/** Joins differences into one line. */
function summed(what: string, differences: readonly Difference[]): Difference[] {
  const [before, after] = (['before', 'after'] as const).map((side) =>
    differences.flatMap((one) => (one[side] === undefined ? [] : [`${one.what} ${one[side]}`])).join(', '),
  );
  return compared(what, before || undefined, after || undefined);
}

function summaryOf(network: NetworkSpec | undefined): string | undefined {
  return network && `${network.definition}, ${parametersOf(network).toLocaleString('en-US')} parameters`;
}

function describeInput(input: InputSpec): string {
  if (input.kind === 'labels')
    return `labels ${input.width}x${input.height}, ${input.classes} classes${input.edges ? ', edges' : ''}`;
  const of = input.kind === 'encoded' ? ` of ${input.encoder}` : '';
  return `${input.kind}${of} ${formatSetting(input.shape)}`;
}

/** The count of each op, where it differs. */
function diffOps(before: NetworkSpec, after: NetworkSpec): Difference[] {
  const [ours, theirs] = [before, after].map(({ nodes }) => countBy(nodes, ({ op }) => op));
  return pairUp([...(ours ?? [])], [...(theirs ?? [])], ([op]) => op).flatMap(([op, one, other]) =>
    compared(op, times(one?.[1]), times(other?.[1])),
  );
}

/** Settings of ops that both networks have at the same place; equal changes are joined. */
function diffSettings(before: NetworkSpec, after: NetworkSpec): Difference[] {
  const [ours, theirs] = [before, after].map(({ nodes }) => groupBy(nodes, placeOf));
  const changes: { what: string; before: string | undefined; after: string | undefined }[] = [];
  for (const [place, own] of ours ?? []) {
    const others = theirs?.get(place) ?? [];
    // If the counts differ, only the counts are reported.
    if (own.length !== others.length) continue;
    own.forEach((node, index) => {
      for (const [key, one, other] of pairUp(
        Object.entries(node.attrs ?? {}),
        Object.entries(others[index]?.attrs ?? {}),
        ([name]) => name,
      ))
        changes.push(
          ...compared(`${node.op} ${key}`, one && formatSetting(one[1]), other && formatSetting(other[1])),
        );
    });
  }
  return together(changes);
}

/** Shapes of weights that both networks have; one line for all blocks. */
function diffShapes(before: NetworkSpec, after: NetworkSpec): Difference[] {
  const changes = pairUp<VariableSpec>(before.variables, after.variables, ({ name }) => name).flatMap(
    ([name, one, other]) =>
      one && other ? compared(lastOf(name), formatSetting(one.shape), formatSetting(other.shape)) : [],
  );
  return [...groupBy(changes, ({ what }) => what).values()].flatMap((group): Difference[] => {
    const [line, ...others] = together(group);
    if (!line || others.length === 0) return line ? [line] : [];
    const what = `${group[0]?.what} (${times(group.length)})`;
    return [{ what, before: `${line.before}, …`, after: `${line.after}, …` }];
  });
}

/** `up_0.norm_0.mlp_shared.weight` becomes `mlp_shared.weight`, the name that all blocks share. */
function lastOf(name: string): string {
  return name.split('.').slice(-2).join('.');
}

/** Joins equal changes into one line with their count. */
function together(changes: readonly Difference[]): Difference[] {
  const groups = groupBy(changes, ({ what, before, after }) => `${what} ${before} ${after}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    return [group.length === 1 ? first : { ...first, what: `${first.what} (${times(group.length)})` }];
  });
}

function times(count: number | undefined): string | undefined {
  return count === undefined ? undefined : `${count} times`.replace(/^1 times$/, 'once');
}

function placeOf({ scope, op }: NodeSpec): string {
  return `${scope ?? ''} ${op}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  return new Map([...groupBy(items, keyOf)].map(([key, group]) => [key, group.length]));
}
