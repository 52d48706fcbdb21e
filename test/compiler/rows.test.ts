/**
 * Tests that ops which the compiler has never seen act on rows by what their entries say: pointwise ones by their trait, others by a
 * rule of their own, and the rest on pixels. Whichever it is, the value is that of pixels.
 */
import { expect, it } from 'vitest';
import { must } from '../../dsl/errors.ts';
import { shapeOf, type Node, type Op } from '../../compiler/ir/node.ts';
import { nodesOf, type Method, type Program } from '../../compiler/ir/program.ts';
import { f32, i32, isSymbolic } from '../../compiler/ir/types.ts';
import { asOperand } from '../../compiler/locality/rule.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { deriveOp } from '../../compiler/ops/primitive/derive.ts';
import { add, div, exp } from '../../compiler/ops/primitive/pointwise.ts';
import { take } from '../../compiler/ops/primitive/take.ts';
import { deduplicatePatches } from '../../compiler/passes/deduplicate-patches.ts';
import { LevelPlanner } from '../../compiler/passes/deduplicate-patches/levels.ts';
import { ForwardPipeline } from '../../compiler/passes/pipeline.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { drawFor, evaluateProgram } from '../support/pass-samples.ts';
import { distance } from '../support/samples.ts';

const gate = deriveOp({
  name: 'gate',
  doc: 'x / (1 + exp(x)).',
  operands: ['x'],
  traits: { isPointwise: true },
  of: [add, div, exp],
  expand: ({ x }, b): Node => b.div(x, b.add(b.exp(x), 1)),
  samples: [{ operands: [f32(2, 3)] }],
});

/** The channels of x in the opposite order. */
const reversal = {
  operands: ['x'],
  doc: 'x with its last axis reversed.',
  of: [take],
  locality: asOperand,
  samples: [{ operands: [f32(2, 3)] }],
} as const;
const reversed = (x: Node): { axis: number; indices: number[] } => {
  const shape = shapeOf(x);
  const count = must(shape.at(-1), 'x has channels');
  return { axis: shape.length - 1, indices: Array.from({ length: count }, (_, i) => count - 1 - i) };
};

const reverseWithRule = deriveOp({
  ...reversal,
  name: 'reverse_with_rule',
  expand: ({ x }, b): Node => b.take(x, reversed(x)),
  onRows: ({ op, operands: [x] }, tables) => {
    const form = tables.formOf(x);
    return form?.kind === 'rows' ? { ...form, rows: tables.b.make(op, [form.rows]) } : undefined;
  },
});

const reverseWithoutRule = deriveOp({
  ...reversal,
  name: 'reverse_without_rule',
  expand: ({ x }, b): Node => b.take(x, reversed(x)),
});

it.each<{ readonly op: Op; readonly held: 'rows' | 'pixels' }>([
  { op: gate, held: 'rows' },
  { op: reverseWithRule, held: 'rows' },
  { op: reverseWithoutRule, held: 'pixels' },
])('$op.name acts on $held', ({ op, held }) => {
  const b = new GraphBuilder();
  const labels = b.input({ name: 'labels', ...i32(1, 6, 6) });
  const [first, second] = [0, 1].map((index) =>
    b.read({ name: `w_${index}`, ...f32(3, 3, index === 0 ? 4 : 2, 2) }),
  ) as [Node, Node];
  const conv = (x: Node, filter: Node): Node => b.conv2d(x, filter, { stride: 1, padding: 'same' });
  const y = conv(b.make(op, [conv(b.oneHot(labels, { depth: 4 }), first)]), second);
  const before: Method = { name: 'loss', outputs: new Map([['y', y]]), writes: new Map() };

  const levels = new LevelPlanner(
    { labels: 'labels', edges: 'edges', pictures: 1, height: 6, width: 6 },
    () => true,
  );
  const weights = new Map([first, second].map((node) => [node, String(node.attrs['name'])]));
  const after = new ForwardPipeline([deduplicatePatches], { b, target: cpu, levels }, { verify: true }).run({
    ...before,
    weights,
    trained: new Set(weights.keys()),
  });

  const found = must(
    nodesOf(after).find((node) => node.op === op),
    'the op is still there',
  );
  expect(shapeOf(found).some(isSymbolic) ? 'rows' : 'pixels').toBe(held);
  // A level below the op, and one above it where rows reach it.
  const { plan } = levels.feed();
  expect(plan.levels).toHaveLength(held === 'rows' ? 2 : 1);

  const program = (method: Method): Program => ({
    variables: [...weights].map(([{ results }, name]) => ({
      name,
      type: must(results[0], 'a weight has a type'),
      role: 'parameter',
      network: 'G',
      initializer: { kind: 'constant', value: 0 },
    })),
    methods: [method],
    ...(method === after && { patches: levels.feed() }),
  });
  const drawn = drawFor(program(before));
  const [was, is] = [before, after].map((method) => evaluateProgram(program(method), drawn).get('loss y'));
  expect(distance(must(is, 'there is a value').data, must(was, 'there was one').data)).toBeLessThan(1e-9);
});
