/**
 * Tests label locality: the analysis's windows, grids and classes, and independently that float64 values agree with
 * it, on random graphs.
 */
import { conv2d } from '../../compiler/ops/primitive/convolution/conv2d.ts';
import { mean } from '../../compiler/ops/primitive/support.ts';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { type Builder, reachable, shapeOf, type Node } from '../../compiler/ir/node.ts';
import { f32, i32 } from '../../compiler/ir/types.ts';
import { analyzeLocality } from '../../compiler/locality/analysis.ts';
import type { LocalValue } from '../../compiler/locality/local.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { expectHolds, expectTight, isMap, mapsOf, variablesOf } from '../support/locality.ts';
import { indexPatches } from '../support/locality-patches.ts';

const conv = (
  b: Builder,
  x: Node,
  kernel: number,
  padding: 'same' | 'valid' = 'same',
  stride = 1,
  out = 2,
  dilation = 1,
): Node =>
  b.conv2d(
    x,
    b.read({
      name: `w${kernel}${stride}${padding}${shapeOf(x)[3]}${out}`,
      ...f32(kernel, kernel, shapeOf(x)[3]!, out),
    }),
    {
      stride,
      padding,
      ...(dilation > 1 && { dilation }),
    },
  );

const localOf = (node: Node): LocalValue | undefined => analyzeLocality([node], { isMap }).local.get(node);

/** The window of a value with one view, rows and columns. */
const windowOf = (node: Node): number[] | undefined => {
  const local = localOf(node);
  expect(local?.views.length ?? 1).toBe(1);
  const [view] = local?.views ?? [];
  return view && [view.rows.from, view.rows.to, view.columns.from, view.columns.to];
};

describe('the analysis', () => {
  const b = new GraphBuilder();
  const ids = b.input({ name: 'seg', ...i32(2, 12, 9) });
  const encoded = b.oneHot(ids, { depth: 3 });
  const resized = (size: number) =>
    b.take(b.take(encoded, { axis: 1, indices: nearest(12, size) }), {
      axis: 2,
      indices: nearest(9, size),
    });
  const picture = b.input({ name: 'image', ...f32(2, 12, 9, 3) });
  const bias = b.read({ name: 'bias', ...f32(2) });

  it.each([
    ['the map', ids, [0, 0, 0, 0]],
    ['one-hot channels', encoded, [0, 0, 0, 0]],
    ['a 3x3 convolution', conv(b, encoded, 3), [-1, 1, -1, 1]],
    ['a 4x4 convolution, padded as TensorFlow does', conv(b, encoded, 4), [-1, 2, -1, 2]],
    ['a 3x3 convolution, dilated', conv(b, encoded, 3, 'same', 1, 2, 2), [-2, 2, -2, 2]],
    ['a 2x2 convolution, dilated', conv(b, encoded, 2, 'valid', 1, 2, 3), [0, 3, 0, 3]],
    ['two 3x3 convolutions', conv(b, b.add(conv(b, encoded, 3), bias), 3), [-2, 2, -2, 2]],
    ['the same at another resolution', conv(b, conv(b, resized(7), 3), 3), [-2, 2, -2, 2]],
    ['two convolutions of stride 2', conv(b, conv(b, encoded, 3, 'valid', 2), 3, 'valid', 2), [-3, 3, -3, 3]],
    ['an average', b.avgPool2d(encoded, { size: 3, stride: 1 }), [-1, 1, -1, 1]],
    ['channels joined', b.concat([encoded, conv(b, encoded, 3)], { axis: 3 }), [-1, 1, -1, 1]],
    ['a part of the channels', part(b, b.concat([encoded, conv(b, encoded, 3)], { axis: 3 })), [0, 0, 0, 0]],
  ])('gives the window of %s', (_name, node, window) => {
    expect(windowOf(node)).toEqual(window);
  });

  it.each([
    ['statistics over pixels', b.sub(encoded, mean(b, encoded, [1, 2]))],
    ['statistics over the batch', b.sub(encoded, mean(b, encoded, [0, 1, 2]))],
    ['a picture', b.add(encoded, picture)],
    ['a convolution of a picture', conv(b, picture, 3)],
    [
      'weights that have a value for each pixel',
      b.mul(encoded, b.read({ name: 'elements', ...f32(12, 9, 3) })),
    ],
    [
      'noise',
      b.mul(
        encoded,
        b.randomNormal(b.input({ name: 'random_state', ...i32(2) }), { shape: [2, 12, 9, 3], stream: 1 }),
      ),
    ],
    ['pixels in another order', b.transpose(encoded, { permutation: [0, 2, 1, 3] })],
    ['different values on top of each other', b.concat([encoded, b.neg(encoded)], { axis: 0 })],
    [
      'a filter made of pictures',
      b.conv2d(encoded, b.reshape(mean(b, picture, [0, 1, 2]), { shape: [1, 1, 3, 1] }), {
        stride: 1,
        padding: 'same',
      }),
    ],
  ])('stops at %s', (_name, node) => {
    expect(localOf(node)).toBeUndefined();
  });

  it('takes weights from outside where it is told that they are weights', () => {
    const moved = b.sub(
      b.read({ name: 'w', ...f32(1, 1, 3, 2) }),
      b.broadcastTo(mean(b, picture, [0, 1, 2, 3]), { shape: [1, 1, 3, 2] }),
    );
    const node = b.conv2d(encoded, moved, { stride: 1, padding: 'same' });
    expect(localOf(node)).toBeUndefined();
    expect(analyzeLocality([node], { isMap, weights: [moved] }).local.has(node)).toBe(true);
  });

  it('gives the exact source of every row, at any ratio', () => {
    const { rows, columns } = localOf(conv(b, resized(7), 3))!.views[0]!;
    expect(rows.grid).toEqual([0, 1, 3, 5, 6, 8, 10]);
    expect(columns.grid).toEqual([0, 1, 2, 3, 5, 6, 7]);
    const again = b.take(resized(7), { axis: 1, indices: nearest(7, 3) });
    expect(localOf(again)!.views[0]!.rows.grid).toEqual([0, 3, 6]);
  });

  it('tells values with equal patches by one key', () => {
    const [gamma, beta] = [conv(b, conv(b, encoded, 3), 3), b.tanh(conv(b, b.neg(conv(b, encoded, 3)), 3))];
    expect(localOf(gamma)!.key).toBeDefined();
    const { local } = analyzeLocality([gamma, beta], { isMap });
    expect(local.get(gamma)!.key).toBe(local.get(beta)!.key);
    expect(local.get(gamma)!.key).not.toBe(local.get(conv(b, encoded, 3))!.key);
  });

  it('knows maps that are stacked twice, and their halves', () => {
    const twice = b.concat([encoded, encoded], { axis: 0 });
    const y = conv(b, twice, 3);
    const half = b.item(b.split(y, { axis: 0, sizes: [1, 3] }), 1);
    const { local } = analyzeLocality([half, conv(b, encoded, 3)], { isMap });
    expect(local.get(y)!.pictures).toEqual([0, 1, 0, 1]);
    expect(local.get(half)!.pictures).toEqual([1, 0, 1]);
    expect(local.get(half)!.key).toBe(local.get(conv(b, encoded, 3))!.key);
  });

  it('tells rows apart that use their window differently', () => {
    expect(localOf(encoded)!.rowClasses).toEqual(new Array<number>(12).fill(0));
    expect(localOf(encoded)!.readsOutside).toBe(false);
    const y = localOf(conv(b, encoded, 3))!;
    expect(y.rowClasses).toEqual([0, ...new Array<number>(10).fill(1), 2]);
    expect(y.readsOutside).toBe(true);
    const doubled = b.upsampleNearest(conv(b, encoded, 3, 'valid'), { factor: 2 });
    const phases = localOf(conv(b, doubled, 3, 'valid'))!.rowClasses;
    // Inside a doubled pixel, both rows read two pixels of the source, one with the pixel before and one with the
    // pixel after.
    const inside = phases.slice(2, -2);
    expect(new Set(inside).size).toBe(2);
    expect(inside.every((phase, row) => phase === inside[row % 2])).toBe(true);
  });

  it('reports the labels that a convolution reads beside a picture, through pooling and padding too', () => {
    const both = b.concat([encoded, picture, b.input({ name: 'seg.edges', ...f32(2, 12, 9, 1) })], {
      axis: 3,
    });
    const pooled = b.avgPool2d(b.pad(both, { amounts: [0, 0, 1, 1, 1, 1, 0, 0], value: 0 }), {
      size: 3,
      stride: 2,
    });
    const node = conv(b, pooled, 3, 'valid');
    const found = analyzeLocality([node], { isMap });
    expect(found.local.has(node)).toBe(false);
    expect(found.partly.get(node)!.channels).toEqual([
      [0, 3],
      [6, 7],
    ]);
    const views = found.partly.get(node)!.local.views;
    expect(views.map(({ map }) => map).toSorted()).toEqual(['seg', 'seg.edges']);
    expect(views.map(({ rows }) => [rows.from, rows.to])).toEqual([
      [-3, 3],
      [-3, 3],
    ]);
  });
});

describe('random graphs', () => {
  it.each(Array.from({ length: 80 }, (_, seed) => seed))('hold what is said of them: %d', (seed) => {
    const random = new RandomStream(seed, 'any graph');
    const root = drawGraph(random, anyOps);
    expectHolds([root], random);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))('have no smaller window: %d', (seed) => {
    const random = new RandomStream(seed, 'tight graph');
    const root = drawGraph(random, tightOps);
    expectTight(root, random);
  });

  it('name every pixel that sees the same, and no more pixels than there are', () => {
    const random = new RandomStream(1, 'count');
    const root = drawGraph(random, tightOps);
    const local = localOf(root)!;
    const { indices, count } = indexPatches(local, mapsOf([root], random));
    expect(indices).toHaveLength(
      shapeOf(root)
        .slice(0, 3)
        .reduce((a, b) => a * b, 1),
    );
    expect(count).toBe(Math.max(...indices) + 1);
  });

  it('evaluate to values that differ from place to place', () => {
    const random = new RandomStream(2, 'spread');
    const root = drawGraph(random, tightOps);
    const [value] = evaluate([root], {
      inputs: mapsOf([root], random),
      variables: variablesOf([root], random),
    });
    expect(new Set(value!.data).size).toBeGreaterThan(3);
    expect(reachable([root]).some(({ op }) => op === conv2d)).toBe(true);
  });
});

function nearest(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
}

function part(b: Builder, x: Node): Node {
  return b.item(b.split(x, { axis: 3, sizes: [3, shapeOf(x)[3]! - 3] }), 0);
}

type Draw = (b: Builder, x: Node, random: RandomStream) => Node;

const [least, most] = [3, 24];

/** Ops whose windows are exactly as large as declared. */
const tightOps: readonly Draw[] = [
  (b, x, random) => {
    const [kernel, stride] = [1 + random.below(5), 1 + random.below(2)];
    return conv(b, x, kernel, random.below(2) === 0 ? 'same' : 'valid', stride);
  },
  (b, x, random) => conv(b, x, 1 + random.below(4)),
  (b, x, random) => {
    const [kernel, dilation] = [1 + random.below(3), 2 + random.below(2)];
    const fits = Math.min(...shapeOf(x).slice(1, 3)) > (kernel - 1) * dilation;
    return conv(b, x, kernel, fits && random.below(2) === 0 ? 'valid' : 'same', 1, 2, dilation);
  },
  (b, x) =>
    b.leakyRelu(b.add(x, b.read({ name: `bias${shapeOf(x)[3]}`, ...f32(shapeOf(x)[3]!) })), { slope: 0.2 }),
  (b, x, random) => depthwise(b, x, 1 + random.below(3)),
  (b, x, random) => b.avgPool2d(x, { size: 1 + random.below(3), stride: 1 + random.below(2) }),
];

function depthwise(b: Builder, x: Node, kernel: number): Node {
  const channels = shapeOf(x)[3]!;
  const filter = b.read({ name: `d${kernel}of${channels}`, ...f32(kernel, kernel, channels, 1) });
  return b.depthwiseConv2d(x, filter, { stride: 1, padding: 'same' });
}

const anyOps: readonly Draw[] = [
  ...tightOps,
  (b, x, random) => resize(b, x, least + random.below(10), least + random.below(10)),
  (b, x, random) => (shapeOf(x)[1]! > 10 ? x : b.upsampleNearest(x, { factor: 1 + random.below(3) })),
  (b, x, random) => {
    const amounts = [0, 0, ...[0, 1, 2, 3].map(() => random.below(4)), 0, 0];
    return b.pad(x, { amounts, value: random.below(2) - 0.5 });
  },
  (b, x, random) => b.reflectPad(x, { amounts: [0, 0, ...[0, 1, 2, 3].map(() => random.below(3)), 0, 0] }),
  (b, x, random) => b.maxPool2d(x, { size: 1 + random.below(3), stride: 1 + random.below(2) }),
  // The mean over the pixels inside, as spec pooling writes it.
  (b, x) => {
    const around = { amounts: [0, 0, 1, 1, 1, 1, 0, 0], value: 0 };
    const window = { size: 3, stride: 2 };
    const ones = b.constant({ value: 1, shape: [1, shapeOf(x)[1]!, shapeOf(x)[2]!, 1] });
    const mean = (y: Node): Node => b.avgPool2d(b.pad(y, around), window);
    return b.div(mean(x), mean(ones));
  },
  // A convolution with stride 2.
  (b, x, random) => {
    const [, height, width] = shapeOf(x) as [number, number, number];
    const every = (size: number): number[] => Array.from({ length: Math.ceil(size / 2) }, (_, i) => 2 * i);
    const sparse = b.take(b.take(x, { axis: 1, indices: every(height) }), {
      axis: 2,
      indices: every(width),
    });
    return resize(b, conv(b, sparse, 1 + random.below(3)), height, width);
  },
  // A transposed convolution.
  (b, x, random) => {
    const [kernel, stride, out] = [1 + random.below(4), 1 + random.below(2), 2];
    const dilation = stride === 1 ? 1 + random.below(3) : 1;
    const [pictures, height, width, channels] = shapeOf(x) as [number, number, number, number];
    if (height > 12 || kernel < stride) return x;
    const spread = (size: number): number => (size - 1) * stride + (kernel - 1) * dilation + 1;
    return b.conv2dInputGrad(
      x,
      b.read({ name: `t${kernel}${stride}of${channels}`, ...f32(kernel, kernel, out, channels) }),
      {
        stride,
        padding: 'valid',
        shape: [pictures, spread(height), spread(width), out],
        ...(dilation > 1 && { dilation }),
      },
    );
  },
  (b, x, random) => {
    const [pictures, height, width, channels] = shapeOf(x) as [number, number, number, number];
    if (height < least + 2 || width < least + 2) return x;
    const begin = [0, random.below(3), random.below(3), 0];
    return b.slice(x, { begin, size: [pictures, height - begin[1]!, width - 2, channels] });
  },
  (b, x, random) => {
    const channels = shapeOf(x)[3]!;
    if (channels < 2) return x;
    return b.item(b.split(x, { axis: 3, sizes: [1, channels - 1] }), random.below(2));
  },
  (b, x) => (shapeOf(x)[0]! > 4 ? x : b.concat([x, x], { axis: 0 })),
  // Combined with itself, read differently.
  (b, x) => b.concat([x, conv(b, x, 3)], { axis: 3 }),
  (b, x) => b.mul(x, b.sigmoid(conv(b, x, 2, 'same', 1, shapeOf(x)[3]))),
  (b, x) => b.select(b.greaterEqual(x, b.constant({ value: 0.1 })), x, b.neg(x)),
  (b, x) => b.max(x, { axes: [3], keep: true }),
];

function resize(b: Builder, x: Node, height: number, width: number): Node {
  const [, h, w] = shapeOf(x) as [number, number, number];
  return b.take(b.take(x, { axis: 1, indices: nearest(h, height) }), {
    axis: 2,
    indices: nearest(w, width),
  });
}

/** Starts from a map, with or without edges, at any resolution; then applies ops while the picture has a valid size. */
function drawGraph(random: RandomStream, draws: readonly Draw[]): Node {
  const b = new GraphBuilder();
  const [height, width] = [6 + random.below(6), 6 + random.below(6)];
  const ids = b.input({ name: 'seg', ...i32(2, height, width) });
  const edges = b.input({ name: 'seg.edges', ...f32(2, height, width, 1) });
  const encoded = b.oneHot(ids, { depth: 3 });
  let x = random.below(2) === 0 ? encoded : b.concat([encoded, edges], { axis: 3 });
  if (random.below(2) === 0) x = resize(b, x, 5 + random.below(9), 5 + random.below(9));
  x = conv(b, x, 1 + random.below(3));
  for (let count = 3 + random.below(3); count > 0; count--) {
    const draw = draws[random.below(draws.length)]!;
    const [, rows, columns] = shapeOf(x) as [number, number, number];
    if (Math.min(rows, columns) < 2 * least) break;
    const next = draw(b, x, random);
    if (
      shapeOf(next)
        .slice(1, 3)
        .every((size) => size >= least && size <= most)
    )
      x = next;
  }
  return x;
}
