/**
 * Defines locality rules: how an op passes locality from operands to results. An op's entry has its rule, mostly one
 * of the forms below. An op without a rule is not local, which is always correct.
 */
import { must } from '../../dsl/errors.ts';
import { shapeOf, type AttrRules, type ExpandedOp, type Node } from '../ir/node.ts';
import type { NodeOf, OpOf } from '../ir/op.ts';
import { pairs } from '../ir/types.ts';
import type { Axis } from './axis.ts';
import { boundaries, isPicture, pickChannels, segmentAt, tidy, type Fact, type Segment } from './facts.ts';
import type { LocalValue } from './local.ts';
import type { Pixels, PixelTable } from './pixels.ts';

declare module '../ir/node.ts' {
  interface Op {
    /** Gives what is known of a node's results from what is known of its operands. */
    locality?(node: Node, walk: Walk): readonly Fact[];
  }
}

declare module '../ir/op.ts' {
  interface Entry<O extends readonly string[], A extends AttrRules> {
    /**
     * Gives what is known of a node's results from what is known of its operands; omitted by pointwise ops, and where
     * nothing is known.
     */
    readonly locality?: (node: NodeOf<OpOf<O, A>>, walk: Walk) => readonly Fact[];
  }
}

/** A convolution with some label-local input channels: it can be split into a local and a general part. */
export interface PartlyLocal {
  /** The label-local channels [from, to) of the operand, ascending. */
  readonly channels: readonly (readonly [number, number])[];
  /** The description of the convolution of these channels alone. */
  readonly local: LocalValue;
}

/** The walk over the nodes, as rules use it. */
export interface Walk {
  readonly pixels: PixelTable;
  /** Tells whether an input is a label map. */
  readonly isMap: (input: string) => boolean;
  /** Gives what is known of a node with one result. */
  of(node: Node): Fact;
  /** Gives what is known of all results of a node. */
  all(node: Node): readonly Fact[];
  isWeight(node: Node): boolean;
  /** The reads of all channels together; undefined if any channel is not local. */
  whole(fact: Fact): Pixels | undefined;
  mergeAll(all: readonly (Pixels | undefined)[]): Pixels | undefined;
  /** Gives a node as pixels of a result of `rank`; weights only if they are equal at every pixel of every picture. */
  asPixels(node: Node, rank: number): readonly Segment[] | undefined;
  /** Applies a change of pixels to each channel of a node separately. */
  each(x: Node, change: (pixels: Pixels) => Pixels | undefined): readonly Fact[];
  /** Applies a change to the axes of rows and columns. */
  alongBoth(pixels: Pixels, change: (axis: Axis, which: 1 | 2) => Axis): Pixels;
  /** Records that a convolution is local in some channels of its operand. */
  notePartly(node: Node, channels: readonly (readonly [number, number])[], pixels: Pixels): void;
  /** Gives what is known of a graph's results if its inputs are `operands`. */
  through(graph: ExpandedOp, operands: readonly Node[]): readonly Fact[];
}

type Rule = (node: Node, walk: Walk) => readonly Fact[];

/** The only result has the locality of the operand. */
export const asOperand: Rule = (node, walk) => [
  walk.of(must(node.operands[0], `${node.op.name} has an operand`)),
];

/** Selects entries along any axis of pictures. */
export function pick(walk: Walk, fact: Fact, axis: number, indices: readonly number[]): Fact {
  if (fact === undefined || fact === 'weights') return fact;
  if (axis === 3) return pickChannels(fact, indices);
  return tidy(
    fact.map(({ channels, pixels }) => ({
      channels,
      pixels:
        pixels &&
        (axis === 0
          ? walk.pixels.takePictures(pixels, indices)
          : walk.alongBoth(pixels, (one, which) =>
              which === axis ? walk.pixels.axes.take(one, indices) : one,
            )),
    })),
  );
}

/** The rule of pointwise ops: values at the same position, broadcast. */
export const pointwise: Rule = (node, walk) => {
  const shape = shapeOf(node);
  if (!isPicture(shape)) return [undefined];
  const [pictures, height, width, channels = 1] = shape as [number, number, number, number?];
  const parts = node.operands.map((operand) => walk.asPixels(operand, shape.length));
  if (parts.every((part) => part === undefined)) return [undefined];
  const spans = parts.map((part): readonly Segment[] => {
    if (!part) return [{ channels, pixels: undefined }];
    const [first] = part;
    return part.length === 1 && first?.channels === 1 ? [{ ...first, channels }] : part;
  });
  const cuts = new Set(spans.flatMap((span) => boundaries(span)));
  const places = [...cuts].toSorted((a, b) => a - b);
  const segments = places.slice(1).map((end, index): Segment => {
    const begin = must(places[index], 'a row of segments is not empty');
    const met = spans.map((span) => segmentAt(span, begin).pixels);
    const sized = met.map((one) => one && walk.pixels.broadcast(one, [pictures, height, width]));
    return { channels: end - begin, pixels: walk.mergeAll(sized) };
  });
  return [tidy(segments)];
};

/** How a convolution changes an axis of its operand. */
export type Reading = (walk: Walk, axis: Axis, which: 1 | 2) => Axis;

/**
 * A convolution in which every output reads all channels; if only some channels are local, it is recorded as partly
 * local.
 */
export const convolution =
  <N extends Node>(reading: (node: N) => Reading) =>
  (node: N, walk: Walk): readonly Fact[] => {
    const [x, filter] = node.operands;
    const fact = x && walk.asPixels(x, 4);
    if (!fact || !filter || !walk.isWeight(filter)) return [undefined];
    const read = reading(node);
    const local = walk.mergeAll(fact.flatMap(({ pixels }) => (pixels ? [pixels] : [])));
    const result = local && walk.alongBoth(local, (axis, which) => read(walk, axis, which));
    if (fact.every(({ pixels }) => pixels))
      return [
        result && [{ channels: must(shapeOf(node)[3], 'a picture has an axis of channels'), pixels: result }],
      ];
    if (result && result.maps.length > 0) {
      const ends = boundaries(fact);
      const channels = fact.flatMap(({ pixels }, index) =>
        pixels && pixels.maps.length > 0 ? [[ends[index]!, ends[index + 1]!] as const] : [],
      );
      walk.notePartly(node, channels, result);
    }
    return [undefined];
  };

/** A convolution of each channel separately. */
export const perChannel =
  <N extends Node>(reading: (node: N) => Reading) =>
  (node: N, walk: Walk): readonly Fact[] => {
    const read = reading(node);
    const [x, filter] = node.operands;
    if (!x || !filter || !walk.isWeight(filter)) return [undefined];
    return walk.each(x, (pixels) => walk.alongBoth(pixels, (axis, which) => read(walk, axis, which)));
  };

type Padding = Node & {
  readonly operands: readonly [Node];
  readonly attrs: { readonly amounts: readonly number[] };
};

/** Padding of pixels; padding of the batch or of channels has no rule. */
export const padded =
  (change: (walk: Walk, axis: Axis, before: number, after: number) => Axis) =>
  (node: Padding, walk: Walk): readonly Fact[] => {
    const [pictures, rows, columns, channels] = pairs(node.attrs.amounts);
    if (!rows || !columns || [pictures, channels].some((pair) => pair?.some((amount) => amount > 0)))
      return [undefined];
    return walk.each(node.operands[0], (pixels) =>
      walk.alongBoth(pixels, (axis, which) => change(walk, axis, ...(which === 1 ? rows : columns))),
    );
  };
