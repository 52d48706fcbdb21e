/** Tests winograd convolution: its kernels equal TensorFlow's, at borders too, and are deterministic. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { shapeOf, type Node } from '../../compiler/ir/node.ts';
import type { Method } from '../../compiler/ir/program.ts';
import { f32, sizeOf } from '../../compiler/ir/types.ts';
import { lower, type Target } from '../../compiler/index.ts';
import { bfloat16, roundToBfloat16 } from '../../compiler/ops/primitive/precision.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { hasKernels } from '../../runtime/engine/load-binding.ts';
import { NativeSession } from '../../runtime/session/native.ts';
import { runAndRead, type Feeds } from '../../runtime/session/session.ts';
import { describeNative, fullAfterFirst } from '../support/engines.ts';
import { cpu, withoutKernels } from '../../compiler/lower/targets.ts';

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly kernel: number;
  readonly out: number;
  readonly padding: 'same' | 'valid';
  readonly stride?: 1 | 2;
}

/**
 * Sizes that are no multiples of tiles, vectors and panels; channels that fit into the cache of one thread, and too
 * many for it, with several blocks of tiles and with one.
 */
const cases: readonly Case[] = [
  { x: [1, 64, 64, 48], kernel: 3, out: 64, padding: 'same' },
  { x: [2, 63, 67, 35], kernel: 3, out: 41, padding: 'same' },
  { x: [1, 70, 66, 64], kernel: 3, out: 72, padding: 'valid' },
  { x: [2, 90, 86, 17], kernel: 3, out: 64, padding: 'same' },
  { x: [3, 22, 21, 130], kernel: 3, out: 150, padding: 'same' },
  { x: [1, 18, 17, 256], kernel: 3, out: 272, padding: 'same' },
  { x: [1, 53, 54, 48], kernel: 4, out: 50, padding: 'same' },
  { x: [2, 33, 34, 96], kernel: 4, out: 80, padding: 'valid' },
  { x: [4, 66, 66, 32], kernel: 4, out: 64, padding: 'valid', stride: 2 },
  { x: [2, 97, 101, 48], kernel: 4, out: 50, padding: 'valid', stride: 2 },
  { x: [2, 64, 62, 64], kernel: 4, out: 72, padding: 'same', stride: 2 },
  { x: [6, 67, 63, 32], kernel: 4, out: 41, padding: 'same', stride: 2 },
  { x: [1, 36, 34, 160], kernel: 4, out: 150, padding: 'same', stride: 2 },
  { x: [1, 32, 32, 256], kernel: 4, out: 272, padding: 'same', stride: 2 },
];

/** A convolution and its gradients for picture and filter, as outputs of a method. */
function methodOf({ x, kernel, out, padding, stride = 1 }: Case, attrs = {}): Method {
  const b = new GraphBuilder();
  const picture = b.input({ name: 'x', ...f32(...x) });
  const filter = b.input({ name: 'filter', ...f32(kernel, kernel, x[3], out) });
  const y = b.conv2d(picture, filter, { stride, padding, ...attrs });
  const product = b.mul(y, b.input({ name: 'dy', ...f32(...shapeOf(y)) }));
  const [dx, dfilter] = gradients(b, b.sum(product, { axes: [0, 1, 2, 3], keep: false }), [
    picture,
    filter,
  ]) as [Node, Node];
  const outputs = new Map([
    ['y', y],
    ['dx', dx],
    ['dfilter', dfilter],
  ]);
  return { name: 'convolve', outputs, writes: new Map() };
}

function drawFeeds({ x, kernel, out }: Case, y: readonly number[]): Feeds {
  const draw = (name: string, shape: readonly number[]): Float32Array => {
    const random = new RandomStream(7, name);
    return new Float32Array(sizeOf(shape)).map(() => random.normal());
  };
  return { x: draw('x', x), filter: draw('filter', [kernel, kernel, x[3], out]), dy: draw('dy', y) };
}

const kernelsIn = (method: Method): number =>
  [...lower({ variables: [], methods: [method] }, { target: cpu }).origins.keys()].filter((name) =>
    name.includes('SpadeworkConvolve'),
  ).length;

describe('which convolutions are filtered minimally', () => {
  const large: Case = { x: [1, 64, 64, 64], kernel: 3, out: 64, padding: 'same' };
  it('large ones of 3x3 and 4x4, with both cotangents', () => {
    for (const one of [large, ...cases]) expect(kernelsIn(methodOf(one)), String(one.x)).toBe(3);
  });
  it.each([
    ['few channels', { ...large, x: [1, 256, 256, 64], out: 8 }, {}],
    ['few tiles', { ...large, x: [1, 12, 12, 512], out: 512 }, {}],
    ['few products', { ...large, x: [1, 16, 16, 64] }, {}],
    ['filters of 5x5', { ...large, kernel: 5 }, {}],
    ['filters of 3x3 at a stride', large, { stride: 2 }],
    ['a stride of 3', { ...large, kernel: 4 }, { stride: 3 }],
    [
      'a stride and channels that fill no vectors',
      { ...large, kernel: 4, x: [1, 64, 64, 72] },
      { stride: 2 },
    ],
    ['a dilation', large, { dilation: 2 }],
  ] as const)('not those with %s', (_name, one, attrs) => {
    expect(kernelsIn(methodOf(one, attrs))).toBe(0);
  });
});

await describeNative('minimal filtering', (tf) => {
  describe.skipIf(!hasKernels(tf))('where the kernels are compiled', { tags: 'needs-compiler' }, () => {
    const precisions = { float32: {}, bfloat16 } as const;
    const each = cases.flatMap((one) =>
      (['float32', 'bfloat16'] as const).map((precision) => ({
        name: `${one.x} filter ${one.kernel} to ${one.out}, ${one.padding}, stride ${one.stride ?? 1}, ${precision}`,
        one,
        precision,
      })),
    );
    // Every fifth case is in the quick tier, so that kernels, paddings, strides and precisions alternate.
    each.forEach(({ name, one, precision }, index) =>
      it(`is the convolution and both cotangents: ${name}`, fullAfterFirst(index % 5), async () => {
        const method = methodOf(one, precisions[precision]);
        const feeds = drawFeeds(one, shapeOf(method.outputs.get('y')!));
        const open = (target: Target): Promise<NativeSession> =>
          NativeSession.open(tf, { variables: [], methods: [method] }, target);
        const plain = await open(withoutKernels);
        const expected = await runAndRead(plain, 'convolve', feeds);
        await plain.dispose();
        const session = await open(cpu);
        const found = await runAndRead(session, 'convolve', feeds);
        for (const [name, values] of found) {
          const wanted = expected.get(name)!;
          const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const furthest = wanted.reduce(
            (most, value, at) => Math.max(most, Math.abs(value - values[at]!)),
            0,
          );
          // A sum between two numbers of bfloat16 may be rounded to either.
          expect(furthest / largest, name).toBeLessThan(precision === 'float32' ? 1e-5 : 2 ** -7);
          if (precision === 'bfloat16') {
            const apart = wanted.filter((value, at) => value !== values[at]).length;
            expect(apart / wanted.length, `${name}: numbers that are not the same`).toBeLessThan(0.02);
            expect(values.every((value) => roundToBfloat16(value) === value)).toBe(true);
          }
        }
        expect(await runAndRead(session, 'convolve', feeds), 'the same bits again').toEqual(found);
        await session.dispose();
      }),
    );
  });
});
