/** Answers for the ops that training needs beside arithmetic: the Adam update and stateless random numbers. */
import { philox4x32 } from '../../ir/random.ts';
import { shapeOf, typeOf } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { defineOp, list, number, type OpDefinition } from '../../ir/op.ts';
import { at, checkFloat, float } from './support.ts';

const adam = defineOp({
  name: 'adam',
  doc:
    'One Adam update (Kingma and Ba 2015, algorithm 1) in the form m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, ' +
    'w = w - rate m / (sqrt(v) + epsilon), where rate and epsilon hold the bias corrections of the step.',
  operands: ['weight', 'm', 'v', 'gradient', 'rate', 'epsilon'],
  attrs: { beta1: 'decay of the first moment', beta2: 'decay of the second moment' },
  infer: (types, attrs, check) => {
    checkFloat(types, check);
    for (const name of ['beta1', 'beta2']) {
      const decay = number(attrs, name);
      check(decay >= 0 && decay < 1, 'decays are at least 0 and below 1', `${name} ${decay}`);
    }
    const shape = at(types, 0).shape;
    check(
      types.slice(1, 4).every((type) => String(type.shape) === String(shape)),
      'weight, moments and gradient have one shape',
    );
    check(
      types.slice(4).every((type) => type.shape.length === 0),
      'rate and epsilon are scalars',
    );
    return [at(types, 0), at(types, 1), at(types, 2)];
  },
  vjp: { nondifferentiable: 'an update is the end of a step' },
  reference: ([w, m, v, g, rate, epsilon], node) => {
    const [beta1, beta2] = [number(node.attrs, 'beta1'), number(node.attrs, 'beta2')];
    const first = m!.data.map((value, i) => beta1 * value + (1 - beta1) * g!.data[i]!);
    const second = v!.data.map((value, i) => beta2 * value + (1 - beta2) * g!.data[i]! ** 2);
    const weight = w!.data.map(
      (value, i) => value - (rate!.data[0]! * first[i]!) / (Math.sqrt(second[i]!) + epsilon!.data[0]!),
    );
    return [weight, first, second].map((data) => ({ shape: w!.shape, data }));
  },
  tensorflow: ({ emit, inputs, node, resource, update, readUpdated }) => {
    const [beta1, beta2] = [number(node.attrs, 'beta1'), number(node.attrs, 'beta2')];
    const scalar = (value: number): string => emit.constant('f32', [], [value]);
    const [w, m, v, g, rate, epsilon] = inputs as [string, string, string, string, string, string];
    const handles = [0, 1, 2].map(resource);
    if (handles.every((handle) => handle !== undefined)) {
      // Its own bias correction is switched off by powers of 0.
      update(
        'ResourceApplyAdam',
        [...handles, scalar(0), scalar(0), rate, scalar(beta1), scalar(beta2), epsilon, g],
        { ...float, use_locking: { bool: false }, use_nesterov: { bool: false } },
      );
      return [0, 1, 2].map(readUpdated);
    }
    const mul = (a: string, b: string): string => emit.op('Mul', [a, b], float);
    const add = (a: string, b: string): string => emit.op('AddV2', [a, b], float);
    const first = add(mul(m, scalar(beta1)), mul(g, scalar(1 - beta1)));
    const second = add(mul(v, scalar(beta2)), mul(emit.op('Square', [g], float), scalar(1 - beta2)));
    const change = emit.op(
      'RealDiv',
      [mul(first, rate), add(emit.op('Sqrt', [second], float), epsilon)],
      float,
    );
    return [emit.op('Sub', [w, change], float), first, second];
  },
  tfjs: ({ tf, inputs, node }) => {
    const [beta1, beta2] = [number(node.attrs, 'beta1'), number(node.attrs, 'beta2')];
    const [w, m, v, g, rate, epsilon] = [0, 1, 2, 3, 4, 5].map((index) => at(inputs, index));
    const first = tf.add(tf.mul(m!, beta1), tf.mul(g!, 1 - beta1));
    const second = tf.add(tf.mul(v!, beta2), tf.mul(tf.square(g!), 1 - beta2));
    return [tf.sub(w!, tf.div(tf.mul(first, rate!), tf.add(tf.sqrt(second), epsilon!))), first, second];
  },
  flops: (node) => 11 * sizeOf(at(node.results, 0).shape),
  samples: [
    {
      operands: [
        ...[0, 1, 2, 3].map(() => ({ dtype: 'f32' as const, shape: [3, 4] })),
        ...[4, 5].map(() => ({ dtype: 'f32' as const, shape: [] })),
      ],
      attrs: { beta1: 0.5, beta2: 0.9 },
      draw: (index, u) => (index === 2 ? 1 + u : index >= 4 ? 0.01 : u),
    },
  ],
});

/** Turns 32 random bits into a number in [0, 1) as TensorFlow does: 23 of them are the mantissa of a number in [1, 2). */
const toUniform = (bits: number): number => (bits & 0x7fffff) / 2 ** 23;

/** Fills an array from the words of Philox, four at a time, in the order in which TensorFlow uses them. */
function drawBlocks(
  count: number,
  [seed, step]: readonly [number, number],
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

/** The Box-Muller transform: each pair of words gives the sine and the cosine of one angle, times one radius. */
function toNormal(words: readonly number[], index: number): number {
  const pair = index & 2;
  const radius = Math.sqrt(-2 * Math.log(Math.max(toUniform(words[pair]!), 1e-7)));
  const angle = 2 * Math.PI * toUniform(words[pair + 1]!);
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

const randomRows: readonly RandomRow[] = [
  {
    name: 'random_normal',
    doc: 'Standard normal numbers of `shape`: a pure function of the operand (seed, step) and of `stream`.',
    fromWords: toNormal,
    tensorflow: 'StatelessRandomNormalV2',
    flopsPerEntry: 20,
  },
  {
    name: 'random_uniform',
    doc: 'Uniform numbers in [0, 1) of `shape`: a pure function of the operand (seed, step) and of `stream`.',
    fromWords: (words, index) => toUniform(words[index]!),
    tensorflow: 'StatelessRandomUniformV2',
    flopsPerEntry: 10,
  },
];

/** An op that draws numbers from the counter-based generator. */
function random(row: RandomRow): OpDefinition {
  return defineOp({
    name: row.name,
    doc: row.doc,
    operands: ['state'],
    attrs: { shape: 'the shape', stream: 'tells this use from others' },
    infer: ([state], attrs, check) => {
      check(state!.dtype === 'i32' && String(state!.shape) === '2', 'state is i32[2]: seed and step');
      const stream = number(attrs, 'stream');
      check(
        Number.isInteger(stream) && stream >= 0 && stream < 2 ** 32,
        'stream is an integer of 32 bits',
        String(stream),
      );
      return { dtype: 'f32', shape: list(attrs, 'shape') };
    },
    vjp: { nondifferentiable: 'it depends on integers alone' },
    reference: ([state], node) => ({
      shape: shapeOf(node),
      data: drawBlocks(
        sizeOf(shapeOf(node)),
        [state!.data[0]!, state!.data[1]!],
        number(node.attrs, 'stream'),
        row.fromWords,
      ),
    }),
    // key = seed + 2^32 stream; counter = 2^64 step, counted up by the op itself.
    tensorflow: ({ emit, inputs, node }) => {
      const words = emit.op(
        'ConcatV2',
        [
          emit.op(
            'Slice',
            [at(inputs, 0), emit.constant('i32', [1], [0]), emit.constant('i32', [1], [1])],
            sliceAttrs,
          ),
          emit.constant('i32', [3], [number(node.attrs, 'stream') | 0, 0, 0]),
          emit.op(
            'Slice',
            [at(inputs, 0), emit.constant('i32', [1], [1]), emit.constant('i32', [1], [1])],
            sliceAttrs,
          ),
          emit.constant('i32', [1], [0]),
          emit.constant('i32', [], [0]),
        ],
        { N: { int: 4 }, T: { type: 'i32' }, Tidx: { type: 'i32' } },
      );
      const wide = emit.op(
        'Bitcast',
        [
          emit.op('Reshape', [words, emit.constant('i32', [2], [3, 2])], {
            T: { type: 'i32' },
            Tshape: { type: 'i32' },
          }),
        ],
        { T: { type: 'i32' }, type: { type: 'u64' } },
      );
      const part = (begin: number, size: number): string =>
        emit.op('Slice', [wide, emit.constant('i32', [1], [begin]), emit.constant('i32', [1], [size])], {
          T: { type: 'u64' },
          Index: { type: 'i32' },
        });
      const shape = shapeOf(node);
      return emit.op(
        row.tensorflow,
        [emit.constant('i32', [shape.length], shape), part(0, 1), part(1, 2), emit.constant('i32', [], [1])],
        { dtype: { type: typeOf(node).dtype }, Tshape: { type: 'i32' } },
      );
    },
    tfjs: ({ tf, inputs, node }) => {
      const [seed, step] = at(inputs, 0).dataSync();
      const shape = [...shapeOf(node)];
      const stream = number(node.attrs, 'stream');
      return tf.tensor(
        new Float32Array(drawBlocks(sizeOf(shape), [seed!, step!], stream, row.fromWords)),
        shape,
      );
    },
    flops: (node) => row.flopsPerEntry * sizeOf(shapeOf(node)),
    samples: [
      {
        operands: [{ dtype: 'i32', shape: [2] }],
        attrs: { shape: [3, 5], stream: 7 },
        draw: (i, u) => Math.floor(50 * (u + 1)) + i,
      },
    ],
  });
}
const sliceAttrs = { T: { type: 'i32' as const }, Index: { type: 'i32' as const } };

export const trainingOps: readonly OpDefinition[] = [adam, ...randomRows.map(random)];
