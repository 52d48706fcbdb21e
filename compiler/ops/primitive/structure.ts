/** Answers for the ops that hold, move and choose values without computing: sources, shapes, pieces and ids. */
import { brokenInvariant } from '../../../dsl/errors.ts';
import { shapeOf, typeOf, type Attrs, type Node } from '../../ir/node.ts';
import {
  formatType,
  i32,
  sameShape,
  sizeOf,
  type DType,
  type Shape,
  type TensorType,
} from '../../ir/types.ts';
import type { Check } from '../../ir/builder.ts';
import {
  defineOp,
  flag,
  list,
  number,
  text,
  type OpDefinition,
  type RefTensor,
  type TfAttr,
  type TfContext,
} from '../../ir/op.ts';
import {
  at,
  broadcast,
  checkFinite,
  emitGather,
  entryAt,
  float,
  inverseOrder,
  pairs,
  stridesOf,
  sumRows,
  tabulate,
  unbroadcast,
  wildId,
} from './support.ts';

const free = (): number => 0;

/** Calls a source op: it has no operands, and its executors are the method's own feeding and reading. */
function source(name: string, doc: string): OpDefinition {
  const handled = (): never => {
    throw brokenInvariant(`${name} is bound by the executor`);
  };
  return defineOp({
    name,
    doc,
    operands: [],
    attrs: { name: 'its name', dtype: 'f32, i32 or bool', shape: 'its shape' },
    infer: (_types, attrs) => ({ dtype: text(attrs, 'dtype') as DType, shape: list(attrs, 'shape') }),
    vjp: () => [],
    reference: handled,
    tensorflow: handled,
    tfjs: handled,
    flops: free,
    samples: [],
  });
}

const constant = defineOp({
  name: 'constant',
  doc: 'A float32 tensor of `shape` that holds one value everywhere.',
  operands: [],
  attrs: { value: 'the value', shape: 'the shape' },
  infer: (_types, attrs, check) => {
    checkFinite(attrs, 'value', check);
    return { dtype: 'f32', shape: list(attrs, 'shape') };
  },
  vjp: () => [],
  reference: (_inputs, node) => tabulate(shapeOf(node), () => number(node.attrs, 'value')),
  tensorflow: ({ emit, node }) => {
    const scalar = emit.constant('f32', [], [number(node.attrs, 'value')]);
    const shape = shapeOf(node);
    if (shape.length === 0) return scalar;
    return emit.op('Fill', [emit.constant('i32', [shape.length], shape), scalar], {
      ...float,
      index_type: { type: 'i32' },
    });
  },
  tfjs: ({ tf, node }) => tf.fill([...shapeOf(node)], number(node.attrs, 'value')),
  flops: free,
  samples: [
    { operands: [], attrs: { value: 2.5, shape: [] } },
    { operands: [], attrs: { value: -1, shape: [2, 3] } },
  ],
});

const stopGradient = defineOp({
  name: 'stop_gradient',
  doc: 'The value of x, through which no gradient flows.',
  operands: ['x'],
  infer: (types) => at(types, 0),
  vjp: { nondifferentiable: 'that is its purpose' },
  reference: ([x]) => x!,
  tensorflow: ({ inputs }) => at(inputs, 0),
  tfjs: ({ tf, inputs }) => tf.clone(at(inputs, 0)),
  flops: free,
  samples: [{ operands: [{ dtype: 'f32', shape: [2, 3] }] }],
});

const reshape = defineOp({
  name: 'reshape',
  doc: 'The same entries, in row-major order, under another shape.',
  operands: ['x'],
  attrs: { shape: 'the new shape' },
  infer: ([x], attrs, check) => {
    const shape = list(attrs, 'shape');
    check(
      sizeOf(shape) === sizeOf(x!.shape),
      'both shapes have the same number of entries',
      `[${x!.shape}] to [${shape}]`,
    );
    return { dtype: x!.dtype, shape };
  },
  vjp: ({ b, x, dy }) => [() => b.reshape(dy, shapeOf(at(x, 0)))],
  reference: ([x], node) => ({ shape: shapeOf(node), data: x!.data }),
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('Reshape', [at(inputs, 0), emit.constant('i32', [shapeOf(node).length], shapeOf(node))], {
      T: { type: typeOf(node).dtype },
      Tshape: { type: 'i32' },
    }),
  tfjs: ({ tf, inputs, node }) => tf.reshape(at(inputs, 0), [...shapeOf(node)]),
  flops: free,
  samples: [{ operands: [{ dtype: 'f32', shape: [2, 6] }], attrs: { shape: [3, 4] } }],
});

const transpose = defineOp({
  name: 'transpose',
  doc: 'Permutes the axes: axis i of the result is axis permutation[i] of x.',
  operands: ['x'],
  attrs: { permutation: 'which axis goes where' },
  infer: ([x], attrs, check) => {
    const order = list(attrs, 'permutation');
    const sorted = [...order].sort((a, b) => a - b);
    check(
      sorted.length === x!.shape.length && sorted.every((axis, i) => axis === i),
      'permutation names every axis once',
      `[${order}]`,
    );
    return { dtype: x!.dtype, shape: order.map((axis) => at(x!.shape, axis)) };
  },
  vjp: ({ b, node, dy }) => [
    () => b.op('transpose', [dy], { permutation: inverseOrder(list(node.attrs, 'permutation')) }),
  ],
  reference: ([x], node) => {
    const inverse = inverseOrder(list(node.attrs, 'permutation'));
    return tabulate(shapeOf(node), (index) =>
      entryAt(
        x!,
        inverse.map((axis) => at(index, axis)),
      ),
    );
  },
  tensorflow: ({ emit, inputs, node }) => {
    const order = list(node.attrs, 'permutation');
    return emit.op('Transpose', [at(inputs, 0), emit.constant('i32', [order.length], order)], {
      T: { type: typeOf(node).dtype },
      Tperm: { type: 'i32' },
    });
  },
  tfjs: ({ tf, inputs, node }) => tf.transpose(at(inputs, 0), [...list(node.attrs, 'permutation')]),
  flops: free,
  samples: [{ operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { permutation: [2, 0, 1] } }],
});

const broadcastTo = defineOp({
  name: 'broadcast_to',
  doc: 'Repeats x along its axes of size 1 (and new leading axes) until it has `shape`.',
  operands: ['x'],
  attrs: { shape: 'the shape to fill' },
  infer: ([x], attrs, check) => {
    const shape = list(attrs, 'shape');
    const extra = shape.length - x!.shape.length;
    check(
      extra >= 0 && x!.shape.every((size, axis) => size === 1 || size === shape[axis + extra]),
      'x broadcasts to shape',
      `[${x!.shape}] to [${shape}]`,
    );
    return { dtype: x!.dtype, shape };
  },
  vjp: ({ b, x, dy }) => [() => unbroadcast(b, dy, shapeOf(at(x, 0)))],
  reference: ([x], node) => tabulate(shapeOf(node), (index) => entryAt(x!, index)),
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('BroadcastTo', [at(inputs, 0), emit.constant('i32', [shapeOf(node).length], shapeOf(node))], {
      T: { type: typeOf(node).dtype },
      Tidx: { type: 'i32' },
    }),
  tfjs: ({ tf, inputs, node }) => broadcast(tf, at(inputs, 0), shapeOf(node)),
  flops: free,
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 1, 3] }], attrs: { shape: [2, 4, 3] } },
    { operands: [{ dtype: 'f32', shape: [] }], attrs: { shape: [2, 2] } },
    { operands: [{ dtype: 'f32', shape: [2, 3] }], attrs: { shape: [2, 3] } },
    { operands: [{ dtype: 'i32', shape: [3, 1] }], attrs: { shape: [2, 3, 2] } },
  ],
});

const pad = defineOp({
  name: 'pad',
  doc: 'Puts `value` around x: `amounts` holds (before, after) for each axis.',
  operands: ['x'],
  attrs: { amounts: '(before, after) of each axis, flat', value: 'what to put there' },
  infer: ([x], attrs, check) => {
    checkFinite(attrs, 'value', check);
    const value = number(attrs, 'value');
    check(value === 0 || x!.dtype === 'f32', 'value is 0 where x is not floating-point', String(value));
    const amounts = list(attrs, 'amounts');
    check(amounts.length === 2 * x!.shape.length, 'amounts has two numbers an axis', `[${amounts}]`);
    check(
      amounts.every((amount) => Number.isInteger(amount) && amount >= 0),
      'amounts are integers and not negative',
      `[${amounts}]`,
    );
    const around = pairs(amounts);
    return {
      dtype: x!.dtype,
      shape: x!.shape.map((size, axis) => size + at(around, axis)[0] + at(around, axis)[1]),
    };
  },
  vjp: ({ b, node, x, dy }) => [
    () =>
      b.op('slice', [dy], {
        begin: pairs(list(node.attrs, 'amounts')).map(([before]) => before),
        size: shapeOf(at(x, 0)),
      }),
  ],
  reference: ([x], node) => {
    const around = pairs(list(node.attrs, 'amounts'));
    const value = number(node.attrs, 'value');
    return tabulate(shapeOf(node), (index) => {
      const inside = index.map((i, axis) => i - at(around, axis)[0]);
      return inside.every((i, axis) => i >= 0 && i < at(x!.shape, axis)) ? entryAt(x!, inside) : value;
    });
  },
  tensorflow: ({ emit, inputs, node }) => {
    const amounts = list(node.attrs, 'amounts');
    const paddings = emit.constant('i32', [amounts.length / 2, 2], amounts);
    const attrs = { T: { type: typeOf(node).dtype }, Tpaddings: { type: 'i32' as const } };
    const value = number(node.attrs, 'value');
    return value === 0
      ? emit.op('Pad', [at(inputs, 0), paddings], attrs)
      : emit.op('PadV2', [at(inputs, 0), paddings, emit.constant('f32', [], [value])], attrs);
  },
  tfjs: ({ tf, inputs, node }) =>
    tf.pad(at(inputs, 0), pairs(list(node.attrs, 'amounts')), number(node.attrs, 'value')),
  flops: free,
  samples: [0, 1.5].map((value) => ({
    operands: [{ dtype: 'f32' as const, shape: [2, 3, 4] }],
    attrs: { amounts: [0, 0, 1, 2, 3, 0], value },
  })),
});

const slice = defineOp({
  name: 'slice',
  doc: 'The block of x that starts at `begin` and has `size`.',
  operands: ['x'],
  attrs: { begin: 'first index of each axis', size: 'size of the block' },
  infer: ([x], attrs, check) => {
    const begin = list(attrs, 'begin');
    const size = list(attrs, 'size');
    check(
      begin.length === x!.shape.length && size.length === begin.length,
      'begin and size have one number an axis',
      `begin [${begin}], size [${size}], x [${x!.shape}]`,
    );
    check(
      begin.every(
        (first, axis) =>
          Number.isInteger(first) && first >= 0 && first + at(size, axis) <= at(x!.shape, axis),
      ),
      'the block lies inside x',
      `begin [${begin}], size [${size}], x [${x!.shape}]`,
    );
    return { dtype: x!.dtype, shape: size };
  },
  vjp: ({ b, node, x, dy }) => [
    () => {
      const begin = list(node.attrs, 'begin');
      const amounts = shapeOf(at(x, 0)).flatMap((size, axis) => [
        at(begin, axis),
        size - at(begin, axis) - at(shapeOf(dy), axis),
      ]);
      return b.op('pad', [dy], { amounts, value: 0 });
    },
  ],
  reference: ([x], node) => {
    const begin = list(node.attrs, 'begin');
    return tabulate(shapeOf(node), (index) =>
      entryAt(
        x!,
        index.map((i, axis) => i + at(begin, axis)),
      ),
    );
  },
  tensorflow: ({ emit, inputs, node }) => {
    const begin = list(node.attrs, 'begin');
    const constants = [begin, shapeOf(node)].map((values) => emit.constant('i32', [values.length], values));
    return emit.op('Slice', [at(inputs, 0), ...constants], {
      T: { type: typeOf(node).dtype },
      Index: { type: 'i32' },
    });
  },
  tfjs: ({ tf, inputs, node }) => tf.slice(at(inputs, 0), [...list(node.attrs, 'begin')], [...shapeOf(node)]),
  flops: free,
  samples: [{ operands: [{ dtype: 'f32', shape: [3, 4, 5] }], attrs: { begin: [1, 0, 2], size: [2, 4, 1] } }],
});

const concat = defineOp({
  name: 'concat',
  doc: 'Joins tensors along `axis`.',
  operands: ['...parts'],
  attrs: { axis: 'the axis along which they are joined' },
  infer: (types, attrs, check) => {
    const axis = number(attrs, 'axis');
    const first = at(types, 0);
    check(axis >= 0 && axis < first.shape.length, 'axis is one of the operands', String(axis));
    check(
      types.every(
        (type) =>
          type.dtype === first.dtype &&
          type.shape.length === first.shape.length &&
          type.shape.every((size, i) => i === axis || size === first.shape[i]),
      ),
      'operands have one dtype and agree outside the axis',
      `axis ${axis} of ${types.map(formatType).join(' and ')}`,
    );
    const total = types.reduce((sum, type) => sum + at(type.shape, axis), 0);
    return { dtype: first.dtype, shape: first.shape.map((size, i) => (i === axis ? total : size)) };
  },
  vjp: ({ b, node, x, dy }) => {
    const axis = number(node.attrs, 'axis');
    const sizes = x.map((part) => at(shapeOf(part), axis));
    return x.map((_, index) => () => b.item(b.op('split', [dy], { axis, sizes }), index));
  },
  reference: (inputs, node) => {
    const axis = number(node.attrs, 'axis');
    return tabulate(shapeOf(node), (index) => {
      let offset = at(index, axis);
      for (const part of inputs) {
        const size = at(part.shape, axis);
        if (offset < size)
          return entryAt(
            part,
            index.map((i, a) => (a === axis ? offset : i)),
          );
        offset -= size;
      }
      return 0;
    });
  },
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('ConcatV2', [...inputs, emit.constant('i32', [], [number(node.attrs, 'axis')])], {
      N: { int: inputs.length },
      T: { type: typeOf(node).dtype },
      Tidx: { type: 'i32' },
    }),
  tfjs: ({ tf, inputs, node }) => tf.concat([...inputs], number(node.attrs, 'axis')),
  flops: free,
  samples: [
    {
      operands: [
        { dtype: 'f32', shape: [2, 3, 4] },
        { dtype: 'f32', shape: [2, 1, 4] },
        { dtype: 'f32', shape: [2, 2, 4] },
      ],
      attrs: { axis: 1 },
    },
  ],
});

const split = defineOp({
  name: 'split',
  doc: 'Cuts x along `axis` into pieces of `sizes`; the inverse of concat.',
  operands: ['x'],
  attrs: { axis: 'the axis that is cut', sizes: 'the sizes of the pieces, which sum to the axis' },
  infer: ([x], attrs, check) => {
    const axis = number(attrs, 'axis');
    const sizes = list(attrs, 'sizes');
    check(axis >= 0 && axis < x!.shape.length, 'axis is one of x', String(axis));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    check(total === x!.shape[axis], 'sizes sum to the axis', `sizes [${sizes}], axis of ${x!.shape[axis]}`);
    return sizes.map((size): TensorType => ({
      dtype: x!.dtype,
      shape: x!.shape.map((all, i) => (i === axis ? size : all)),
    }));
  },
  vjp: ({ b, node, dys }) => [
    () => {
      const parts = node.results.map((type, index) => dys[index] ?? b.constant(0, type.shape));
      return b.op('concat', parts, { axis: number(node.attrs, 'axis') });
    },
  ],
  reference: ([x], node) => {
    const axis = number(node.attrs, 'axis');
    let offset = 0;
    return node.results.map((type) => {
      const start = offset;
      offset += at(type.shape, axis);
      return tabulate(type.shape, (index) =>
        entryAt(
          x!,
          index.map((i, a) => (a === axis ? i + start : i)),
        ),
      );
    });
  },
  tensorflow: ({ emit, inputs, node }) => {
    const sizes = list(node.attrs, 'sizes');
    const name = emit.op(
      'SplitV',
      [
        at(inputs, 0),
        emit.constant('i32', [sizes.length], sizes),
        emit.constant('i32', [], [number(node.attrs, 'axis')]),
      ],
      { num_split: { int: sizes.length }, T: { type: at(node.results, 0).dtype }, Tlen: { type: 'i32' } },
    );
    return sizes.map((_, index) => (index === 0 ? name : `${name}:${index}`));
  },
  tfjs: ({ tf, inputs, node }) =>
    tf.split(at(inputs, 0), [...list(node.attrs, 'sizes')], number(node.attrs, 'axis')),
  flops: free,
  samples: [{ operands: [{ dtype: 'f32', shape: [2, 6, 3] }], attrs: { axis: 1, sizes: [1, 3, 2] } }],
});

/** Requires indices that lie inside an axis of `size`, of a tensor of `shape`. */
function checkTake(shape: readonly number[], attrs: Attrs, size: number, check: Check): void {
  const axis = number(attrs, 'axis');
  check(axis >= 0 && axis < shape.length, 'axis is one of the operand', `axis ${axis} of [${shape}]`);
  const indices = list(attrs, 'indices');
  check(
    indices.length >= 1 && indices.every((index) => Number.isInteger(index) && index >= 0 && index < size),
    'indices lie inside the axis',
    `[${indices}] of ${size}`,
  );
}

const take = defineOp({
  name: 'take',
  doc: 'Gathers slices of x along `axis` at fixed `indices`, in that order; an index may occur more than once.',
  operands: ['x'],
  attrs: { axis: 'the axis', indices: 'which slices' },
  infer: ([x], attrs, check) => {
    const axis = number(attrs, 'axis');
    checkTake(x!.shape, attrs, x!.shape[axis] ?? 0, check);
    const count = list(attrs, 'indices').length;
    return { dtype: x!.dtype, shape: x!.shape.map((size, i) => (i === axis ? count : size)) };
  },
  vjp: ({ b, node, x, dy }) => [
    () => b.op('take_grad', [dy], { ...node.attrs, size: at(shapeOf(at(x, 0)), number(node.attrs, 'axis')) }),
  ],
  reference: ([x], node) => {
    const axis = number(node.attrs, 'axis');
    const indices = list(node.attrs, 'indices');
    return tabulate(shapeOf(node), (index) =>
      entryAt(
        x!,
        index.map((i, a) => (a === axis ? at(indices, i) : i)),
      ),
    );
  },
  tensorflow: ({ emit, inputs, node }) => {
    const indices = list(node.attrs, 'indices');
    const ids = emit.constant('i32', [indices.length], indices);
    return emitGather(emit, typeOf(node).dtype, at(inputs, 0), ids, number(node.attrs, 'axis'));
  },
  tfjs: ({ tf, inputs, node }) =>
    tf.gather(
      at(inputs, 0),
      tf.tensor1d([...list(node.attrs, 'indices')], 'int32'),
      number(node.attrs, 'axis'),
    ),
  flops: free,
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 4, 3] }], attrs: { axis: 1, indices: [0, 2, 2, 3, 1] } },
    { operands: [{ dtype: 'i32', shape: [2, 4] }], attrs: { axis: 1, indices: [3, 0] } },
  ],
});

const takeGrad = defineOp({
  name: 'take_grad',
  doc: 'Adds slices of dy up at `indices` of an axis of `size`: the cotangent of take.',
  operands: ['dy'],
  attrs: { axis: 'the axis', indices: 'where each slice goes', size: 'size of the axis' },
  infer: ([dy], attrs, check) => {
    check(dy!.dtype === 'f32', 'dy is floating-point', dy!.dtype);
    checkTake(dy!.shape, attrs, number(attrs, 'size'), check);
    const axis = number(attrs, 'axis');
    const count = list(attrs, 'indices').length;
    check(
      dy!.shape[axis] === count,
      'dy has one slice for each index',
      `${dy!.shape[axis]} slices, ${count} indices`,
    );
    return { dtype: 'f32', shape: dy!.shape.map((size, i) => (i === axis ? number(attrs, 'size') : size)) };
  },
  vjp: ({ b, node, dy }) => [
    () => b.op('take', [dy], { axis: number(node.attrs, 'axis'), indices: list(node.attrs, 'indices') }),
  ],
  reference: ([dy], node) => {
    const axis = number(node.attrs, 'axis');
    const indices = list(node.attrs, 'indices');
    const shape = shapeOf(node);
    const data = new Float64Array(sizeOf(shape));
    const strides = stridesOf(shape);
    const from = stridesOf(dy!.shape);
    dy!.data.forEach((value, flat) => {
      let target = 0;
      dy!.shape.forEach((size, a) => {
        const i = Math.floor(flat / at(from, a)) % size;
        target += (a === axis ? at(indices, i) : i) * at(strides, a);
      });
      data[target] = (data[target] ?? 0) + value;
    });
    return { shape, data };
  },
  // A product with the 0/1 matrix that says which slice goes where, batched over the axes before.
  tensorflow: ({ emit, inputs, node }) => {
    const { matrix, before, after, shape, count, size } = takeMatrix(
      node.attrs,
      shapeOf(at(node.operands, 0)),
    );
    const dims = (values: readonly number[]): string => emit.constant('i32', [values.length], values);
    const reshapeAttrs = { ...float, Tshape: { type: 'i32' as const } };
    const flat = emit.op('Reshape', [at(inputs, 0), dims([before, count, after])], reshapeAttrs);
    const product = emit.op('BatchMatMulV2', [emit.constant('f32', [1, size, count], matrix), flat], {
      ...float,
      adj_x: { bool: false },
      adj_y: { bool: false },
    });
    return emit.op('Reshape', [product, dims(shape)], reshapeAttrs);
  },
  tfjs: ({ tf, inputs, node }) => {
    const { matrix, before, after, shape, count, size } = takeMatrix(
      node.attrs,
      shapeOf(at(node.operands, 0)),
    );
    const left = tf.broadcastTo(tf.tensor(matrix, [1, size, count]), [before, size, count]);
    return tf.reshape(tf.matMul(left, tf.reshape(at(inputs, 0), [before, count, after])), [...shape]);
  },
  flops: (node) => 2 * number(node.attrs, 'size') * sizeOf(shapeOf(at(node.operands, 0))),
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 5, 3] }], attrs: { axis: 1, indices: [0, 2, 2, 3, 1], size: 4 } },
  ],
});

function takeMatrix(attrs: Attrs, from: readonly number[]) {
  const axis = number(attrs, 'axis');
  const size = number(attrs, 'size');
  const indices = list(attrs, 'indices');
  const matrix = new Float32Array(size * indices.length);
  indices.forEach((row, column) => (matrix[row * indices.length + column] = 1));
  return {
    matrix,
    size,
    count: indices.length,
    before: sizeOf(from.slice(0, axis)),
    after: sizeOf(from.slice(axis + 1)),
    shape: from.map((all, i) => (i === axis ? size : all)),
  };
}

const oneHot = defineOp({
  name: 'one_hot',
  doc: 'Turns ids [..] into float32 channels [.., depth]: 1 at the id, 0 elsewhere; ids outside 0 .. depth - 1 have no 1.',
  operands: ['ids'],
  attrs: { depth: 'number of channels' },
  infer: ([ids], attrs, check) => {
    check(ids!.dtype === 'i32', 'ids are integers', ids!.dtype);
    const depth = number(attrs, 'depth');
    check(depth >= 1, 'depth is at least 1', String(depth));
    return { dtype: 'f32', shape: [...ids!.shape, depth] };
  },
  vjp: { nondifferentiable: 'ids are discrete' },
  reference: ([ids], node) =>
    tabulate(shapeOf(node), (index) => Number(entryAt(ids!, index.slice(0, -1)) === index[index.length - 1])),
  tensorflow: ({ emit, inputs, node }) =>
    emit.op(
      'OneHot',
      [
        at(inputs, 0),
        emit.constant('i32', [], [number(node.attrs, 'depth')]),
        emit.constant('f32', [], [1]),
        emit.constant('f32', [], [0]),
      ],
      { ...float, TI: { type: 'i32' }, axis: { int: -1 } } satisfies Record<string, TfAttr>,
    ),
  tfjs: ({ tf, inputs, node }) => {
    const depth = number(node.attrs, 'depth');
    const flat = tf.reshape(at(inputs, 0), [-1]);
    // The one channel of depth 1 is what tfjs refuses to make.
    const channels = depth === 1 ? tf.equal(flat, tf.scalar(0, 'int32')) : tf.oneHot(flat, depth);
    return tf.reshape(tf.cast(channels, 'float32'), [...shapeOf(node)]);
  },
  flops: free,
  samples: [
    {
      operands: [{ dtype: 'i32', shape: [2, 3] }],
      attrs: { depth: 4 },
      draw: (_i, u) => Math.floor(2 * u + 2),
    },
    ...[4, 1].map((depth) => ({
      operands: [i32(2, 7)],
      attrs: { depth },
      draw: (_i: number, u: number) => wildId(u),
    })),
  ],
});

/** What reductions ask of x, and the shape that is left. */
function inferReduction(x: TensorType, attrs: Attrs, check: Check): TensorType {
  check(x.dtype === 'f32', 'x is floating-point', x.dtype);
  const axes = list(attrs, 'axes');
  check(
    axes.every((axis, i) => axis >= 0 && axis < x.shape.length && (i === 0 || axis > at(axes, i - 1))),
    'axes are axes of x in ascending order',
    `[${axes}] of [${x.shape}]`,
  );
  const keep = flag(attrs, 'keep');
  return {
    dtype: 'f32',
    shape: x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size])),
  };
}

/** Gives a shape with size 1 in place of the axes that are reduced. */
const keptShape = (shape: Shape, attrs: Attrs): number[] =>
  shape.map((size, axis) => (list(attrs, 'axes').includes(axis) ? 1 : size));

/** Combines the entries of x that fall together when `axes` are reduced, from `start` on. */
function reduceEntries(
  x: RefTensor,
  node: Node,
  start: number,
  combine: (total: number, value: number) => number,
): RefTensor {
  const axes = list(node.attrs, 'axes');
  const kept = keptShape(x.shape, node.attrs);
  const data = new Float64Array(sizeOf(kept)).fill(start);
  const from = stridesOf(x.shape);
  const to = stridesOf(kept);
  x.data.forEach((value, flat) => {
    let target = 0;
    for (let axis = 0; axis < kept.length; axis++)
      if (!axes.includes(axis)) target += (Math.floor(flat / at(from, axis)) % at(kept, axis)) * at(to, axis);
    data[target] = combine(data[target]!, value);
  });
  return { shape: shapeOf(node), data };
}

/** Emits one of TensorFlow's reductions. */
function emitReduction(type: 'Sum' | 'Max', { emit, inputs, node }: TfContext): string {
  const axes = list(node.attrs, 'axes');
  return emit.op(type, [at(inputs, 0), emit.constant('i32', [axes.length], axes)], {
    ...float,
    Tidx: { type: 'i32' },
    keep_dims: { bool: flag(node.attrs, 'keep') },
  });
}

const sum = defineOp({
  name: 'sum',
  doc: 'Adds x up over `axes`; with `keep` they stay as axes of size 1.',
  operands: ['x'],
  attrs: { axes: 'axes to sum over, ascending', keep: 'whether they stay with size 1' },
  infer: ([x], attrs, check) => inferReduction(x!, attrs, check),
  vjp: ({ b, node, x, dy }) => [
    () => {
      const shape = shapeOf(at(x, 0));
      const kept = b.reshape(dy, keptShape(shape, node.attrs));
      return sameShape(shapeOf(kept), shape) ? kept : b.op('broadcast_to', [kept], { shape });
    },
  ],
  reference: ([x], node) => reduceEntries(x!, node, 0, (total, value) => total + value),
  tensorflow: (context) => emitReduction('Sum', context),
  // WebAssembly's own sum transposes first, which takes 20 times as long as adding up rows.
  tfjs: ({ tf, inputs, node }) => {
    const x = at(inputs, 0);
    const axes = list(node.attrs, 'axes');
    const [first = 0, last = -1] = [axes[0], axes[axes.length - 1]];
    const [before, rows, after] = [
      x.shape.slice(0, first),
      x.shape.slice(first, last + 1),
      x.shape.slice(last + 1),
    ].map(sizeOf) as [number, number, number];
    const inOneBlock = last - first + 1 === axes.length;
    if (!inOneBlock || after === 1 || before > 16) return tf.sum(x, [...axes], flag(node.attrs, 'keep'));
    const blocks = tf.reshape(x, [before * rows, after]);
    const sums = Array.from({ length: before }, (_, block) =>
      sumRows(tf, before === 1 ? blocks : tf.slice(blocks, [block * rows, 0], [rows, after])),
    );
    return tf.reshape(tf.concat(sums, 0), [...shapeOf(node)]);
  },
  flops: (node) => sizeOf(shapeOf(at(node.operands, 0))),
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { axes: [1], keep: true } },
    { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { axes: [0, 2], keep: false } },
    { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { axes: [0, 1, 2], keep: false } },
    { operands: [{ dtype: 'f32', shape: [2, 3, 2, 4] }], attrs: { axes: [1, 2], keep: true } },
    { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { axes: [0, 1], keep: false } },
    { operands: [{ dtype: 'f32', shape: [17, 3, 4] }], attrs: { axes: [1], keep: false } },
    // Many positive numbers: an engine that adds them one by one would lose digits.
    {
      operands: [{ dtype: 'f32', shape: [300, 500, 2] }],
      attrs: { axes: [0, 1], keep: false },
      draw: (_i, u) => u + 2,
    },
  ],
});

const max = defineOp({
  name: 'max',
  doc: 'The largest entry of x over `axes`; with `keep` they stay as axes of size 1. Ties share the gradient equally.',
  operands: ['x'],
  attrs: { axes: 'axes to reduce, ascending', keep: 'whether they stay with size 1' },
  infer: ([x], attrs, check) => inferReduction(x!, attrs, check),
  vjp: ({ b, node, x, dy }) => [
    () => {
      const axes = list(node.attrs, 'axes');
      const kept = keptShape(shapeOf(at(x, 0)), node.attrs);
      const largest = b.op('greater_equal', [at(x, 0), b.reshape(node, kept)]);
      const mask = b.op('cast', [largest], { to: 'f32' });
      return b.mul(mask, b.div(b.reshape(dy, kept), b.sum(mask, axes)));
    },
  ],
  reference: ([x], node) => reduceEntries(x!, node, -Infinity, Math.max),
  tensorflow: (context) => emitReduction('Max', context),
  tfjs: ({ tf, inputs, node }) =>
    tf.max(at(inputs, 0), [...list(node.attrs, 'axes')], flag(node.attrs, 'keep')),
  flops: (node) => sizeOf(shapeOf(at(node.operands, 0))),
  samples: [
    { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { axes: [2], keep: true } },
    { operands: [{ dtype: 'f32', shape: [2, 3, 4] }], attrs: { axes: [0, 1], keep: false } },
    { operands: [{ dtype: 'f32', shape: [2, 3, 2, 4] }], attrs: { axes: [0, 3], keep: true } },
    { operands: [{ dtype: 'f32', shape: [2, 3] }], attrs: { axes: [0, 1], keep: false } },
  ],
});

export const structureOps: readonly OpDefinition[] = [
  source('input', 'A value that is fed at each call of a method.'),
  source('read', 'The value that a variable has when the method starts.'),
  constant,
  stopGradient,
  reshape,
  transpose,
  broadcastTo,
  pad,
  slice,
  concat,
  split,
  take,
  takeGrad,
  oneHot,
  sum,
  max,
];
