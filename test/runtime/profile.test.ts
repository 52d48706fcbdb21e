/** Tests how profiles divide time, and the interpretation of names in TensorFlow's traces. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { makeProfile } from '../../runtime/profile/profile.ts';
import { shareTime } from '../../runtime/profile/shares.ts';
import { renderProfile } from '../../runtime/profile/text.ts';
import { nodeOf } from '../../runtime/session/trace.ts';

describe('time that passed', () => {
  it('belongs to what ran alone, in parts to what ran together, and to nobody between', () => {
    const intervals = [
      { start: 0, end: 10 },
      { start: 4, end: 6 },
      { start: 20, end: 21 },
    ];
    expect(shareTime(intervals)).toEqual([9, 1, 1]);
  });

  it('is divided equally among any number', () => {
    const intervals = Array.from({ length: 5 }, () => ({ start: 1, end: 11 }));
    expect(shareTime(intervals)).toEqual([2, 2, 2, 2, 2]);
  });

  it('is none for what took none', () => {
    expect(
      shareTime([
        { start: 3, end: 3 },
        { start: 3, end: 5 },
      ]),
    ).toEqual([0, 2]);
  });
});

describe('a kernel', () => {
  const b = new GraphBuilder();
  const product = b.within({ scope: 'G.conv', span: undefined }, () => {
    const x = b.input({ name: 'x', ...f32(1, 4, 4, 2) });
    return b.conv2d(x, b.input({ name: 'w', ...f32(3, 3, 2, 2) }), { stride: 1, padding: 'same' });
  });
  const active = b.within({ scope: 'G', span: undefined }, () =>
    b.leakyRelu(b.add(product, b.constant({ value: 1 })), { slope: 0 }),
  );

  it('that computes a convolution with what follows counts as the convolution', () => {
    const times = [
      { node: active, kernel: '_FusedConv2D', start: 0, end: 3 },
      { node: active, kernel: 'LeakyRelu', start: 3, end: 4 },
      { node: undefined, kernel: 'NoOp', start: 4, end: 5 },
    ];
    const profile = makeProfile([times], { stepMs: 6, tracedMs: 6 });
    expect(profile.ops.map(({ name, total }) => [name, total])).toEqual([
      ['conv2d', 3],
      ['leaky_relu', 1],
      ['NoOp', 1],
    ]);
    expect(profile.lines.map(({ text, total }) => [text, total])).toEqual([
      ['G.conv', 3],
      ['G', 1],
      ['the engine itself', 1],
    ]);
    expect(renderProfile(profile, 1)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ +G\.conv +3 +60\.0 +3 +0 +0 +1$/),
        expect.stringMatching(/^ +2 more +2 +40\.0 +2 +0 +0 +2$/),
        expect.stringMatching(/^ +total +5 +100\.0 +5 +0 +0 +3$/),
      ]),
    );
  });

  it('is the mean of the steps that were traced', () => {
    const trace = (ms: number) => [{ node: active, kernel: 'LeakyRelu', start: 0, end: ms }];
    const { kernelMs, ops } = makeProfile([trace(1), trace(3)], { stepMs: 2, tracedMs: 2 });
    expect(kernelMs).toBe(2);
    expect(ops).toMatchObject([{ name: 'leaky_relu', total: 2, kernels: 1 }]);
  });
});

describe("TensorFlow's names", () => {
  const b = new GraphBuilder();
  const [one, other] = [b.constant({ value: 1 }), b.constant({ value: 2 })];
  const origins = new Map([
    ['step/AddV2_12', one],
    ['G/apply/RealDiv_7', other],
  ]);

  it.each([
    ['step/AddV2_12', one],
    ['step/ArithmeticOptimizer/AddOpsRewrite_AddV2_12', one],
    ['step/AddV2_12/_3__cf__3', one],
    ['ConstantFolding/G/apply/RealDiv_7_recip', other],
    ['step/RealDiv_7', undefined],
    ['_SOURCE', undefined],
  ])('lead to the node: %s', (name, node) => {
    expect(nodeOf(name, origins)).toBe(node);
  });
});
