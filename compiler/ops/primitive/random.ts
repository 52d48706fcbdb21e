/** The ops that draw random numbers: pure functions of (seed, step), the same in every executor. */
import type { TfEmitter } from '../../ir/emitter.ts';
import { typeOf, type Op } from '../../ir/node.ts';
import { defineOp, list, number, type Method, type OpOf } from '../../ir/op.ts';
import { philox4x32 } from '../../ir/random.ts';
import { i32, sizeOf } from '../../ir/types.ts';
import { at, emitList } from './support.ts';

/** Turns 32 random bits into a number in [0, 1) as TensorFlow does: 23 of them are the mantissa of a number in [1, 2). */
const toUniform = (bits: number): number => (bits & 0x7fffff) / 2 ** 23;

/** The Box-Muller transform: each pair of words gives the sine and the cosine of one angle, times one radius. */
function toNormal(words: readonly number[], index: number): number {
  const pair = index & 2;
  const radius = Math.sqrt(-2 * Math.log(Math.max(toUniform(at(words, pair)), 1e-7)));
  const angle = 2 * Math.PI * toUniform(at(words, pair + 1));
  return radius * (index === pair ? Math.sin(angle) : Math.cos(angle));
}

interface RandomRow {
  readonly name: string;
  readonly doc: string;
  /** Entry `index` of the four that four words give. */
  readonly fromWords: (words: readonly number[], index: number) => number;
  readonly tensorflow: string;
  readonly flopsPerEntry: number;
}

/** Fills an array from the words of Philox, four at a time, in the order in which TensorFlow uses them. */
function drawBlocks(
  count: number,
  [seed = 0, step = 0]: Iterable<number>,
  stream: number,
  fromWords: RandomRow['fromWords'],
): Float64Array {
  const data = new Float64Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const words = philox4x32([seed >>> 0, stream >>> 0], [block, 0, step >>> 0, 0]);
    for (let i = 0; i < 4 && block * 4 + i < count; i++) data[block * 4 + i] = fromWords(words, i);
  }
  return data;
}

/** Emits the numbers of a list from `begin` on. */
const emitPart = (emit: TfEmitter, dtype: 'i32' | 'u64', x: string, begin: number, size: number): string =>
  emit.op('Slice', [x, emitList(emit, [begin]), emitList(emit, [size])], {
    T: { type: dtype },
    Index: { type: 'i32' },
  });

/** Emits three numbers of 64 bits: the key seed + 2^32 stream, and the counter 2^64 step, which the op itself counts up. */
function emitKeyAndCounter(emit: TfEmitter, state: string, stream: number): string {
  const words = emit.op(
    'ConcatV2',
    [
      emitPart(emit, 'i32', state, 0, 1),
      emitList(emit, [stream | 0, 0, 0]),
      emitPart(emit, 'i32', state, 1, 1),
      emitList(emit, [0]),
      emit.constant('i32', [], [0]),
    ],
    { N: { int: 4 }, T: { type: 'i32' }, Tidx: { type: 'i32' } },
  );
  const rows = emit.op('Reshape', [words, emitList(emit, [3, 2])], {
    T: { type: 'i32' },
    Tshape: { type: 'i32' },
  });
  return emit.op('Bitcast', [rows], { T: { type: 'i32' }, type: { type: 'u64' } });
}

const randomAttrs = { shape: list('the shape'), stream: number('tells this use from others') };

type Random = OpOf<readonly ['state'], typeof randomAttrs>;

/** An op that draws numbers from the counter-based generator. */
function random(row: RandomRow): Random {
  return defineOp({
    name: row.name,
    doc: row.doc,
    operands: ['state'],
    attrs: randomAttrs,
    infer: ({ state, shape, stream }, check) => {
      check(state.dtype === 'i32' && String(state.shape) === '2', 'state is i32[2]: seed and step');
      check(
        Number.isInteger(stream) && stream >= 0 && stream < 2 ** 32,
        'stream is an integer of 32 bits',
        String(stream),
      );
      return { dtype: 'f32', shape };
    },
    vjp: { nondifferentiable: 'it depends on integers alone' },
    reference: ({ state, shape, stream }) => ({
      shape,
      data: drawBlocks(sizeOf(shape), state.data, stream, row.fromWords),
    }),
    tensorflow: ({ state, shape, stream }, { emit, node }) => {
      const wide = emitKeyAndCounter(emit, state, stream);
      return emit.op(
        row.tensorflow,
        [
          emitList(emit, shape),
          emitPart(emit, 'u64', wide, 0, 1),
          emitPart(emit, 'u64', wide, 1, 2),
          emit.constant('i32', [], [1]),
        ],
        { dtype: { type: typeOf(node).dtype }, Tshape: { type: 'i32' } },
      );
    },
    tfjs: ({ state, shape, stream }, { tf }) => {
      const drawn = drawBlocks(sizeOf(shape), state.dataSync(), stream, row.fromWords);
      return tf.tensor(new Float32Array(drawn), [...shape]);
    },
    flops: ({ shape }) => row.flopsPerEntry * sizeOf(shape),
    samples: [
      {
        operands: [i32(2)],
        attrs: { shape: [3, 5], stream: 7 },
        draw: (i, u) => Math.floor(50 * (u + 1)) + i,
      },
    ],
  });
}

export const randomNormal: Random = random({
  name: 'random_normal',
  doc: 'Standard normal numbers of `shape`: a pure function of the operand (seed, step) and of `stream`.',
  fromWords: toNormal,
  tensorflow: 'StatelessRandomNormalV2',
  flopsPerEntry: 20,
});

export const randomUniform: Random = random({
  name: 'random_uniform',
  doc: 'Uniform numbers in [0, 1) of `shape`: a pure function of the operand (seed, step) and of `stream`.',
  fromWords: (words, index) => toUniform(at(words, index)),
  tensorflow: 'StatelessRandomUniformV2',
  flopsPerEntry: 10,
});

export const randomOps: readonly Op[] = [randomNormal, randomUniform];

declare module '../../ir/node.ts' {
  interface Builder {
    randomNormal: Method<Random>;
    randomUniform: Method<Random>;
  }
}
