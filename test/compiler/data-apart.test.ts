/** Answers for keeping data apart from what weights have reached: less is computed, and it is the same. */
import { describe, expect, it } from 'vitest';
import { DataApart } from '../../compiler/data-apart.ts';
import { compile } from '../../compiler/index.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { reachable, shapeOf, type Node } from '../../compiler/ir/node.ts';
import { nodesOf, type Program } from '../../compiler/ir/program.ts';
import { f32, i32, must } from '../../compiler/ir/types.ts';
import { evaluateStep, expectAgree, mapKinds, tableCases, tableSpec } from '../support/table-tests.ts';

const specOf = (name: string) =>
  tableSpec(
    must(
      tableCases.find((one) => one.name === name),
      name,
    ),
  );

/** A step pixel by pixel, with its gradients. */
function stepOf(name: string, asWritten: boolean): Program {
  const spec = specOf(name);
  const { batch } = must(spec.data, 'it has data');
  return compile(spec, { batch, methods: ['step'], exposeGradients: true, asWritten });
}

const kinds = Object.keys(mapKinds);

describe.each(
  [
    'SPADE',
    'SPADE of three pictures with instance edges',
    'U-Net',
    'updates at once',
    'a gradient penalty',
  ].map((name, index) => [name, must(kinds[index], 'there are as many kinds')] as const),
)('the step of %s', (name, kind) => {
  const [apart, written] = [stepOf(name, false), stepOf(name, true)];

  it(`is what is written, for maps of ${kind}`, () => {
    const [found, expected] = [apart, written].map((step) => evaluateStep(specOf(name), step, kind));
    expectAgree(found!, expected!, 1e-6, 1e-2);
  });

  it('pools labels once, and sends no gradients to them', () => {
    const pooled = (program: Program, op: string): number =>
      program.methods
        .flatMap(nodesOf)
        .filter((node) => node.op === op)
        .reduce((sum, node) => sum + shapeOf(node)[0]! * shapeOf(node)[3]!, 0);
    expect(pooled(apart, 'avg_pool2d')).toBeLessThan(pooled(written, 'avg_pool2d'));
    expect(pooled(apart, 'avg_pool2d_grad')).toBeLessThan(0.75 * pooled(written, 'avg_pool2d_grad'));
  });
});

describe('a convolution', () => {
  const b = new Builder();
  const labels = b.op('one_hot', [b.input('labels', i32(1, 8, 8))], { depth: 5 });
  const weights = b.read('filter', f32(3, 3, 8, 4));
  const [fake, real] = [
    b.mul(b.input('x', f32(1, 8, 8, 3)), b.read('scale', f32())),
    b.input('real', f32(1, 8, 8, 3)),
  ];
  const stacked = (parts: readonly Node[]): Node => b.op('concat', parts, { axis: 0 });
  const joined = b.op('concat', [stacked([labels, labels]), stacked([fake, real])], { axis: 3 });
  const root = b.op('conv2d', [joined, weights], { stride: 1, padding: 'same' });
  const rewritten = must(new DataApart(b).rewrite([root], []).get(root), 'a root');

  it('of labels that come twice is computed once, and apart from that of pictures', () => {
    const shapes = reachable([rewritten]).flatMap((node) =>
      node.op === 'conv2d' ? [shapeOf(node.operands[0]!)] : [],
    );
    expect(shapes).toEqual([
      [1, 8, 8, 5],
      [2, 8, 8, 3],
    ]);
  });

  it('of channels from data alone stays whole', () => {
    const both = b.op('concat', [labels, real], { axis: 3 });
    const whole = b.op('conv2d', [both, weights], { stride: 1, padding: 'same' });
    expect(new DataApart(b).rewrite([whole], []).get(whole)).toBe(whole);
  });

  it('stops at what it is told', () => {
    expect(new DataApart(b).rewrite([root], [root]).get(root)).toBe(root);
  });
});
