/** Tests the last passes before a method runs: the order of weight updates, and the axis order of stored variables. */
import { item, input } from '../../compiler/ir/sources.ts';
import { conv2d } from '../../compiler/ops/primitive/convolution/conv2d.ts';
import { is } from '../../compiler/ir/op.ts';
import { pad } from '../../compiler/ops/primitive/blocks.ts';
import { transpose } from '../../compiler/ops/primitive/shapes.ts';
import { must } from '../../dsl/errors.ts';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import { peakBytes } from '../../compiler/explain/liveness.ts';
import type { Node } from '../../compiler/ir/node.ts';
import type { AxisOrder } from '../../compiler/ir/layout.ts';
import { nodesOf, type Method, type Program } from '../../compiler/ir/program.ts';
import { ownerOf, readsReplaced, usersByOwner } from '../../compiler/passes/memory.ts';
import { asRun, fused } from '../support/passes.ts';
import { tableCases, tableSpec } from '../support/table-tests.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** An experiment's step as it is trained, without gradients as outputs. */
function programOf(name: string, inTables = false): Program {
  const found = tableCases.find((one) => one.name === name);
  const spec = tableSpec(must(found, name));
  const { batch } = must(spec.data, 'it has data');
  return compile(spec, {
    target: cpu,
    batch,
    methods: ['step', 'synthesize'],
    ...(inTables && { tables: () => true }),
  });
}

const stepIn = (methods: readonly Method[]): Method =>
  must(
    methods.find(({ name }) => name === 'step'),
    'there is a step',
  );

/** The nodes that update variables in place, with the variables that they read. */
function updatesIn(method: Method): Map<Node, readonly Node[]> {
  const updates = nodesOf(method).map((node) => [node, readsReplaced(method, node)] as const);
  return new Map(updates.filter(([, reads]) => reads.length > 0));
}

const systems = ['SPADE', 'U-Net', 'pix2pixHD', 'updates at once'];

describe.each(systems)('in the step of %s', (name) => {
  const program = programOf(name);
  const step = stepIn(asRun(program).methods);
  const nodes = nodesOf(step);
  const positions = new Map(nodes.map((node, index) => [node, index]));
  const at = (node: Node): number => must(positions.get(node), 'it is in the method');
  const users = usersByOwner(nodes);
  const updates = updatesIn(step);

  it('nothing needs what a weight was after it has moved', () => {
    expect(updates.size).toBeGreaterThan(10);
    for (const [update, reads] of updates)
      for (const read of reads)
        for (const user of users.get(read) ?? []) expect(at(user)).toBeLessThanOrEqual(at(update));
  });

  it('weights move as soon as they can', () => {
    const isPartOfUpdate = (node: Node): boolean =>
      updates.has(ownerOf(node)) || node.operands.length === 0 || is(item, node);
    for (const [update, reads] of updates) {
      const others = reads.flatMap((read) => users.get(read) ?? []).filter((user) => user !== update);
      const last = Math.max(...[...update.operands, ...others].filter((node) => !is(input, node)).map(at));
      expect(nodes.slice(last + 1, at(update)).filter((node) => !isPartOfUpdate(node))).toEqual([]);
    }
  });

  it('a padding comes right before the convolution that reads it', () => {
    const pads = nodes.filter((node) => is(pad, node) && users.get(node)?.[0]?.op === conv2d);
    expect(pads.length).toBeGreaterThan(3);
    for (const pad of pads) expect(nodes[at(pad) + 1]).toBe(users.get(pad)![0]);
  });

  it('less is held at one time', () => {
    const inCreation = peakBytes(fused(stepIn(program.methods)));
    expect(peakBytes(step)).toBeLessThanOrEqual(inCreation);
  });
});

describe('weights are kept as they are used', () => {
  // A discriminator's first filter is split into labels and picture, so its order is kept.
  const turns = (methods: readonly Method[]): number =>
    methods
      .flatMap((method) => nodesOf(method))
      .filter(({ op, origin }) => op === transpose && origin?.scope.startsWith('G')).length;

  it.each([
    ['U-Net', false],
    ['pix2pixHD', false],
    ['SPADE', true],
  ])('so that nothing is turned: %s', (name, inTables) => {
    const program = programOf(name, inTables);
    expect(turns(program.methods)).toBeGreaterThan(5);
    expect(turns(asRun(program).methods)).toBe(0);
  });

  const layoutsOf = (name: string): ReadonlyMap<string, AxisOrder> =>
    asRun(programOf(name)).layouts ?? new Map<string, AxisOrder>();

  it('with what their optimizer keeps beside them', () => {
    const layouts = layoutsOf('U-Net');
    const weights = [...layouts.keys()].filter((name) => !name.includes('/'));
    expect(weights.length).toBeGreaterThan(2);
    for (const weight of weights)
      for (const slot of ['m', 'v']) expect(layouts.get(`${weight}/${slot}`)).toEqual(layouts.get(weight));
  });

  it('but those that are used as they are stay so', () => {
    expect([...layoutsOf('SPADE').keys()]).toEqual([]);
  });
});
