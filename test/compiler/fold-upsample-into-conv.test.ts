/** Tests the pass fold-upsample-into-conv: convolutions of upsampled pictures and their gradients are unchanged. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { foldUpsampleIntoConv } from '../../compiler/passes/fold-upsample-into-conv.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { reachable, shapeOf, type Attrs, type Node } from '../../compiler/ir/node.ts';
import { f32, sizeOf } from '../../compiler/ir/types.ts';
import { bfloat16 } from '../../compiler/ops/primitive/precision.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { rewrittenBy } from '../support/passes.ts';

interface Case {
  readonly size?: readonly [number, number];
  readonly kernel?: number;
  readonly factor?: number;
  readonly attrs?: Attrs;
}

/** A convolution of an upsampled picture, before and after the pass. */
function convolutions({ size = [33, 32], kernel = 3, factor = 2, attrs = {} }: Case) {
  const b = new GraphBuilder();
  const x = b.input({ name: 'x', ...f32(2, ...size, 3) });
  const filter = b.input({ name: 'filter', ...f32(kernel, kernel, 3, 2) });
  const larger = b.upsampleNearest(x, { factor });
  const written = b.conv2d(larger, filter, { stride: 1, padding: 'same', ...attrs });
  const rewritten = rewrittenBy(foldUpsampleIntoConv, b, written);
  return { b, x, filter, written, rewritten };
}

const opsOf = (node: Node): string[] => reachable([node]).map(({ op }) => op.name);

describe('a convolution of an upsampled picture', () => {
  it.each([
    ['3x3', {}],
    ['3x3, of another shape', { size: [32, 40] }],
    ['1x1', { kernel: 1, size: [4, 5] }],
    ['1x1, three times as large', { kernel: 1, factor: 3, size: [3, 4] }],
  ] as const)('is one of the picture, with the same gradients: %s', (_name, one) => {
    const { b, x, filter, written, rewritten } = convolutions(one);
    const ops = opsOf(rewritten);
    expect(ops.includes('conv2d') && ops.indexOf('upsample_nearest') < ops.indexOf('conv2d')).toBe(false);
    const dy = b.input({ name: 'dy', ...f32(...shapeOf(written)) });
    const all = [written, rewritten].map((y) => [y, ...gradients(b, y, [x, filter], dy)]);
    const inputs = new Map(
      [x, filter, dy].map((node) => {
        const name = String(node.attrs['name']);
        const random = new RandomStream(3, name);
        const data = Float64Array.from({ length: sizeOf(shapeOf(node)) }, () => random.normal());
        return [name, { shape: shapeOf(node), data }];
      }),
    );
    const [expected, found] = all.map((nodes) => evaluate(nodes, { inputs, variables: new Map() }));
    found!.forEach(({ shape, data }, index) => {
      expect(shape).toEqual(expected![index]!.shape);
      const apart = data.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - expected![index]!.data[at]!)),
        0,
      );
      expect(apart).toBeLessThan(1e-9);
    });
  });

  it.each([
    ['small pictures', { size: [16, 64] }],
    ['filters of 5x5', { kernel: 5 }],
    ['three times as large', { factor: 3 }],
    ['a stride', { attrs: { stride: 2 } }],
    ['a dilation', { attrs: { dilation: 2 } }],
    ['no padding', { attrs: { padding: 'valid' } }],
    ['bfloat16', { attrs: bfloat16 }],
  ] as const)('stays as it is with %s', (_name, one) => {
    const { written, rewritten } = convolutions(one);
    expect(rewritten).toBe(written);
  });
});
