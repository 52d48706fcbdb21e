/** The ops that take slices at fixed indices of an axis and add slices up there: each is the other's gradient. */
import { isPicture } from '../../locality/facts.ts';
import { upTo } from '../../locality/axis.ts';
import { pick } from '../../locality/rule.ts';
import { shapeOf, typeOf, type Check, type Cotangents, type Node, type Op } from '../../ir/node.ts';
import { defineOp, list, number, type Method } from '../../ir/op.ts';
import { f32, i32, sizeOf, type Shape } from '../../ir/types.ts';
import { hasMargin, isAllLabels, takeOfGrid } from '../../rows/forms.ts';
import { pad } from './blocks.ts';
import { deriveOp } from './derive.ts';
import { add } from './pointwise.ts';
import { at, emitGather, emitList, entryAt, float, handedOn, tabulate, withAxis } from './support.ts';

/** Which slices of an axis are taken. */
interface Slices {
  readonly axis: number;
  readonly indices: readonly number[];
}

/** Requires indices that lie inside an axis of `size`, of a tensor of `shape`. */
function checkTake(shape: Shape, { axis, indices }: Slices, size: number, check: Check): void {
  check(axis >= 0 && axis < shape.length, 'axis is one of the operand', `axis ${axis} of [${shape}]`);
  check(
    indices.length >= 1 && indices.every((index) => Number.isInteger(index) && index >= 0 && index < size),
    'indices lie inside the axis',
    `[${indices}] of ${size}`,
  );
}

export const take = defineOp({
  name: 'take',
  doc: 'Gathers slices of x along `axis` at fixed `indices`, in that order; an index may occur more than once.',
  edges: handedOn,
  operands: ['x'],
  attrs: { axis: number('the axis'), indices: list('which slices') },
  infer: ({ x, axis, indices }, check) => {
    checkTake(x.shape, { axis, indices }, x.shape[axis] ?? 0, check);
    return { dtype: x.dtype, shape: withAxis(x.shape, axis, indices.length) };
  },
  vjp: ({ x, axis, indices }, { b, dy }): Cotangents => [
    () => b.takeGrad(dy, { axis, indices, size: at(shapeOf(x), axis) }),
  ],
  reference: ({ x, axis, indices }, node) =>
    tabulate(shapeOf(node), (index) => entryAt(x, withAxis(index, axis, at(indices, at(index, axis))))),
  tensorflow: ({ x, axis, indices }, { emit, node }) =>
    emitGather(emit, typeOf(node).dtype, x, emitList(emit, indices), axis),
  tfjs: ({ x, axis, indices }, { tf }) => tf.gather(x, tf.tensor1d([...indices], 'int32'), axis),
  locality: ({ operands: [x], attrs: { axis, indices } }, walk) => {
    const shape = shapeOf(x);
    return [isPicture(shape) ? pick(walk, walk.asPixels(x, shape.length), axis, indices) : undefined];
  },
  onRows: ({ operands: [x], attrs: { axis, indices } }, tables) => {
    const form = tables.formOf(x);
    if (!form || form.kind === 'rows' || (axis !== 1 && axis !== 2)) return undefined;
    if (form.kind === 'pieces' && (!isAllLabels(form) || hasMargin(form.margin))) return undefined;
    return { ...form, grid: takeOfGrid(form.grid, axis, indices) };
  },
  flops: () => 0,
  samples: [
    { operands: [f32(2, 4, 3)], attrs: { axis: 1, indices: [0, 2, 2, 3, 1] } },
    { operands: [i32(2, 4)], attrs: { axis: 1, indices: [3, 0] } },
  ],
});

export const takeGrad = deriveOp({
  name: 'take_grad',
  doc: 'Adds slices of dy up at `indices` of an axis of `size`: the cotangent of take.',
  edges:
    'sums, as of torch.index_add: an infinity or a NaN stays where it goes to; TensorFlow spreads it along the axis',
  operands: ['dy'],
  attrs: {
    axis: number('the axis'),
    indices: list('where each slice goes'),
    size: number('size of the axis'),
  },
  infer: ({ dy, axis, indices, size }, check) => {
    check(dy.dtype === 'f32', 'dy is floating-point', dy.dtype);
    checkTake(dy.shape, { axis, indices }, size, check);
    check(
      dy.shape[axis] === indices.length,
      'dy has one slice for each index',
      `${dy.shape[axis]} slices, ${indices.length} indices`,
    );
    return f32(...withAxis(dy.shape, axis, size));
  },
  of: [add, pad, take],
  // As many times as slices meet anywhere, one for each place. WebAssembly takes a fraction of the time of a product.
  expand: ({ dy, axis, indices, size }, b): Node => {
    const meeting = Array.from({ length: size }, (): number[] => []);
    indices.forEach((index, place) => at(meeting, index).push(place));
    const most = Math.max(...meeting.map(({ length }) => length));
    // Zeros stand behind the slices, for places that fewer go to.
    const amounts = shapeOf(dy).flatMap((_, other) => [0, other === axis ? 1 : 0]);
    const isEven = meeting.every(({ length }) => length === most);
    const slices = isEven ? dy : b.pad(dy, { amounts, value: 0 });
    return upTo(most)
      .map((turn) =>
        b.take(slices, { axis, indices: meeting.map((places) => places[turn] ?? indices.length) }),
      )
      .reduce((sum, next) => b.add(sum, next));
  },
  vjp: ({ axis, indices }, { b, dy }): Cotangents => [() => b.take(dy, { axis, indices })],
  // A product with the 0/1 matrix that says which slice goes where, batched over the axes before: half the time of the expansion.
  tensorflow: ({ dy, axis, indices, size }, { emit, node }) => {
    const { matrix, before, count, after } = takeMatrix(shapeOf(node), { axis, indices });
    const reshape = (x: string, shape: Shape): string =>
      emit.op('Reshape', [x, emitList(emit, shape)], { ...float, Tshape: { type: 'i32' } });
    const flat = reshape(dy, [before, count, after]);
    const product = emit.op('BatchMatMulV2', [emit.constant('f32', [1, size, count], matrix), flat], {
      ...float,
      adj_x: { bool: false },
      adj_y: { bool: false },
    });
    return reshape(product, shapeOf(node));
  },
  flops: ({ dy, size }) => 2 * size * sizeOf(dy.shape),
  samples: [{ operands: [f32(2, 5, 3)], attrs: { axis: 1, indices: [0, 2, 2, 3, 1], size: 4 } }],
});

/** The matrix [size, count] that adds slices up to a tensor of `shape`, and the sizes before and after its axis. */
function takeMatrix(shape: Shape, { axis, indices }: Slices) {
  const count = indices.length;
  const matrix = new Float32Array(at(shape, axis) * count);
  indices.forEach((row, column) => (matrix[row * count + column] = 1));
  return { matrix, count, before: sizeOf(shape.slice(0, axis)), after: sizeOf(shape.slice(axis + 1)) };
}

export const takeOps: readonly Op[] = [take, takeGrad];

declare module '../../ir/node.ts' {
  interface Builder {
    take: Method<typeof take>;
    takeGrad: Method<typeof takeGrad>;
  }
}
