/** Tests explanations: published parameter counts, costs that sum up, and text that fits a terminal. */
import { input } from '../../compiler/ir/sources.ts';
import { is } from '../../compiler/ir/op.ts';
import { reshape } from '../../compiler/ops/primitive/shapes.ts';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import { explain } from '../../compiler/explain/explain.ts';
import { renderExplanation, formatBytes, formatCount } from '../../compiler/explain/render.ts';
import { peakBytes } from '../../compiler/explain/liveness.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Builder } from '../../compiler/ir/node.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { specOf } from '../support/specs.ts';
import { camvid, network } from '../support/spec-texts.ts';
import { cpu } from '../../compiler/lower/targets.ts';

// The class counts include the void label and the edge map, where data have them.
describe('the SPADE generator of width 64', () => {
  it.each([
    ['CamVid', 12, '92.33'],
    ['Cityscapes', 36, '93.05'],
    ['ADE20K', 151, '96.49'],
    ['COCO-Stuff', 184, '97.48'],
  ])('has as many parameters as the official one for %s', (_name, classes, millions) => {
    const spec = specOf(generator, { name: 'Painted', assume: { width: 256, height: 256, classes } });
    expect((explain(spec).networks[0]!.total.parameters / 1e6).toFixed(2)).toBe(millions);
  });

  it('has exactly these for 12 classes', () => {
    expect(explain(specOf(camvid)).networks[0]!.total.parameters).toBe(92_329_155);
  });
});

const generator = `use generators { SpadeGenerator }

network Painted(seg: LabelMap) -> Image {
  let generator = SpadeGenerator(width: 64)
  return generator(seg)
}
`;

describe('the cost of a network', () => {
  it('counts two operations for each product of a convolution', () => {
    const spec = specOf(network('  return seg |> conv(3, kernel: 5, bias: false) as c'), {
      assume: { width: 8, height: 4, classes: 2 },
    });
    const { total } = explain(spec).networks[0]!;
    const [convolution] = total.blocks;
    expect(convolution!.flops).toBe(2 * 8 * 4 * 3 * 5 * 5 * 2);
    expect(convolution!.activationBytes).toBe(4 * 8 * 4 * 3);
    expect(convolution!.shape).toEqual([4, 8, 3]);
    expect(convolution!.parameters).toBe(5 * 5 * 2 * 3);
  });

  it('of a block is at least that of the blocks in it', () => {
    const visit = (block: ReturnType<typeof explain>['networks'][number]['total']): void => {
      for (const key of ['parameters', 'flops', 'activationBytes'] as const)
        expect(block[key]).toBeGreaterThanOrEqual(block.blocks.reduce((sum, inner) => sum + inner[key], 0));
      block.blocks.forEach(visit);
    };
    for (const { total } of explain(specOf(camvid)).networks) visit(total);
  });
});

describe('the estimate of peak memory', () => {
  const bytes = (node: { results: readonly { shape: readonly number[] }[] }) =>
    node.results.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const peak = (build: (b: Builder) => ReturnType<Builder['input']>) => {
    const b = new GraphBuilder();
    const result = build(b);
    return peakBytes({ name: 'm', outputs: new Map([['y', result]]), writes: new Map() }, (node) =>
      is(input, node) || is(reshape, node) ? 0 : bytes(node),
    );
  };
  const x = (b: Builder) => b.input({ name: 'x', ...f32(10) });

  it('of a chain is two values', () => {
    expect(peak((b) => b.neg(b.tanh(b.neg(x(b)))))).toBe(20);
  });

  it('of a value that is needed again is one more', () => {
    expect(
      peak((b) => {
        const early = b.neg(x(b));
        return b.add(b.tanh(b.exp(early)), early);
      }),
    ).toBe(30);
  });

  it('keeps what a view shows', () => {
    expect(
      peak((b) => {
        const view = b.reshape(b.neg(x(b)), { shape: [2, 5] });
        return b.add(b.tanh(b.exp(b.reshape(x(b), { shape: [2, 5] }))), view);
      }),
    ).toBe(30);
  });
});

describe('an explanation as text', () => {
  const spec = specOf(camvid);
  const program = compile(spec, { target: cpu, batch: 2 });
  const explanation = explain(spec, {
    step: { before: program, after: program, batch: 2, levels: [], target: cpu },
    times: [{ phase: 'expand', milliseconds: 80.4 }],
  });

  it.each([1, 2, 9])('fits 110 columns at depth %d', (depth) => {
    for (const line of renderExplanation(explanation, { depth }).split('\n'))
      expect(line.length).toBeLessThanOrEqual(110);
  });

  it('is a table of blocks, the step and the times', async () => {
    await expect(renderExplanation(explanation)).toMatchFileSnapshot('../samples/explain/camvid.txt');
  });

  it('shows inner blocks where asked for', () => {
    expect(renderExplanation(explanation, { depth: 1 })).not.toContain('norm_s');
    expect(renderExplanation(explanation, { depth: 2 })).toContain('\n  norm_s');
  });

  it.each([
    [0, '0 ', '0 B'],
    [999, '999 ', '999 B'],
    [1023, '1.0 k', '1023 B'],
    [92_329_155, '92.3 M', '88.1 MiB'],
    [999_999, '1.0 M', '977 KiB'],
    [325_058_560, '325 M', '310 MiB'],
    [12.4e9, '12.4 G', '11.5 GiB'],
  ])('writes %d as "%s" and "%s"', (value, count, bytesText) => {
    expect(formatCount(value)).toBe(count);
    expect(formatBytes(value)).toBe(bytesText);
  });
});
