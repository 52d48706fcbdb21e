/** Tests the instructions of ops, and the header that kernels are compiled with. */
import { conv2d } from '../../compiler/ops/primitive/convolution/conv2d.ts';
import { abs, leakyRelu, leakyReluGrad } from '../../compiler/ops/primitive/derived-pointwise.ts';
import { select } from '../../compiler/ops/primitive/pointwise.ts';
import { describe, expect, it } from 'vitest';
import { ops } from '../../compiler/ops/index.ts';
import { parseProgramText } from '../../compiler/ops/fused/program.ts';
import { instructionsHeader } from '../../runtime/engine/instructions.ts';
import { kernelsFile } from '../../runtime/engine/kernels.ts';

const instructions = ops.flatMap(({ name, instruction }) => (instruction ? [{ name, ...instruction }] : []));

describe('instructions', () => {
  it.each(instructions)('$name compute with float32 numbers', ({ cpp }) => {
    expect(cpp.replace(/\/\/.*/g, '')).not.toMatch(/(?<![\w.])\d+(\.\d*(e[-+]?\d+)?|e[-+]?\d+)(?![\w.])/);
  });

  it.each(instructions)('$name is no other word of fused programs', ({ name }) => {
    expect(parseProgramText(`domain 1; ${name} 0`).values).toMatchObject([{ kind: 'apply', op: name }]);
  });

  it.each(ops.filter(({ instruction }) => instruction))('$name has its attributes in programs', (op) => {
    const { parameters = [], attrs = {} } = op.instruction ?? {};
    expect([...parameters, ...Object.keys(attrs)].sort()).toEqual(Object.keys(op.attrs ?? {}).sort());
  });
});

describe('the header of instructions', () => {
  it('names the sum and the product, of which there is one each', () => {
    const header = instructionsHeader();
    expect(header.match(/^#define SPADEWORK_(SUM|PRODUCT) .*$/gm)).toEqual([
      '#define SPADEWORK_SUM "add"',
      '#define SPADEWORK_PRODUCT "mul"',
    ]);
  });

  it('has a function and an entry for each', () => {
    const doubled = { ...leakyRelu, name: 'twice' };
    const statements = { cpp: '\n  const float y = x + x;\n  return y;' };
    expect(instructionsHeader([select, leakyReluGrad, conv2d, { ...doubled, instruction: statements }]))
      .toBe(`// Made of the ops that have an instruction; what it is written with is in numbers.h.
#pragma once

namespace spadework::instructions {

SPADEWORK_INLINE float select(float condition, float a, float b);
SPADEWORK_INLINE float leaky_relu_grad(float dy, float x, float slope);
SPADEWORK_INLINE float twice(float x);

SPADEWORK_INLINE float select(float condition, float a, float b) {
  return condition != 0.0f ? a : b;
}
SPADEWORK_INLINE float leaky_relu_grad(float dy, float x, float slope) {
  const float below = slope == 0.0f ? 0.0f : slope * dy;
  return x > 0.0f || (slope == 0.0f && x != x) ? dy : below;
}
SPADEWORK_INLINE float twice(float x) {
  const float y = x + x;
  return y;
}

}  // namespace spadework::instructions

// Says the name of each instruction, and how many operands and parameters it has.
#define SPADEWORK_INSTRUCTIONS(entry) \\
  entry(select, 3, 0) \\
  entry(leaky_relu_grad, 2, 1) \\
  entry(twice, 1, 0)
`);
  });

  it('is a part of the name of the kernels', () => {
    const more = instructionsHeader([...ops, { ...abs, name: 'other' }]);
    expect(kernelsFile(['avx2'], more)).not.toBe(kernelsFile(['avx2']));
  });
});
