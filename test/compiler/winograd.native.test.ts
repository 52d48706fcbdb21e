/** Answers for minimal filtering: its kernels compute what the float64 reference does, at borders too, and each time alike. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/autodiff/gradients.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { shapeOf, type Node } from '../../compiler/ir/node.ts';
import type { Method } from '../../compiler/ir/program.ts';
import { f32, sizeOf } from '../../compiler/ir/types.ts';
import { lowerToTensorflow } from '../../compiler/lower/tensorflow.ts';
import { bfloat16 } from '../../compiler/ops/precision.ts';
import type { RefTensor } from '../../compiler/ops/define.ts';
import { RandomStream } from '../../compiler/random.ts';
import { evaluate } from '../../compiler/reference.ts';
import { hasKernels } from '../../runtime/engine/load-binding.ts';
import { NativeSession } from '../../runtime/session/native.ts';
import { describeNative } from '../support/engines.ts';

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly kernel: number;
  readonly out: number;
  readonly padding: 'same' | 'valid';
}

/** Sizes that leave parts of tiles, of vectors and of panels over; channels that one thread's cache holds, and too many for it. */
const cases: readonly Case[] = [
  { x: [1, 16, 16, 16], kernel: 3, out: 16, padding: 'same' },
  { x: [2, 13, 17, 19], kernel: 3, out: 37, padding: 'same' },
  { x: [1, 18, 15, 40], kernel: 3, out: 33, padding: 'valid' },
  { x: [3, 10, 9, 130], kernel: 3, out: 150, padding: 'same' },
  { x: [2, 40, 36, 17], kernel: 3, out: 64, padding: 'same' },
  { x: [1, 13, 14, 21], kernel: 4, out: 35, padding: 'same' },
  { x: [2, 13, 12, 32], kernel: 4, out: 18, padding: 'valid' },
];

/** The convolution, its gradients for picture and filter, and all of them as outputs of a method. */
function methodOf({ x, kernel, out, padding }: Case, attrs = {}): Method {
  const b = new Builder();
  const picture = b.input('x', f32(...x));
  const filter = b.input('filter', f32(kernel, kernel, x[3], out));
  const y = b.op('conv2d', [picture, filter], { stride: 1, padding, ...attrs });
  const product = b.mul(y, b.input('dy', f32(...shapeOf(y))));
  const [dx, dfilter] = gradients(b, b.sum(product, [0, 1, 2, 3], false), [picture, filter]) as [Node, Node];
  const outputs = new Map([
    ['y', y],
    ['dx', dx],
    ['dfilter', dfilter],
  ]);
  return { name: 'convolve', outputs, writes: new Map() };
}

function drawInputs({ x, kernel, out }: Case, y: readonly number[]): Map<string, RefTensor> {
  const draw = (name: string, shape: readonly number[]): [string, RefTensor] => {
    const random = new RandomStream(7, name);
    return [name, { shape, data: new Float64Array(sizeOf(shape)).map(() => Math.fround(random.normal())) }];
  };
  return new Map([draw('x', x), draw('filter', [kernel, kernel, x[3], out]), draw('dy', y)]);
}

const kernelsIn = (method: Method): number =>
  [...lowerToTensorflow({ variables: [], methods: [method] }, { kernels: true }).origins.keys()].filter(
    (name) => name.includes('SpadeworkConvolve'),
  ).length;

describe('which convolutions are filtered minimally', () => {
  const small: Case = { x: [1, 16, 16, 16], kernel: 3, out: 16, padding: 'same' };
  it.each(cases.map((one) => [`${one.x} ${one.kernel}`, one] as const))('%s', (_name, one) => {
    expect(kernelsIn(methodOf(one))).toBe(3);
  });
  it.each([
    ['few channels', { ...small, out: 8 }, {}],
    ['few tiles', { ...small, x: [1, 12, 12, 16] }, {}],
    ['filters of 5x5', { ...small, kernel: 5 }, {}],
    ['a stride', small, { stride: 2 }],
    ['a dilation', small, { dilation: 2 }],
    ['bfloat16', small, bfloat16],
  ] as const)('not those with %s', (_name, one, attrs) => {
    expect(kernelsIn(methodOf(one, attrs))).toBe(0);
  });
});

await describeNative('minimal filtering', (tf) => {
  describe.runIf(hasKernels(tf))('where the kernels are compiled', () => {
    it.each(
      cases.map((one) => [`${one.x} filter ${one.kernel} to ${one.out}, ${one.padding}`, one] as const),
    )('is the convolution and both cotangents: %s', (_name, one) => {
      const method = methodOf(one);
      const [y] = method.outputs.values();
      const inputs = drawInputs(one, shapeOf(y!));
      const expected = evaluate([...method.outputs.values()], { inputs, variables: new Map() });
      const session = new NativeSession(tf, { variables: [], methods: [method] });
      const feeds = Object.fromEntries(
        [...inputs].map(([name, { data }]) => [name, Float32Array.from(data)]),
      );
      const found = session.run('convolve', feeds);
      [...found].forEach(([name, values], index) => {
        const { data } = expected[index]!;
        const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const furthest = data.reduce((most, value, at) => Math.max(most, Math.abs(value - values[at]!)), 0);
        // Rounding is some times that of plain sums: the largest factor of the transforms is 8.
        expect(furthest / largest, name).toBeLessThan(2e-5);
      });
      expect(session.run('convolve', feeds), 'the same bits again').toEqual(found);
      session.dispose();
    });
  });
});
