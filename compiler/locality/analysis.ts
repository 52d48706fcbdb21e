/**
 * Answers for label locality: which values of a graph are, at each pixel, a function of a window of the label maps and of
 * weights alone. One walk over the nodes; it knows ops by what they do to pixels, and no network by name. What has no rule
 * here is not local, so a new op is safe before it is known.
 */
import { reachable, shapeOf, type Node } from '../ir/node.ts';
import type { Shape } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { along, dilationOf, extentOf, geometryOf } from '../ops/primitive/convolution.ts';
import { flag, list, number } from '../ir/op.ts';
import { pointwiseNames } from '../ops/primitive/pointwise.ts';
import { windowOf } from '../ops/primitive/pooling.ts';
import { pairs } from '../ops/primitive/support.ts';
import { upTo, type Axis } from './axis.ts';
import { LocalityTable, type LocalValue } from './local.ts';
import type { PixelTable, Pixels } from './pixels.ts';

export interface LocalityOptions {
  /** Tells the inputs that are label maps ([N,H,W] ids, or [N,H,W,C] of few discrete values such as edges) by name. */
  readonly isMap: (input: string) => boolean;
  /**
   * Nodes that hold weights although they are computed from pictures: what an optimizer made of them earlier in the same
   * method. The values that a method writes are such nodes.
   */
  readonly weights?: Iterable<Node>;
}

/** A convolution that reads labels in some channels of its operand and something else in the others: it can be split. */
export interface PartlyLocal {
  /** The channels [from, to) of the operand that are label-local, ascending. */
  readonly channels: readonly (readonly [number, number])[];
  /** What the convolution of these channels alone is. */
  readonly local: LocalValue;
}

export interface Locality {
  /** The label-local nodes with one result, operands before users. */
  readonly local: ReadonlyMap<Node, LocalValue>;
  readonly partly: ReadonlyMap<Node, PartlyLocal>;
  /** The nodes that depend on weights alone. */
  readonly weights: ReadonlySet<Node>;
}

/** Neighboring channels that read the same; `pixels` is undefined where they depend on more than maps and weights. */
interface Segment {
  readonly channels: number;
  readonly pixels: Pixels | undefined;
}

/** What is known of a result: it depends on weights alone, or its channels on pixels; undefined: on anything. */
type Fact = 'weights' | readonly Segment[] | undefined;

type Rule = (node: Node, walk: Walk) => readonly Fact[];

/** Finds what is label-local among the nodes that `roots` need. */
export function analyzeLocality(roots: Iterable<Node>, options: LocalityOptions): Locality {
  const walk = new Walk(options);
  const nodes = reachable(roots);
  for (const node of nodes) walk.visit(node);
  const weights = new Set(nodes.filter((node) => walk.isWeight(node)));
  return { local: walk.local, partly: walk.partly, weights };
}

class Walk {
  readonly table = new LocalityTable();
  readonly pixels: PixelTable = this.table.pixels;
  readonly local = new Map<Node, LocalValue>();
  readonly partly = new Map<Node, PartlyLocal>();
  private readonly facts = new Map<Node, readonly Fact[]>();
  private readonly weights: ReadonlySet<Node>;

  constructor(readonly options: LocalityOptions) {
    this.weights = new Set(options.weights);
  }

  visit(node: Node): void {
    const facts = this.weights.has(node) ? node.results.map((): Fact => 'weights') : this.factsOf(node);
    this.facts.set(node, facts);
    if (facts.length !== 1 || node.results.length !== 1) return;
    const [fact] = facts;
    const whole = fact === 'weights' ? undefined : this.whole(fact);
    if (whole && whole.maps.length > 0) this.local.set(node, this.table.describe(whole));
  }

  private factsOf(node: Node): readonly Fact[] {
    const rule = rules.get(node.op);
    const facts = rule?.(node, this);
    if (facts && facts.some((fact) => fact !== undefined)) return facts;
    // Whatever is computed from weights alone is one of them.
    const isWeight = node.operands.length > 0 && node.operands.every((operand) => this.isWeight(operand));
    return node.results.map(() => (isWeight ? 'weights' : undefined));
  }

  /** Gives what is known of a node with one result. */
  of(node: Node): Fact {
    return this.facts.get(node)?.[0];
  }

  all(node: Node): readonly Fact[] {
    return this.facts.get(node) ?? [];
  }

  isWeight(node: Node): boolean {
    return this.all(node).every(
      (fact) => fact === 'weights' || fact?.every(({ pixels }) => pixels?.maps.length === 0) === true,
    );
  }

  /** What all channels together read; undefined where any is not local. */
  whole(fact: Fact): Pixels | undefined {
    if (fact === undefined || fact === 'weights') return undefined;
    return this.mergeAll(fact.map(({ pixels }) => pixels));
  }

  mergeAll(all: readonly (Pixels | undefined)[]): Pixels | undefined {
    return all.reduce((sum, next) => sum && next && this.pixels.merge(sum, next));
  }

  /** Reads a node as pixels of a result of `rank`: weights only where they are the same at every pixel of every picture. */
  asPixels(node: Node, rank: number): readonly Segment[] | undefined {
    const fact = this.of(node);
    const shape = shapeOf(node);
    if (fact !== 'weights' && shape.length === rank) return fact;
    if (!this.isWeight(node)) return undefined;
    const aligned = [...new Array<number>(Math.max(rank - shape.length, 0)).fill(1), ...shape];
    if (aligned.length !== rank || aligned.slice(0, 3).some((size) => size !== 1)) return undefined;
    return [{ channels: aligned[3] ?? 1, pixels: this.pixels.uniform(1, 1) }];
  }

  /** Applies a change of pixels to the channels of the first operand, each by itself. */
  each(node: Node, change: (pixels: Pixels) => Pixels | undefined): readonly Fact[] {
    const [x] = node.operands;
    const fact = x && this.asPixels(x, shapeOf(x).length);
    return [
      fact && tidy(fact.map(({ channels, pixels }) => ({ channels, pixels: pixels && change(pixels) }))),
    ];
  }

  /** Applies a change to rows and columns. */
  alongBoth(pixels: Pixels, change: (axis: Axis, which: 1 | 2) => Axis): Pixels {
    return this.pixels.along(
      pixels,
      (axis) => change(axis, 1),
      (axis) => change(axis, 2),
    );
  }
}

/** Joins neighbors that read the same; undefined where no channel is local. */
function tidy(segments: readonly Segment[]): Fact {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    if (last && last.pixels === segment.pixels)
      joined.splice(-1, 1, { ...last, channels: last.channels + segment.channels });
    else joined.push(segment);
  }
  return joined.some(({ pixels }) => pixels) ? joined : undefined;
}

/** Picks channels of segments, in the order of `indices`. */
function pickChannels(segments: readonly Segment[], indices: readonly number[]): Fact {
  const each = segments.flatMap(({ channels, pixels }) =>
    new Array<Pixels | undefined>(channels).fill(pixels),
  );
  return tidy(indices.map((index) => ({ channels: 1, pixels: each[index] })));
}

const range = (begin: number, size: number): number[] => Array.from({ length: size }, (_, i) => begin + i);

/** Keeps entries of any axis of pictures. */
function pick(walk: Walk, fact: Fact, axis: number, indices: readonly number[]): Fact {
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

const isPicture = (shape: Shape): boolean => shape.length === 3 || shape.length === 4;

/** Values at the same place, broadcast. */
const pointwise: Rule = (node, walk) => {
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

function boundaries(segments: readonly Segment[]): number[] {
  return segments.reduce((ends, { channels }) => [...ends, ends.at(-1)! + channels], [0]);
}

function segmentAt(segments: readonly Segment[], channel: number): Segment {
  const ends = boundaries(segments).slice(1);
  return must(segments[ends.findIndex((end) => channel < end)], 'a channel is below the number of channels');
}

/** How a convolution of any kind changes an axis of its operand. */
type Reading = (walk: Walk, axis: Axis, which: 1 | 2) => Axis;

/** A convolution whose every output reads all channels; where only some are local the node is noted as partly local. */
const convolution =
  (reading: (node: Node) => Reading): Rule =>
  (node, walk) => {
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
      walk.partly.set(node, {
        channels: fact.flatMap(({ pixels }, index) =>
          pixels && pixels.maps.length > 0 ? [[ends[index]!, ends[index + 1]!] as const] : [],
        ),
        local: walk.table.describe(result),
      });
    }
    return [undefined];
  };

const slide =
  (node: Node): Reading =>
  (walk, axis, which) => {
    const kernel = must(
      shapeOf(node.operands[1]!)[which - 1],
      'a filter has the shape [rows, columns, in, out]',
    );
    const geometry = geometryOf(node.attrs);
    const dilation = dilationOf(node.attrs);
    const { out, before } = along(axis.size, extentOf(kernel, dilation), geometry);
    return walk.pixels.axes.slide(axis, out, kernel, geometry.stride, before, dilation);
  };

const spread =
  (node: Node): Reading =>
  (walk, axis, which) => {
    const kernel = must(
      shapeOf(node.operands[1]!)[which - 1],
      'a filter has the shape [rows, columns, in, out]',
    );
    const size = must(shapeOf(node)[which], 'a picture has the shape [pictures, rows, columns, channels]');
    const geometry = geometryOf(node.attrs);
    const dilation = dilationOf(node.attrs);
    const { before } = along(size, extentOf(kernel, dilation), geometry);
    return walk.pixels.axes.spread(axis, size, kernel, geometry.stride, before, dilation);
  };

/** A convolution of each channel by itself. */
const perChannel =
  (reading: (node: Node) => Reading): Rule =>
  (node, walk) => {
    const read = reading(node);
    if (!walk.isWeight(node.operands[1]!)) return [undefined];
    return walk.each(node, (pixels) => walk.alongBoth(pixels, (axis, which) => read(walk, axis, which)));
  };

const pool: Rule = (node, walk) => {
  const { size, stride } = windowOf(node.attrs);
  return walk.each(node, (pixels) =>
    walk.alongBoth(pixels, (axis, which) =>
      walk.pixels.axes.slide(
        axis,
        must(shapeOf(node)[which], 'split lists the sizes of its parts'),
        size,
        stride,
        0,
      ),
    ),
  );
};

/** Padding of pixels; of pictures or channels there is no rule, for want of a meaning. */
const padded =
  (change: (walk: Walk, axis: Axis, before: number, after: number) => Axis): Rule =>
  (node, walk) => {
    const [pictures, rows, columns, channels] = pairs(list(node.attrs, 'amounts'));
    if (!rows || !columns || [pictures, channels].some((pair) => pair?.some((amount) => amount > 0)))
      return [undefined];
    return walk.each(node, (pixels) =>
      walk.alongBoth(pixels, (axis, which) => change(walk, axis, ...(which === 1 ? rows : columns))),
    );
  };

/** Reductions over channels alone keep pixels apart. */
const reduction: Rule = (node, walk) => {
  const [x] = node.operands;
  const isOverChannels = String(list(node.attrs, 'axes')) === '3' && flag(node.attrs, 'keep');
  const whole = isOverChannels && x ? walk.whole(walk.asPixels(x, 4)) : undefined;
  return [whole && [{ channels: 1, pixels: whole }]];
};

const same: Rule = (node, walk) => [walk.of(node.operands[0]!)];

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    'input',
    (node, walk) => {
      const name = String(node.attrs['name']);
      const shape = shapeOf(node);
      if (!walk.options.isMap(name) || !isPicture(shape)) return [undefined];
      const [pictures, height, width, channels = 1] = shape as [number, number, number, number?];
      return [[{ channels, pixels: walk.pixels.map(name, pictures, height, width) }]];
    },
  ],
  ['read', () => ['weights']],
  [
    'constant',
    (node, walk) => {
      const shape = shapeOf(node);
      const [, height = 1, width = 1, channels = 1] = shape;
      const isPlane = isPicture(shape) && height * width > 1;
      return isPlane ? [[{ channels, pixels: walk.pixels.uniform(height, width) }]] : ['weights'];
    },
  ],
  ['item', (node, walk) => [walk.all(node.operands[0]!)[number(node.attrs, 'index')]]],
  ['stop_gradient', same],
  ...[...pointwiseNames, 'broadcast_to'].map((op) => [op, pointwise] as const),
  [
    'one_hot',
    (node, walk) => {
      const [x] = node.operands;
      const whole = x && shapeOf(x).length === 3 ? walk.whole(walk.of(x)) : undefined;
      return [whole && [{ channels: number(node.attrs, 'depth'), pixels: whole }]];
    },
  ],
  [
    'reshape',
    (node, walk) => {
      const [x] = node.operands;
      const [from, to] = [x ? shapeOf(x) : [], shapeOf(node)];
      const keepsPixels =
        isPicture(from) && isPicture(to) && String(from.slice(0, 3)) === String(to.slice(0, 3));
      return [keepsPixels ? walk.of(x!) : undefined];
    },
  ],
  [
    'transpose',
    (node, walk) =>
      list(node.attrs, 'permutation').every((a, i) => a === i) ? same(node, walk) : [undefined],
  ],
  [
    'take',
    (node, walk) => {
      const [x] = node.operands;
      if (!x || !isPicture(shapeOf(x))) return [undefined];
      return [
        pick(
          walk,
          walk.asPixels(x, shapeOf(x).length),
          number(node.attrs, 'axis'),
          list(node.attrs, 'indices'),
        ),
      ];
    },
  ],
  [
    'slice',
    (node, walk) => {
      const [x] = node.operands;
      if (!x || !isPicture(shapeOf(x))) return [undefined];
      const begin = list(node.attrs, 'begin');
      return [
        shapeOf(node).reduce<Fact>(
          (fact, size, axis) => pick(walk, fact, axis, range(begin[axis]!, size)),
          walk.asPixels(x, shapeOf(x).length),
        ),
      ];
    },
  ],
  [
    'split',
    (node, walk) => {
      const [x] = node.operands;
      const axis = number(node.attrs, 'axis');
      const fact = x && isPicture(shapeOf(x)) ? walk.asPixels(x, shapeOf(x).length) : undefined;
      let begin = 0;
      return list(node.attrs, 'sizes').map((size) => {
        begin += size;
        return pick(walk, fact, axis, range(begin - size, size));
      });
    },
  ],
  [
    'concat',
    (node, walk) => {
      const shape = shapeOf(node);
      const axis = number(node.attrs, 'axis');
      const [first] = node.operands;
      if (!first || !isPicture(shape)) return [undefined];
      const parts = node.operands.map((operand) => walk.asPixels(operand, shape.length));
      if (axis === 3) {
        const [pictures, height, width] = shape as [number, number, number, number];
        return [
          tidy(
            node.operands.flatMap((operand, index) =>
              (parts[index] ?? [{ channels: shapeOf(operand)[3]!, pixels: undefined }]).map(
                ({ channels, pixels }) => ({
                  channels,
                  pixels: pixels && walk.pixels.broadcast(pixels, [pictures, height, width]),
                }),
              ),
            ),
          ),
        ];
      }
      // One value several times: the same function of more pictures.
      if (axis !== 0 || node.operands.some((operand) => operand !== first)) return [undefined];
      const pictures = node.operands.flatMap(() => upTo(shapeOf(first)[0]!));
      return [pick(walk, parts[0], 0, pictures)];
    },
  ],
  [
    'upsample_nearest',
    (node, walk) => {
      const factor = number(node.attrs, 'factor');
      return walk.each(node, (pixels) =>
        walk.alongBoth(pixels, (axis) =>
          walk.pixels.axes.take(
            axis,
            upTo(axis.size * factor).map((i) => Math.floor(i / factor)),
          ),
        ),
      );
    },
  ],
  ['pad', padded((walk, axis, before, after) => walk.pixels.axes.pad(axis, before, after))],
  [
    'reflect_pad',
    padded((walk, axis, before, after) =>
      walk.pixels.axes.take(axis, [
        ...upTo(before).map((i) => before - i),
        ...upTo(axis.size),
        ...upTo(after).map((i) => axis.size - 2 - i),
      ]),
    ),
  ],
  ['conv2d', convolution(slide)],
  ['conv2d_input_grad', convolution(spread)],
  ['depthwise_conv2d', perChannel(slide)],
  ['depthwise_conv2d_input_grad', perChannel(spread)],
  ['avg_pool2d', pool],
  ['max_pool2d', pool],
  ['sum', reduction],
  ['max', reduction],
]);
