/** Answers for the op that computes a whole program of pointwise ops and sums in one pass over its operands. */
import { parseProgramText, printProgramText, type FusedProgram } from './program.ts';
import { unfold } from './unfold.ts';
import { GraphBuilder, type Check } from '../../ir/builder.ts';
import { OpError, reachable, typeOf, type Attrs, type Node } from '../../ir/node.ts';
import { f32, i32, type TensorType } from '../../ir/types.ts';
import { SpadeworkError, must } from '../../../dsl/errors.ts';
import { defineOp, text, type OpDefinition, type Sample } from '../../ir/op.ts';

/** A program as a graph of single ops, on inputs of the types that its operands have. */
interface Unfolded {
  readonly inputs: readonly Node[];
  readonly results: readonly Node[];
}

function unfoldIn(b: GraphBuilder, types: readonly TensorType[], program: FusedProgram): Unfolded {
  const inputs = types.map((type, index) => b.input(`operand ${index}`, type));
  return { inputs, results: unfold(b, program, inputs) };
}

const programIn = (node: Node): FusedProgram => parseProgramText(text(node.attrs, 'program'));

/** Evaluates the graph that a program means, with a rule of each op. */
function evaluateUnfolded<T>(
  graph: Unfolded,
  inputs: readonly T[],
  rule: (node: Node, inputs: readonly T[]) => T | readonly T[],
): T[] {
  const values = new Map<Node, T>(graph.inputs.map((input, index) => [input, inputs[index]!]));
  for (const each of reachable(graph.results)) {
    if (values.has(each)) continue;
    const found = rule(
      each,
      each.operands.map((operand) => must(values.get(operand), 'operands come before their users')),
    );
    values.set(each, Array.isArray(found) ? (found as readonly T[])[0]! : (found as T));
  }
  return graph.results.map((result) => must(values.get(result), 'a result was evaluated'));
}

function programOf(attrs: Attrs, check: Check): FusedProgram | undefined {
  try {
    return parseProgramText(text(attrs, 'program'));
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

const picture = f32(2, 4, 6, 5);
const channels = f32(1, 1, 1, 5);

/** Chooses one of 7 rows, or one that is not there. */
const rowAround = (u: number): number => Math.floor(4.5 * (u + 1)) - 1;

/** Normalization, modulation by rows of tables and activation, as SPADE's generators have it. */
const forward: Sample = {
  operands: [picture, channels, channels, f32(7, 5), i32(2, 4, 6), f32(7, 5)],
  attrs: {
    program: printProgramText({
      domain: picture.shape,
      values: [
        { kind: 'load', operand: 0, shape: picture.shape },
        { kind: 'load', operand: 1, shape: channels.shape },
        { kind: 'apply', op: 'sub', inputs: [0, 1] },
        { kind: 'load', operand: 2, shape: channels.shape },
        { kind: 'apply', op: 'abs', inputs: [3] },
        { kind: 'constant', value: 0.5 },
        { kind: 'apply', op: 'add', inputs: [4, 5] },
        { kind: 'apply', op: 'rsqrt', inputs: [6] },
        { kind: 'apply', op: 'mul', inputs: [2, 7] },
        { kind: 'rows', operand: 3, pixels: 4 },
        { kind: 'apply', op: 'mul', inputs: [8, 9] },
        { kind: 'rows', operand: 5, pixels: 4 },
        { kind: 'apply', op: 'add', inputs: [10, 11] },
        { kind: 'apply', op: 'leaky_relu', inputs: [12], slope: 0.2 },
      ],
      results: [{ kind: 'store', value: 13, shape: picture.shape }],
    }),
  },
  draw: (index, u) => (index === 4 ? rowAround(u) : u),
};

/** Sums of every kind, squares of pixels, and rows that collect what their pixels have. */
const sums: Sample = {
  operands: [f32(2, 2, 3, 5), picture, i32(2, 4, 6), f32(7, 1)],
  attrs: {
    program: printProgramText({
      domain: picture.shape,
      values: [
        { kind: 'upsample', operand: 0, factor: 2 },
        { kind: 'load', operand: 1, shape: picture.shape },
        { kind: 'apply', op: 'mul', inputs: [0, 1] },
        { kind: 'last', op: 'sum_last', inputs: [2] },
        { kind: 'last', op: 'max_last', inputs: [2] },
        { kind: 'apply', op: 'sub', inputs: [2, 4] },
        { kind: 'apply', op: 'exp', inputs: [5] },
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
export function fusedOp(singles: ReadonlyMap<string, OpDefinition>): OpDefinition {
  const unfoldOn = (types: readonly TensorType[], program: FusedProgram): Unfolded =>
    unfoldIn(new GraphBuilder(singles), types, program);
  const rulesOf = ({ op }: Node): OpDefinition =>
    must(singles.get(op), `programs are made of single ops, found ${op}`);
  return defineOp({
    name: 'fused',
    doc:
      'Several results that one pass over a domain computes: pointwise values of operands, stored, or summed over pixels. It is ' +
      'made of other ops for engines that have a kernel for it; `compiler/ops/fused/program.ts` says how its program is written.',
    operands: ['...operands'],
    attrs: { program: 'what is computed, as text' },
    infer: (types, attrs, check) => {
      const program = programOf(attrs, check);
      return program ? typesOf(() => unfoldOn(types, program), check) : [];
    },
    vjp: { nondifferentiable: 'it is made once gradients are there' },
    reference: (inputs, node) =>
      evaluateUnfolded(unfoldOn(node.operands.map(typeOf), programIn(node)), inputs, (each, values) =>
        rulesOf(each).reference(values, each),
      ),
    tensorflow: ({ emit, inputs, node, target, ...rest }) => {
      if (!target.kernels)
        return evaluateUnfolded(
          unfoldOn(node.operands.map(typeOf), programIn(node)),
          inputs,
          (each, values) => rulesOf(each).tensorflow({ emit, inputs: values, node: each, target, ...rest }),
        );
      const name = emit.op('SpadeworkFused', inputs, {
        program: { string: text(node.attrs, 'program') },
        Tin: { types: node.operands.map((operand) => typeOf(operand).dtype) },
        Tout: { types: node.results.map(({ dtype }) => dtype) },
      });
      return node.results.map((_, index) => (index === 0 ? name : `${name}:${index}`));
    },
    tfjs: ({ tf, inputs, node }) =>
      evaluateUnfolded(unfoldOn(node.operands.map(typeOf), programIn(node)), inputs, (each, values) =>
        rulesOf(each).tfjs({ tf, inputs: values, node: each }),
      ),
    flops: (node) => {
      const { results } = unfoldOn(node.operands.map(typeOf), programIn(node));
      return reachable(results).reduce(
        (total, each) => total + (each.op === 'input' ? 0 : rulesOf(each).flops(each)),
        0,
      );
    },
    samples: [forward, sums],
  });
}
