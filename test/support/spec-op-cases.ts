/** Lists uses of composite ops with expected results: numbers of PyTorch, or naive loops. */
import { gradients } from '../../compiler/ops/gradients.ts';
import { type Builder, reachable, typeOf, type Node } from '../../compiler/ir/node.ts';
import { inputsOf, type Method } from '../../compiler/ir/program.ts';
import { f32, i32, sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { composites } from '../../compiler/ops/composite/index.ts';
import type { SpecAttr } from '../../compiler/format/types.ts';
import type { Feeds } from '../../runtime/session/session.ts';
import { drawUniform, operandName, pairing } from './samples.ts';

type Attrs = Readonly<Record<string, SpecAttr>>;

/** A use of a composite op, and its result from another source: given numbers, or a rule for each entry. */
export interface SpecOpCase {
  readonly op: string;
  readonly operands: readonly TensorType[];
  readonly attrs?: Attrs;
  /** PyTorch's numbers for `counted` inputs, rounded to six digits. */
  readonly torch?: readonly number[];
  /** The entry at an index of the result. */
  readonly entry?: (index: readonly number[], read: Read) => number;
  readonly shape: readonly number[];
}

/** Reads input `input` at an index. */
export type Read = (input: number, ...index: readonly number[]) => number;

/** Inputs that are easy to make elsewhere: entry i is (7 i mod 11 - 5). */
export function counted(shape: readonly number[]): RefTensor {
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => ((7 * i) % 11) - 5) };
}

/** Gives a case's inputs: counted ones for PyTorch's numbers, random ones otherwise; ids are 0, 1 and 2. */
export function inputsOfCase({ op, operands, torch }: SpecOpCase): RefTensor[] {
  return operands.map(({ dtype, shape }, index) => {
    if (torch) return counted(shape);
    const drawn = drawUniform(`${op} ${index}`, shape);
    return dtype === 'f32' ? drawn : { shape, data: drawn.data.map((u) => Math.floor(1.5 * (u + 1))) };
  });
}

/** Gives the expected result of a case. */
export function expectedOf(each: SpecOpCase): readonly number[] {
  if (each.torch) return each.torch;
  const inputs = inputsOfCase(each);
  const read: Read = (input, ...index) => {
    const { shape, data } = must(inputs[input], 'an input');
    return must(data[index.reduce((flat, i, axis) => flat * shape[axis]! + i, 0)], 'an entry');
  };
  const rule = must(each.entry, 'a case has numbers or a rule');
  return Array.from({ length: sizeOf(each.shape) }, (_, flat) => {
    const index: number[] = [];
    for (let axis = each.shape.length - 1, rest = flat; axis >= 0; axis--) {
      index.unshift(rest % each.shape[axis]!);
      rest = Math.floor(rest / each.shape[axis]!);
    }
    return rule(index, read);
  });
}

/** Expands a composite in training mode, for batches of two; also gives its updates of variables, by input. */
export function expandOp(
  b: Builder,
  name: string,
  inputs: readonly Node[],
  attrs: Attrs = {},
): { node: Node; updates: ReadonlyMap<number, Node> } {
  const op = must(composites.get(name), `no composite ${name}`);
  const updates = new Map<number, Node>();
  const state = (): Node => b.input({ name: 'random_state', ...i32(2) });
  let streams = 0;
  const node = op.expand(
    {
      b,
      training: true,
      compute: {},
      batch: 2,
      update: (index, value) => updates.set(index, value),
      noise: (_name, shape) => b.randomNormal(state(), { shape, stream: ++streams }),
      stream: () => ++streams,
      randomState: state,
    },
    inputs,
    attrs,
  );
  return { node, updates };
}

/** Expands a case over inputs `x0`, `x1`.. */
export function buildCase(b: Builder, { op, operands, attrs }: SpecOpCase): { node: Node; operands: Node[] } {
  const inputs = operands.map((type, index) => b.input({ name: operandName(index), ...type }));
  return { node: expandOp(b, op, inputs, attrs).node, operands: inputs };
}

/** Makes one method of a case: `y`, and `g0`.. with the gradients of sum(y u) with respect to the inputs that y depends on. */
export function methodOfCase(b: Builder, each: SpecOpCase, name: string): Method {
  const { node, operands } = buildCase(b, each);
  const needed = reachable([node]);
  const targets = floatOperands(operands).filter((operand) => needed.includes(operand));
  const found = gradients(b, pairing(b, [node], [b.input({ name: `u_${name}`, ...typeOf(node) })]), targets);
  const outputs = found.map((gradient, index) => [`g${index}`, gradient] as const);
  return { name, outputs: new Map([['y', node], ...outputs]), writes: new Map() };
}

/** Gives values for all possible inputs of a case's method. */
export function valuesOfMethod(each: SpecOpCase, name: string): Map<string, RefTensor> {
  const values = inputsOfCase(each).map((value, index) => [operandName(index), value] as const);
  return new Map([...values, [`u_${name}`, drawUniform(`${name} u`, each.shape)]]);
}

/** Gives the feeds of a case's method. */
export function feedsOfMethod(method: Method, values: ReadonlyMap<string, RefTensor>): Feeds {
  return Object.fromEntries(
    [...inputsOf(method)].map(([name, { dtype }]) => {
      const { data } = must(values.get(name), `a value for ${name}`);
      return [name, dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data)];
    }),
  );
}

const sumOver = (count: number, value: (i: number) => number): number =>
  Array.from({ length: count }, (_, i) => value(i)).reduce((sum, one) => sum + one, 0);

/** Reads a picture, with 0 outside of height x width. */
const inside = (read: Read, height: number, width: number) => (n: number, h: number, w: number, c: number) =>
  h < 0 || h >= height || w < 0 || w >= width ? 0 : read(0, n, h, w, c);

/** A reduced picture [2,3,4,2]: the reduced axes, and the expected entry at an index of the result. */
const reductions = (['mean', 'sum'] as const).flatMap((op): SpecOpCase[] => {
  const all = [2, 3, 4, 2] as const;
  const ranges = [
    { over: 'all', shape: [], axes: [0, 1, 2, 3] },
    { over: 'picture', shape: [2, 1, 1, 1], axes: [1, 2, 3] },
    { over: 'pixels', shape: [2, 1, 1, 2], axes: [1, 2] },
    { over: 'channels', shape: [2, 3, 4, 1], axes: [3] },
    { over: 'positions', shape: [2], axes: [0, 1, 2] },
  ];
  return ranges.map(({ over, shape, axes }) => ({
    op,
    operands: [f32(...all)],
    attrs: { over },
    shape,
    entry: (index, read) => {
      const fixed = over === 'positions' ? [0, 0, 0, index[0]!] : over === 'all' ? [0, 0, 0, 0] : index;
      let total = 0;
      const visit = (at: readonly number[], axis: number): void => {
        if (axis === 4) total += read(0, ...at);
        else if (!axes.includes(axis)) visit([...at, fixed[axis]!], axis + 1);
        else for (let i = 0; i < all[axis]!; i++) visit([...at, i], axis + 1);
      };
      visit([], 0);
      return op === 'sum' ? total : total / axes.reduce((count, axis) => count * all[axis]!, 1);
    },
  }));
});

/** Made by PyTorch 2.13 in float64, with layouts converted to ours. */
const fromTorch: readonly SpecOpCase[] = [
  {
    op: 'erf',
    operands: [f32(2, 3)],
    shape: [2, 3],
    torch: [-1, 0.995322, -0.995322, 1, 0.842701, -0.999978],
  },
  {
    // F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1)
    op: 'conv2d_transpose',
    operands: [f32(1, 2, 3, 2), f32(3, 3, 2, 2)],
    shape: [1, 4, 6, 2],
    torch: [
      15, -28, -4, 18, 6, -28, -44, 7, -3, 16, 18, -7, -24, -6, 16, 15, -20, 27, 35, -40, -5, -6, 2, 23, -12,
      16, 19, 7, 12, -28, -54, 7, 3, 16, 22, -9, 16, 0, 7, -49, -28, 9, 7, 24, 16, -15, -9, 15,
    ],
  },
  {
    // F.conv_transpose2d(x, w, stride=2, padding=1)
    op: 'conv2d_transpose',
    operands: [f32(1, 2, 2, 1), f32(4, 4, 1, 1)],
    attrs: { output_pad: 0 },
    shape: [1, 4, 4, 1],
    torch: [15, -18, -6, 8, -19, -24, 31, -12, 16, -24, -24, 30, -6, -18, 25, -5],
  },
  {
    // F.interpolate(x, size=(5, 3), mode='bilinear', align_corners=False)
    op: 'resize_bilinear',
    operands: [f32(1, 3, 4, 1)],
    attrs: { height: 5, width: 3 },
    shape: [1, 5, 3, 1],
    torch: [
      -3.833333, 0, 3.833333, -2.166667, 0.2, 2.566667, 0.333333, 0.5, 0.666667, -1.566667, 0.8, -2.333333,
      -2.833333, 1, -4.333333,
    ],
  },
  {
    // F.local_response_norm(x, size=4, alpha=0.5, beta=0.75, k=2)
    op: 'local_response_norm',
    operands: [f32(1, 2, 2, 5)],
    attrs: { size: 4, alpha: 0.5, beta: 0.75, k: 2 },
    shape: [1, 2, 2, 5],
    torch: [
      -1.36892, 0.513689, -0.377071, 1.264911, 0.269308, -0.880746, 1.174328, 0, -0.917215, 0.880746,
      -0.288324, -1.34654, 0.505964, -0.377071, 1.284223, 0.413131, -0.864971, 1.153295, 0, -1.04339,
    ],
  },
  {
    // F.max_pool2d(x, 3, 2, ceil_mode=True)
    op: 'max_pool',
    operands: [f32(1, 5, 6, 1)],
    attrs: { size: 3, stride: 2, ceil: true },
    shape: [1, 2, 3, 1],
    torch: [5, 5, 4, 5, 5, 4],
  },
  {
    // F.max_pool2d(x, 2, 2, 1, ceil_mode=True)
    op: 'max_pool',
    operands: [f32(1, 5, 6, 1)],
    attrs: { pad: 1, ceil: true },
    shape: [1, 3, 4, 1],
    torch: [-5, 2, 5, -3, 4, 5, 3, 4, 0, 5, 4, 2],
  },
  {
    // F.max_pool2d(x, 3, 2, 1)
    op: 'max_pool',
    operands: [f32(1, 5, 6, 1)],
    attrs: { size: 3, pad: 1 },
    shape: [1, 3, 3, 1],
    torch: [4, 5, 5, 4, 5, 4, 5, 5, 4],
  },
  {
    // F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
    op: 'avg_pool',
    operands: [f32(1, 4, 4, 1)],
    attrs: { pad: 1 },
    shape: [1, 2, 2, 1],
    torch: [-1.25, 1, -0.5, 0.222222],
  },
  {
    // F.conv2d(F.pad(x, (1, 1, 1, 1)), w, groups=2, stride=2)
    op: 'depthwise_conv2d',
    operands: [f32(1, 3, 3, 2), f32(2, 2, 2, 1)],
    attrs: { stride: 2, pad: 1 },
    shape: [1, 2, 2, 2],
    torch: [-20, 0, 2, -15, 0, 0, 15, -22],
  },
  {
    // F.log_softmax(x, -1)
    op: 'log_softmax',
    operands: [f32(2, 3)],
    shape: [2, 3],
    torch: [-7.019045, -0.019045, -4.019045, -0.018479, -4.018479, -8.018479],
  },
  {
    // F.pad(x, (2, 2, 2, 2), mode='reflect')
    op: 'reflect_pad',
    operands: [f32(1, 3, 3, 1)],
    attrs: { amount: 2 },
    shape: [1, 7, 7, 1],
    torch: [
      -4, 0, 4, 0, -4, 0, 4, -3, 1, 5, 1, -3, 1, 5, -2, 2, -5, 2, -2, 2, -5, -3, 1, 5, 1, -3, 1, 5, -4, 0, 4,
      0, -4, 0, 4, -3, 1, 5, 1, -3, 1, 5, -2, 2, -5, 2, -2, 2, -5,
    ],
  },
  {
    // torch.flatten(x, 1)
    op: 'flatten',
    operands: [f32(1, 2, 2, 3)],
    shape: [1, 12],
    torch: [-5, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5],
  },
];

const byLoops: readonly SpecOpCase[] = [
  {
    op: 'fold',
    operands: [f32(2, 12)],
    attrs: { height: 2, width: 3, channels: 2 },
    shape: [2, 2, 3, 2],
    entry: ([n, h, w, c], read) => read(0, n!, (c! * 2 + h!) * 3 + w!),
  },
  {
    op: 'avg_pool',
    operands: [f32(2, 4, 3, 2)],
    attrs: { size: 3, stride: 2, pad: 1, count_pad: true },
    shape: [2, 2, 2, 2],
    entry: ([n, h, w, c], read) =>
      sumOver(3, (i) => sumOver(3, (j) => inside(read, 4, 3)(n!, 2 * h! + i - 1, 2 * w! + j - 1, c!))) / 9,
  },
  {
    op: 'linear',
    operands: [f32(2, 3), f32(3, 4)],
    shape: [2, 4],
    entry: ([n, o], read) => sumOver(3, (i) => read(0, n!, i) * read(1, i, o!)),
  },
  {
    op: 'linear',
    operands: [f32(2, 2, 3, 3), f32(3, 4)],
    shape: [2, 2, 3, 4],
    entry: ([n, h, w, o], read) => sumOver(3, (i) => read(0, n!, h!, w!, i) * read(1, i, o!)),
  },
  {
    op: 'channel_part',
    operands: [f32(2, 3, 6)],
    attrs: { index: 1, of: 3 },
    shape: [2, 3, 2],
    entry: ([n, p, c], read) => read(0, n!, p!, 2 + c!),
  },
  {
    // The last window contains column 4 and the zero after it.
    op: 'conv2d',
    operands: [f32(2, 5, 4, 2), f32(3, 2, 2, 3)],
    attrs: { stride: 2, same: true },
    shape: [2, 3, 2, 3],
    entry: ([n, h, w, o], read) =>
      sumOver(3, (i) =>
        sumOver(2, (j) =>
          sumOver(2, (c) => inside(read, 5, 4)(n!, 2 * h! + i - 1, 2 * w! + j, c) * read(1, i, j, c, o!)),
        ),
      ),
  },
  {
    op: 'conv2d',
    operands: [f32(2, 5, 6, 2), f32(3, 2, 2, 3)],
    attrs: { pad: 1, dilation: 2 },
    shape: [2, 3, 6, 3],
    entry: ([n, h, w, o], read) =>
      sumOver(3, (i) =>
        sumOver(2, (j) =>
          sumOver(2, (c) => inside(read, 5, 6)(n!, h! + 2 * i - 1, w! + 2 * j - 1, c) * read(1, i, j, c, o!)),
        ),
      ),
  },
  {
    op: 'conv2d',
    operands: [f32(1, 4, 3, 2), f32(3, 3, 2, 2)],
    attrs: { pad: 1, pad_mode: 'reflect' },
    shape: [1, 4, 3, 2],
    entry: ([n, h, w, o], read) => {
      const mirrored = (i: number, size: number): number => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
      return sumOver(3, (i) =>
        sumOver(3, (j) =>
          sumOver(
            2,
            (c) => read(0, n!, mirrored(h! + i - 1, 4), mirrored(w! + j - 1, 3), c) * read(1, i, j, c, o!),
          ),
        ),
      );
    },
  },
  {
    op: 'depthwise_conv2d',
    operands: [f32(2, 3, 4, 3), f32(3, 3, 3, 1)],
    attrs: { same: true },
    shape: [2, 3, 4, 3],
    entry: ([n, h, w, c], read) =>
      sumOver(3, (i) =>
        sumOver(3, (j) => inside(read, 3, 4)(n!, h! + i - 1, w! + j - 1, c!) * read(1, i, j, c!, 0)),
      ),
  },
  {
    // Three rows become seven, four columns two: an enlargement and a reduction by an odd and an even factor.
    op: 'resize_bilinear',
    operands: [f32(2, 3, 4, 2)],
    attrs: { height: 7, width: 2 },
    shape: [2, 7, 2, 2],
    entry: ([n, h, w, c], read) => {
      const y = Math.max(0, ((h! + 0.5) * 3) / 7 - 0.5);
      const top = Math.floor(y);
      const bottom = Math.min(2, top + 1);
      // Column w is halfway between columns 2 w and 2 w + 1.
      const row = (at: number) => (read(0, n!, at, 2 * w!, c!) + read(0, n!, at, 2 * w! + 1, c!)) / 2;
      return row(top) * (1 - (y - top)) + row(bottom) * (y - top);
    },
  },
  {
    op: 'local_response_norm',
    operands: [f32(2, 3, 7)],
    attrs: { size: 3, alpha: 2, beta: 0.5, k: 1.5 },
    shape: [2, 3, 7],
    entry: ([n, p, c], read) => {
      const near = [c! - 1, c!, c! + 1].filter((channel) => channel >= 0 && channel < 7);
      const squares = near.reduce((sum, channel) => sum + read(0, n!, p!, channel) ** 2, 0);
      return read(0, n!, p!, c!) / Math.sqrt(1.5 + (2 / 3) * squares);
    },
  },
  {
    op: 'set_lengths',
    operands: [f32(2, 2, 3, 2), f32(2)],
    shape: [2, 2, 3, 2],
    entry: ([h, w, i, o], read) => {
      const squares = sumOver(2, (a) => sumOver(2, (c) => sumOver(3, (d) => read(0, a, c, d, o!) ** 2)));
      return (read(1, o!) * read(0, h!, w!, i!, o!)) / Math.sqrt(squares);
    },
  },
  {
    op: 'weight_standardize',
    operands: [f32(2, 2, 3, 2)],
    attrs: { epsilon: 0.01 },
    shape: [2, 2, 3, 2],
    entry: ([h, w, i, o], read) => {
      const over = (value: (x: number) => number): number =>
        sumOver(2, (a) => sumOver(2, (c) => sumOver(3, (d) => value(read(0, a, c, d, o!))))) / 12;
      const mean = over((x) => x);
      return (read(0, h!, w!, i!, o!) - mean) / Math.sqrt(over((x) => (x - mean) ** 2) + 0.01);
    },
  },
  {
    op: 'log_softmax',
    operands: [f32(2, 2, 3, 4)],
    shape: [2, 2, 3, 4],
    entry: ([n, h, w, c], read) =>
      read(0, n!, h!, w!, c!) - Math.log(sumOver(4, (other) => Math.exp(read(0, n!, h!, w!, other)))),
  },
  {
    op: 'segment_mean',
    operands: [f32(2, 3, 4, 2), i32(2, 3, 4)],
    shape: [2, 3, 4, 2],
    entry: ([n, h, w, c], read) => {
      const same = (a: number, e: number): number => Number(read(1, n!, a, e) === read(1, n!, h!, w!));
      const total = sumOver(3, (a) => sumOver(4, (e) => same(a, e) * read(0, n!, a, e, c!)));
      return total / sumOver(3, (a) => sumOver(4, (e) => same(a, e)));
    },
  },
  {
    op: 'coordinates',
    operands: [f32(2, 3, 5, 4)],
    shape: [2, 3, 5, 2],
    entry: ([, h, w, c]) => (c === 0 ? (h! + 0.5) / 3 : (w! + 0.5) / 5),
  },
  {
    op: 'vector',
    operands: [],
    attrs: { values: [0.25, -3, 0, 7.5] },
    shape: [4],
    entry: ([i]) => [0.25, -3, 0, 7.5][i!]!,
  },
  ...reductions,
];

export const specOpCases: readonly (SpecOpCase & { readonly name: string })[] = [
  ...fromTorch,
  ...byLoops,
].map((each, index) => ({ ...each, name: `${index} ${each.op} ${JSON.stringify(each.attrs ?? {})}` }));

/** The inputs of a case that its result depends on numerically. */
export function floatOperands(operands: readonly Node[]): Node[] {
  return operands.filter((operand) => typeOf(operand).dtype === 'f32');
}
