/**
 * Computes a profile: the time of a step by source line, by kind of op and by block. Times are wall time: kernels that
 * run concurrently share every moment, so that their times sum to that of the step.
 */
import type { Node } from '../../compiler/ir/node.ts';
import { must } from '../../dsl/errors.ts';
import { belongsToUpdate } from '../../compiler/build/step.ts';
import { positionAt, type Source } from '../../dsl/source.ts';
import type { KernelTime } from '../session/session.ts';
import { shareTime } from './shares.ts';

/** The phases of a step that a spec's nodes belong to. */
export const phases = ['forward', 'backward', 'update'] as const;
export type Phase = (typeof phases)[number];

/** Milliseconds by phase. */
export type PhaseTimes = Readonly<Record<Phase, number>>;

/** The time of one part; times are milliseconds per step, averaged over the traced steps. */
export interface Part {
  readonly total: number;
  readonly times: PhaseTimes;
  /** The number of its kernels per step. */
  readonly kernels: number;
}

export interface LinePart extends Part {
  /** The source and line number, from 1; undefined for time without a source line. */
  readonly place: { readonly source: Source; readonly line: number } | undefined;
  /** The source line, or a description of the time without one. */
  readonly text: string;
}

export interface OpPart extends Part {
  /** The op of the graph, or the engine's name of a kernel that belongs to no node. */
  readonly name: string;
}

/** A block with its inner blocks; its time includes theirs. */
export interface BlockPart {
  readonly name: string;
  readonly total: number;
  readonly phase?: Phase;
  readonly parts: readonly BlockPart[];
}

export interface Profile {
  /** The number of traced steps. */
  readonly steps: number;
  /** The mean wall time of a step without tracing, and with tracing. */
  readonly stepMs: number;
  readonly tracedMs: number;
  /** Time in kernels per traced step; the rest passes between them. */
  readonly kernelMs: number;
  /** Sorted by time, longest first. */
  readonly lines: readonly LinePart[];
  readonly ops: readonly OpPart[];
  readonly blocks: BlockPart;
}

/** The time of a node of the graph, or of a kernel without a node. */
interface Entry {
  readonly node: Node | undefined;
  readonly kernel: string;
  readonly ms: number;
}

/** Work of the engine itself, such as passing on the inputs of a method. */
const engineName = 'the engine itself';

/** Makes a profile of traced steps. */
export function makeProfile(
  traces: readonly (readonly KernelTime[])[],
  { stepMs, tracedMs }: Pick<Profile, 'stepMs' | 'tracedMs'>,
): Profile {
  const steps = traces.length;
  const entries = traces.flatMap((trace) => {
    const shares = shareTime(trace);
    return trace.map(({ node, kernel }, index): Entry => {
      const ms = must(shares[index], 'there is a share for each kernel') / steps;
      return { node: node && computedBy(node, kernel), kernel, ms };
    });
  });
  return {
    steps,
    stepMs,
    tracedMs,
    kernelMs: sum(entries),
    lines: [...groupBy(entries, lineKey)]
      .map(([, group]) => ({
        ...lineOf(must(group[0], 'groups are not empty').node),
        ...partOf(group, steps),
      }))
      .sort((one, other) => other.total - one.total),
    ops: [...groupBy(entries, opName)]
      .map(([name, group]) => ({ name, ...partOf(group, steps) }))
      .sort((one, other) => other.total - one.total),
    blocks: blockOf('step', entries, 0),
  };
}

/** A fused kernel is named after its last op; its time belongs to the product. */
function computedBy(node: Node, kernel: string): Node {
  if (!/Conv2D|MatMul/.test(kernel) || isProduct(node)) return node;
  let last = node;
  // TensorFlow fuses bias and activation.
  for (let depth = 0; depth < 4; depth++) {
    const before = last.operands.find(isProduct) ?? last.operands[0];
    if (!before) return node;
    if (isProduct(before)) return before;
    last = before;
  }
  return node;
}

const isProduct = ({ op }: Node): boolean => op.traits.isLinear === true;

function phaseOf(node: Node | undefined): Phase {
  if (node && belongsToUpdate(node)) return 'update';
  return node?.origin?.isGradient ? 'backward' : 'forward';
}

function lineOf(node: Node | undefined): Pick<LinePart, 'place' | 'text'> {
  const span = node?.origin?.span;
  if (!span) return { place: undefined, text: scopeName(node) };
  const { line } = positionAt(span.source, span.start);
  return {
    place: { source: span.source, line },
    text: (span.source.text.split('\n')[line - 1] ?? '').trim(),
  };
}

function lineKey({ node }: Entry): string {
  const { place, text } = lineOf(node);
  return place ? `${place.source.name}:${place.line}` : text;
}

/** The name for time without a source line. */
function scopeName(node: Node | undefined): string {
  return node?.origin?.scope ?? engineName;
}

function opName({ node, kernel }: Entry): string {
  return node?.op.name ?? kernel;
}

function partOf(entries: readonly Entry[], steps: number): Part {
  const times = { forward: 0, backward: 0, update: 0 };
  for (const { node, ms } of entries) times[phaseOf(node)] += ms;
  return {
    total: sum(entries),
    times,
    kernels: Math.round(entries.length / steps),
  };
}

/** Makes the tree of blocks; the innermost ones contain ops. */
function blockOf(name: string, entries: readonly Entry[], depth: number): BlockPart {
  const inner = entries.filter((entry) => pathOf(entry).length > depth);
  const blocks = [
    ...groupBy(inner, (entry) => must(pathOf(entry)[depth], 'a table of a profile has a first row')),
  ].map(([part, group]) => blockOf(part, group, depth + 1));
  const own = entries.filter((entry) => pathOf(entry).length === depth);
  const ops = [...groupBy(own, (entry) => `${opName(entry)} ${phaseOf(entry.node)}`)].map(
    ([, group]): BlockPart => {
      const first = must(group[0], 'groups are not empty');
      return { name: opName(first), total: sum(group), phase: phaseOf(first.node), parts: [] };
    },
  );
  const parts = [...blocks, ...ops].sort((one, other) => other.total - one.total);
  return { name, total: sum(entries), parts };
}

/**
 * The blocks around a node, from the outermost: those of an instance `G.up_0.norm_0`, or the whole scope if it is no
 * instance.
 */
function pathOf({ node }: Entry): string[] {
  const scope = scopeName(node);
  return scope.includes(' ') ? [scope] : scope.split('.');
}

const sum = (entries: readonly Entry[]): number => entries.reduce((total, { ms }) => total + ms, 0);

function groupBy(entries: readonly Entry[], keyOf: (entry: Entry) => string): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return groups;
}
