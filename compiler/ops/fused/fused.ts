/** The op that computes a whole program of pointwise ops and sums in one pass over its operands. */
import { SpadeworkError, must } from '../../../dsl/errors.ts';
import { OpError, reachable, typeOf, type Check, type Node, type Op, type Sample } from '../../ir/node.ts';
import { defineOp, text, type Method } from '../../ir/op.ts';
import { f32, i32, type TensorType } from '../../ir/types.ts';
import { builderOf } from '../../ir/methods.ts';
import { constant } from '../primitive/sources.ts';
import { at } from '../primitive/support.ts';
import { parseProgramText, printProgramText, type FusedProgram, type Value } from './program.ts';
import { unfold } from './unfold.ts';

/** A program as a graph of single ops, on inputs of the types that its operands have. */
interface Unfolded {
  readonly inputs: readonly Node[];
  readonly results: readonly Node[];
}

/** Evaluates the graph that a program means, with a rule of each op; single ops have one result. */
function evaluateUnfolded<T>(
  graph: Unfolded,
  inputs: readonly T[],
  rule: (node: Node, inputs: readonly T[]) => T | readonly T[],
): T[] {
  const values = new Map<Node, T>(graph.inputs.map((input, index) => [input, at(inputs, index)]));
  for (const each of reachable(graph.results)) {
    if (values.has(each)) continue;
    const found = rule(
      each,
      each.operands.map((operand) => must(values.get(operand), 'operands come before their users')),
    );
    values.set(each, isList(found) ? at(found, 0) : found);
  }
  return graph.results.map((result) => must(values.get(result), 'a result was evaluated'));
}

const isList = <T>(found: T | readonly T[]): found is readonly T[] => Array.isArray(found);

function programOf(program: string, check: Check): FusedProgram | undefined {
  try {
    return parseProgramText(program);
  } catch (error) {
    if (!(error instanceof SpadeworkError)) throw error;
    check(false, 'program is the text of a fused program', error.message);
    return undefined;
  }
}

function typesOf(unfolded: () => Unfolded, check: Check): TensorType[] {
  try {
    return unfolded().results.map(typeOf);
  } catch (error) {
    if (!(error instanceof OpError || error instanceof SpadeworkError)) throw error;
    check(false, 'the program is well-typed on the operands', error.message);
    return [];
  }
}

type FusedSample = Sample & { readonly attrs: { readonly program: string } };

const picture = f32(2, 4, 6, 5);
const channels = f32(1, 1, 1, 5);

const apply = (op: string, inputs: readonly number[], ...parameters: readonly number[]): Value => ({
  kind: 'apply',
  op,
  inputs,
  parameters,
});

/** Chooses one of 7 rows, or one that is not there. */
const rowAround = (u: number): number => Math.floor(4.5 * (u + 1)) - 1;

/** Normalization, modulation by rows of tables and activation, as SPADE's generators have it. */
const forward: FusedSample = {
  operands: [picture, channels, channels, f32(7, 5), i32(2, 4, 6), f32(7, 5)],
  attrs: {
    program: printProgramText({
      domain: picture.shape,
      values: [
        { kind: 'load', operand: 0, shape: picture.shape },
        { kind: 'load', operand: 1, shape: channels.shape },
        apply('sub', [0, 1]),
        { kind: 'load', operand: 2, shape: channels.shape },
        apply('abs', [3]),
        { kind: 'constant', value: 0.5 },
        apply('add', [4, 5]),
        apply('rsqrt', [6]),
        apply('mul', [2, 7]),
        { kind: 'rows', operand: 3, pixels: 4 },
        apply('mul', [8, 9]),
        { kind: 'rows', operand: 5, pixels: 4 },
        apply('add', [10, 11]),
        apply('leaky_relu', [12], 0.2),
      ],
      results: [{ kind: 'store', value: 13, shape: picture.shape }],
    }),
  },
  draw: (index, u) => (index === 4 ? rowAround(u) : u),
};

/** Sums of every kind, squares of pixels, and rows that collect what their pixels have. */
const sums: FusedSample = {
  operands: [f32(2, 2, 3, 5), picture, i32(2, 4, 6), f32(7, 1)],
  attrs: {
    program: printProgramText({
      domain: picture.shape,
      values: [
        { kind: 'upsample', operand: 0, factor: 2 },
        { kind: 'load', operand: 1, shape: picture.shape },
        apply('mul', [0, 1]),
        { kind: 'last', op: 'sum_last', inputs: [2] },
        { kind: 'last', op: 'max_last', inputs: [2] },
        apply('sub', [2, 4]),
        apply('exp', [5]),
      ],
      results: [
        { kind: 'sum', value: 2, axes: [0, 1, 2], shape: [5] },
        { kind: 'sum', value: 2, axes: [1, 2], shape: [2, 1, 1, 5] },
        { kind: 'sum', value: 6, axes: [0, 1, 2, 3], shape: [] },
        { kind: 'squares', value: 1, axes: [0, 1, 2], shape: [1, 1, 1, 5] },
        { kind: 'squares', value: 1, axes: [1, 2, 3], shape: [2] },
        { kind: 'store', value: 3, shape: [2, 4, 6, 1] },
        { kind: 'store', value: 6, shape: picture.shape },
        { kind: 'pool', value: 2, factor: 2, shape: [2, 2, 3, 5] },
        { kind: 'collect', value: 2, pixels: 2, like: 3, shape: [7, 5] },
      ],
    }),
  },
  draw: (index, u) => (index === 2 ? rowAround(u) : u),
};

/** Defines the op over the table of those that its programs are made of. */
export function fusedOp(singles: ReadonlyMap<string, Op>) {
  const Builder = builderOf([...singles.values()], constant);
  const unfoldOn = (types: readonly TensorType[], program: FusedProgram): Unfolded => {
    const b = new Builder();
    const inputs = types.map((type, index) => b.input({ name: `operand ${index}`, ...type }));
    return { inputs, results: unfold(b, singles, program, inputs) };
  };
  const unfoldedOf = (node: Node, program: string): Unfolded =>
    unfoldOn(node.operands.map(typeOf), parseProgramText(program));
  return defineOp({
    name: 'fused',
    doc:
      'Several results that one pass over a domain computes: pointwise values of operands, stored, or summed over pixels. It is ' +
      'made of other ops for engines that have a kernel for it; `compiler/ops/fused/program.ts` says how its program is written.',
    operands: ['...operands'],
    attrs: { program: text('what is computed, as text') },
    infer: ({ operands, program }, check) => {
      const parsed = programOf(program, check);
      return parsed ? typesOf(() => unfoldOn(operands, parsed), check) : [];
    },
    vjp: { nondifferentiable: 'it is made once gradients are there' },
    reference: ({ operands, program }, node) =>
      evaluateUnfolded(unfoldedOf(node, program), operands, (each, values) =>
        each.op.reference(values, each),
      ),
    tensorflow: ({ operands, program }, context) => {
      const { emit, node, target } = context;
      if (!target.kernels)
        return evaluateUnfolded(unfoldedOf(node, program), operands, (each, values) =>
          each.op.tensorflow(values, { ...context, node: each }),
        );
      const name = emit.op('SpadeworkFused', operands, {
        program: { string: program },
        Tin: { types: node.operands.map((operand) => typeOf(operand).dtype) },
        Tout: { types: node.results.map(({ dtype }) => dtype) },
      });
      return node.results.map((_, index) => (index === 0 ? name : `${name}:${index}`));
    },
    tfjs: ({ operands, program }, { tf, node }) =>
      evaluateUnfolded(unfoldedOf(node, program), operands, (each, values) =>
        each.op.tfjs(values, { tf, node: each }),
      ),
    flops: ({ program }, node) =>
      reachable(unfoldedOf(node, program).results).reduce((total, each) => total + each.op.flops(each), 0),
    samples: [forward, sums],
  });
}

declare module '../../ir/node.ts' {
  interface Builder {
    fused: Method<ReturnType<typeof fusedOp>>;
  }
}
