/** Tests the pass propagate-concat on training steps and on the graphs it targets: results are equal with less work. */
import { conv2d } from '../../compiler/ops/primitive/convolution/conv2d.ts';
import { is } from '../../compiler/ir/op.ts';
import { deriveOp } from '../../compiler/ops/primitive/derive.ts';
import { mean } from '../../compiler/ops/primitive/support.ts';
import { full } from '../support/engines.ts';
import { must } from '../../dsl/errors.ts';
import { describe, expect, it } from 'vitest';
import { propagateConcat } from '../../compiler/passes/propagate-concat.ts';
import { compile } from '../../compiler/index.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { reachable, shapeOf, type Node } from '../../compiler/ir/node.ts';
import { nodesOf, type Program } from '../../compiler/ir/program.ts';
import { f32, i32 } from '../../compiler/ir/types.ts';
import { rewrittenBy } from '../support/passes.ts';
import { evaluateStep, expectAgree, mapKinds, tableCases, tableSpec } from '../support/table-tests.ts';
import { cpu } from '../../compiler/lower/targets.ts';

const specOf = (name: string) =>
  tableSpec(
    must(
      tableCases.find((one) => one.name === name),
      name,
    ),
  );

/** A step computed per pixel, with its gradients. */
function stepOf(name: string, asWritten: boolean): Program {
  const spec = specOf(name);
  const { batch } = must(spec.data, 'it has data');
  return compile(spec, { target: cpu, batch, methods: ['step'], exposeGradients: true, asWritten });
}

const kinds = Object.keys(mapKinds);

describe.each(
  [
    'SPADE',
    'SPADE of three pictures with instance edges',
    'U-Net',
    'updates at once',
    'a gradient penalty',
    'a discriminator with statistics of the batch',
  ].map((name, index) => [name, must(kinds[index % kinds.length], 'there are kinds')] as const),
)('the step of %s', (name, kind) => {
  const [apart, written] = [stepOf(name, false), stepOf(name, true)];

  // Statistics, edges and U-Nets belong to the full tier.
  const isQuick = ['SPADE', 'updates at once', 'a gradient penalty'].includes(name);
  it(`is what is written, for maps of ${kind}`, isQuick ? {} : full, () => {
    const [found, expected] = [apart, written].map((step) => evaluateStep(specOf(name), step, kind));
    expectAgree(found!, expected!, 1e-6, 1e-2);
  });

  it('pools labels once, and sends no gradients to them', () => {
    const pooled = (program: Program, op: string): number =>
      program.methods
        .flatMap((method) => nodesOf(method))
        .filter((node) => node.op.name === op)
        .reduce((sum, node) => sum + shapeOf(node)[0]! * shapeOf(node)[3]!, 0);
    expect(pooled(apart, 'avg_pool2d')).toBeLessThan(pooled(written, 'avg_pool2d'));
    expect(pooled(apart, 'avg_pool2d_grad')).toBeLessThan(0.75 * pooled(written, 'avg_pool2d_grad'));
  });
});

describe('a convolution', () => {
  const b = new GraphBuilder();
  const labels = b.oneHot(b.input({ name: 'labels', ...i32(1, 8, 8) }), { depth: 5 });
  const weights = b.read({ name: 'filter', ...f32(3, 3, 8, 4) });
  const [fake, real] = [
    b.mul(b.input({ name: 'x', ...f32(1, 8, 8, 3) }), b.read({ name: 'scale', ...f32() })),
    b.input({ name: 'real', ...f32(1, 8, 8, 3) }),
  ];
  const stacked = (parts: readonly Node[]): Node => b.concat(parts, { axis: 0 });
  const joined = b.concat([stacked([labels, labels]), stacked([fake, real])], { axis: 3 });
  const root = b.conv2d(joined, weights, { stride: 1, padding: 'same' });
  const rewritten = rewrittenBy(propagateConcat, b, root);

  it('of labels that come twice is computed once, and apart from that of pictures', () => {
    const shapes = reachable([rewritten]).flatMap((node) =>
      is(conv2d, node) ? [shapeOf(node.operands[0])] : [],
    );
    expect(shapes).toEqual([
      [1, 8, 8, 5],
      [2, 8, 8, 3],
    ]);
  });

  it('of channels from data alone stays whole', () => {
    const both = b.concat([labels, real], { axis: 3 });
    const whole = b.conv2d(both, weights, { stride: 1, padding: 'same' });
    expect(rewrittenBy(propagateConcat, b, whole)).toBe(whole);
  });

  it('stops at what it is told', () => {
    expect(rewrittenBy(propagateConcat, b, root, [root])).toBe(root);
  });
});

describe('an op with a filter that the pass has never seen', () => {
  const correlate = deriveOp({
    name: 'correlate',
    doc: 'conv2d of stride 1.',
    operands: ['x', 'filter'],
    of: [conv2d],
    expand: ({ x, filter }, b): Node => b.conv2d(x, filter, { stride: 1, padding: 'same' }),
    actsOnParts: (_attrs, axis) => axis === 0,
    samples: [{ operands: [f32(2, 4, 4, 3), f32(2, 3, 3, 4)] }],
  });

  it('acts on each picture, with the whole filter', () => {
    const b = new GraphBuilder();
    const picture = b.input({ name: 'picture', ...f32(1, 4, 4, 3) });
    const taps = b.read({ name: 'taps', ...f32(1, 3, 3, 4) });
    const filter = b.concat([taps, taps], { axis: 0 });
    const root = b.make(correlate, [b.concat([picture, picture], { axis: 0 }), filter]);
    const one = b.make(correlate, [picture, filter]);
    expect(rewrittenBy(propagateConcat, b, root)).toBe(b.concat([one, one], { axis: 0 }));
  });
});

describe('a vector that is joined', () => {
  it('is no batch of pictures', () => {
    const b = new GraphBuilder();
    const half = b.input({ name: 'half', ...f32(2) });
    const x = b.read({ name: 'x', ...f32(1, 8, 8, 4) });
    const root = b.add(x, b.concat([half, half], { axis: 0 }));
    expect(rewrittenBy(propagateConcat, b, root)).toBe(root);
  });
});

describe('a discriminator of painted and real pictures', () => {
  const size = 8;
  const b = new GraphBuilder();
  const scale = b.read({ name: 'scale', ...f32() });
  const filters = [
    b.read({ name: 'first', ...f32(3, 3, 3, 4) }),
    b.read({ name: 'last', ...f32(3, 3, 4, 1) }),
  ] as const;
  const real = b.input({ name: 'real', ...f32(1, size, size, 3) });
  const painted = b.mul(b.input({ name: 'x', ...f32(1, size, size, 3) }), scale);

  /** Judges both pictures in one pass with statistics over the given axes; gives the judgement of the generated one. */
  const judged = (axes: readonly number[]): Node => {
    const both = b.concat([painted, real], { axis: 0 });
    const x = b.conv2d(both, filters[0], { stride: 1, padding: 'same' });
    const centred = b.sub(x, mean(b, x, axes));
    const y = b.conv2d(b.leakyRelu(centred, { slope: 0.2 }), filters[1], {
      stride: 1,
      padding: 'same',
    });
    return b.item(b.split(y, { axis: 0, sizes: [1, 1] }), 0);
  };
  const apart = (root: Node, trained: readonly Node[]): Node =>
    rewrittenBy(propagateConcat, b, root, [scale, ...filters], trained);

  it('judges the painted one alone where only the generator is trained and asks for no more', () => {
    const nodes = reachable([apart(judged([1, 2]), [scale])]);
    expect(nodes.filter(({ op }) => op === conv2d).map((node) => shapeOf(node)[0])).toEqual([1, 1]);
    expect(nodes).not.toContain(real);
  });

  it('stays in one piece where it is trained itself, or nothing is', () => {
    for (const trained of [[...filters], [scale, ...filters], []])
      expect(apart(judged([1, 2]), trained)).toBe(judged([1, 2]));
  });

  it('is taken apart up to what looks at both pictures', () => {
    const nodes = reachable([apart(judged([0, 1, 2]), [scale])]);
    expect(nodes.filter(({ op }) => op === conv2d).map((node) => shapeOf(node)[0])).toEqual([1, 1, 2]);
  });
});
