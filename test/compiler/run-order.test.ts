/** Answers for what makes a method ready to run: when its weights move, and in which order of axes they are kept. */
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import { peakBytes } from '../../compiler/explain/liveness.ts';
import { fuseMethod } from '../../compiler/passes/fuse/index.ts';
import type { Node } from '../../compiler/ir/node.ts';
import { nodesOf, type Method, type Program } from '../../compiler/ir/program.ts';
import { must } from '../../dsl/errors.ts';
import { chooseOrders } from '../../compiler/passes/layout-variables.ts';
import { ownerOf, readsReplaced, usersByOwner } from '../../compiler/passes/schedule-for-memory.ts';
import { methodsToRun } from '../../compiler/lower/tensorflow.ts';
import { tableCases, tableSpec } from '../support/table-tests.ts';

/** An experiment's step as it is trained: nothing shows its gradients. */
function programOf(name: string, inTables = false): Program {
  const found = tableCases.find((one) => one.name === name);
  const spec = tableSpec(must(found, name));
  const { batch } = must(spec.data, 'it has data');
  return compile(spec, { batch, methods: ['step', 'synthesize'], ...(inTables && { tables: () => true }) });
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
  const step = stepIn(methodsToRun(program));
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
      updates.has(ownerOf(node)) || ['read', 'input', 'constant', 'item'].includes(node.op);
    for (const [update, reads] of updates) {
      const others = reads.flatMap((read) => users.get(read) ?? []).filter((user) => user !== update);
      const last = Math.max(...[...update.operands, ...others].filter((node) => node.op !== 'input').map(at));
      expect(nodes.slice(last + 1, at(update)).filter((node) => !isPartOfUpdate(node))).toEqual([]);
    }
  });

  it('a padding comes right before the convolution that reads it', () => {
    const pads = nodes.filter((node) => node.op === 'pad' && users.get(node)?.[0]?.op === 'conv2d');
    expect(pads.length).toBeGreaterThan(3);
    for (const pad of pads) expect(nodes[at(pad) + 1]).toBe(users.get(pad)![0]);
  });

  it('less is held at one time', () => {
    const inCreation = peakBytes(fuseMethod(stepIn(program.methods)));
    expect(peakBytes(step)).toBeLessThanOrEqual(inCreation);
  });
});

describe('weights are kept as they are used', () => {
  // A discriminator's first filter is cut into labels and picture, and so is kept as it is.
  const turns = (methods: readonly Method[]): number =>
    methods.flatMap(nodesOf).filter(({ op, origin }) => op === 'transpose' && origin?.scope.startsWith('G'))
      .length;

  it.each([
    ['U-Net', false],
    ['pix2pixHD', false],
    ['SPADE', true],
  ])('so that nothing is turned: %s', (name, inTables) => {
    const program = programOf(name, inTables);
    expect(turns(program.methods)).toBeGreaterThan(5);
    expect(turns(methodsToRun(program))).toBe(0);
  });

  it('with what their optimizer keeps beside them', () => {
    const orders = chooseOrders(programOf('U-Net'));
    const weights = [...orders.keys()].filter((name) => !name.includes('/'));
    expect(weights.length).toBeGreaterThan(2);
    for (const weight of weights)
      for (const slot of ['m', 'v']) expect(orders.get(`${weight}/${slot}`)).toEqual(orders.get(weight));
  });

  it('but those that are used as they are stay so', () => {
    const orders = chooseOrders(programOf('SPADE'));
    expect([...orders.keys()]).toEqual([]);
  });
});
