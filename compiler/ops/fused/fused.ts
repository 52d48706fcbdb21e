/** The op that computes a whole program of pointwise ops and sums in one pass over its operands. */
import { SpadeworkError } from '../../../dsl/errors.ts';
import { typeOf, type Check, type Op, type Sample } from '../../ir/node.ts';
import { text, type Method } from '../../ir/op.ts';
import { f32, i32 } from '../../ir/types.ts';
import { deriveOp } from '../primitive/derive.ts';
import { parseProgramText, printProgramText, type Value } from './program.ts';
import { unfold } from './unfold.ts';

/** Requires that a program is one. */
function checkProgram(program: string, check: Check): void {
  try {
    parseProgramText(program);
  } catch (error) {
    if (!(error instanceof SpadeworkError)) throw error;
    check(false, 'program is the text of a fused program', error.message);
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
export const fusedOp = (singles: ReadonlyMap<string, Op>) =>
  deriveOp({
    name: 'fused',
    doc:
      'Several results that one pass over a domain computes: pointwise values of operands, stored, or summed over pixels. It is ' +
      'made of other ops for engines that have a kernel for it; `compiler/ops/fused/program.ts` says how its program is written.',
    operands: ['...operands'],
    attrs: { program: text('what is computed, as text') },
    requires: ({ program }, check) => checkProgram(program, check),
    of: [...singles.values()],
    expand: ({ operands, program }, b) => unfold(b, singles, parseProgramText(program), operands),
    vjp: { nondifferentiable: 'it is made once gradients are there' },
    tensorflow: ({ operands, program }, { emit, node, target }, expanded) => {
      if (!target.kernels) return expanded();
      const name = emit.op('SpadeworkFused', operands, {
        program: { string: program },
        Tin: { types: node.operands.map((operand) => typeOf(operand).dtype) },
        Tout: { types: node.results.map(({ dtype }) => dtype) },
      });
      return node.results.map((_, index) => (index === 0 ? name : `${name}:${index}`));
    },
    samples: [forward, sums],
  });

declare module '../../ir/node.ts' {
  interface Builder {
    fused: Method<ReturnType<typeof fusedOp>>;
  }
}
