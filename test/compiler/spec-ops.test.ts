/** Tests the composite ops of specs: values, gradients, state, shapes and rejected inputs. */
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { OpError, shapeOf, typeOf, type Node } from '../../compiler/ir/node.ts';
import { f32, i32, type TensorType } from '../../compiler/ir/types.ts';
import { networkMethod } from '../../compiler/build/probes.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { normalQuantile } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { composites } from '../../compiler/ops/composite/index.ts';
import type { SpecAttr } from '../../compiler/format/types.ts';
import { specOf } from '../support/specs.ts';
import { network } from '../support/spec-texts.ts';
import { bindingsOf, distance, drawUniform, pairing } from '../support/samples.ts';
import {
  buildCase,
  expandOp,
  expectedOf,
  floatOperands,
  inputsOfCase,
  specOpCases,
} from '../support/spec-op-cases.ts';

const noVariables: ReadonlyMap<string, RefTensor> = new Map();
const tensor = (shape: readonly number[], ...values: number[]): RefTensor => ({
  shape,
  data: Float64Array.from(values),
});

/** Evaluates nodes over inputs by name. */
function run(nodes: readonly Node[], inputs: Readonly<Record<string, RefTensor>>): RefTensor[] {
  return evaluate(nodes, { inputs: new Map(Object.entries(inputs)), variables: noVariables });
}

describe('values', () => {
  it.each(specOpCases)('$name', (each) => {
    const b = new GraphBuilder();
    const { node } = buildCase(b, each);
    expect(shapeOf(node)).toEqual(each.shape);
    const inputs = bindingsOf(inputsOfCase(each));
    const [found] = evaluate([node], { inputs, variables: noVariables });
    // Tables of PyTorch are rounded to six digits.
    expect(distance(found!.data, expectedOf(each))).toBeLessThan(each.torch ? 5e-7 : 1e-12);
  });

  it('fold undoes flatten', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(2, 3, 4, 5) });
    const { node: flat } = expandOp(b, 'flatten', [x]);
    const { node } = expandOp(b, 'fold', [flat], { height: 3, width: 4, channels: 5 });
    const value = drawUniform('x', [2, 3, 4, 5]);
    expect(run([node], { x: value })[0]!.data).toEqual(value.data);
  });

  it('of log_softmax stay finite where exp would overflow', () => {
    const b = new GraphBuilder();
    const { node } = expandOp(b, 'log_softmax', [b.input({ name: 'x', ...f32(1, 2) })]);
    expect([...run([node], { x: tensor([1, 2], 5000, 0) })[0]!.data]).toEqual([0, -5000]);
  });

  it('of resize_bilinear to the same size are the input itself', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(1, 3, 4, 2) });
    expect(expandOp(b, 'resize_bilinear', [x], { height: 3, width: 4 }).node).toBe(x);
  });

  it('of a long list of coordinates need few nodes', () => {
    const b = new GraphBuilder();
    const { node } = expandOp(b, 'coordinates', [b.input({ name: 'x', ...f32(1, 300, 299, 1) })]);
    expect(node.id).toBeLessThan(100);
  });
});

describe('gradients are derivatives', () => {
  const step = 1e-5;

  it.each(specOpCases.filter(({ operands }) => operands.length > 0))('$name', (each) => {
    const b = new GraphBuilder();
    const { node, operands } = buildCase(b, each);
    const floats = floatOperands(operands);
    const values = bindingsOf(
      operands.map((operand, index) =>
        // Random numbers, even if the case has counted ones, which have ties.
        typeOf(operand).dtype === 'f32'
          ? drawUniform(`${each.name} ${index}`, shapeOf(operand))
          : inputsOfCase(each)[index]!,
      ),
    );
    const loss = pairing(b, [node], [b.input({ name: 'u', ...typeOf(node) })]);
    values.set('u', drawUniform(`${each.name} u`, shapeOf(node)));
    const analytic = evaluate(gradients(b, loss, floats), { inputs: values, variables: noVariables });
    floats.forEach((operand, index) => {
      const name = String(operand.attrs['name']);
      const along = drawUniform(`${each.name} along ${name}`, shapeOf(operand)).data;
      const lossAt = (distance: number): number => {
        const { shape, data } = values.get(name)!;
        const moved = { shape, data: data.map((value, i) => value + distance * along[i]!) };
        const inputs = new Map(values).set(name, moved);
        return evaluate([loss], { inputs, variables: noVariables })[0]!.data[0]!;
      };
      const numeric = (lossAt(step) - lossAt(-step)) / (2 * step);
      const products = Array.from(analytic[index]!.data, (g, i) => g * along[i]!);
      const sum = products.reduce((total, product) => total + product, 0);
      const scale = products.reduce((total, product) => total + Math.abs(product), 1);
      expect(Math.abs(sum - numeric) / scale, `${sum} against ${numeric}`).toBeLessThan(1e-8);
    });
  });
});

describe('gradient(y, x)', () => {
  it('is the gradient of sum(y), and can be differentiated again', () => {
    const b = new GraphBuilder();
    const [x, w] = [b.input({ name: 'x', ...f32(2, 2) }), b.input({ name: 'w', ...f32(2, 1) })];
    // y = (x w)^3, so dy/dx = 3 (x w)^2 w, and the penalty p = sum((dy/dx)^2) = 9 |w|^2 sum((x w)^4).
    const product = b.matmul(x, w, { transpose_a: false, transpose_b: false });
    const cube = b.mul(b.square(product), product);
    const { node } = expandOp(b, 'gradient', [cube, x]);
    const penalty = expandOp(b, 'sum', [b.square(node)]).node;
    const [slope] = gradients(b, penalty, [w]);
    const given = { x: tensor([2, 2], 1, 2, -1, 1), w: tensor([2, 1], 0.5, -1) };
    const [first, second] = run([node, slope!], given);
    // Rows: x w = -1.5 and -1.5.
    expect([...first!.data]).toEqual([3.375, -6.75, 3.375, -6.75]);
    // dp/dw = 18 w sum((x w)^4) + 36 |w|^2 sum over rows of (x w)^3 x.
    const fourth = 2 * 1.5 ** 4;
    const third = -(1.5 ** 3);
    const expected = [18 * 0.5 * fourth + 45 * third * 0, 18 * -1 * fourth + 45 * third * 3];
    expect(distance(second!.data, expected)).toBeLessThan(1e-12);
  });

  it('needs a y that depends on x', () => {
    const b = new GraphBuilder();
    const [x, other] = [b.input({ name: 'x', ...f32(2) }), b.input({ name: 'other', ...f32(2) })];
    expect(() => expandOp(b, 'gradient', [b.mul(x, 2), other])).toThrow('y is computed from x');
  });
});

describe('state', () => {
  /** One power iteration and division, for a matrix of two output channels given as rows of [all but last]. */
  it.each([[[2, 1, 3]], [[6]]])('of spectral_norm: v may have the shape %j', (shapeOfV) => {
    const b = new GraphBuilder();
    const types = [f32(2, 1, 3, 2), f32(2), f32(...shapeOfV)];
    const inputs = types.map((type, index) => b.input({ name: `x${index}`, ...type }));
    const { node, updates } = expandOp(b, 'spectral_norm', inputs);
    const values = types.map(({ shape }, index) => drawUniform(`spectral ${index}`, shape));
    const bound = { x0: values[0]!, x1: values[1]!, x2: values[2]! };
    const [y, u, v] = run([node, updates.get(1)!, updates.get(2)!], bound);
    expect([u!.shape, v!.shape]).toEqual([[2], shapeOfV]);

    const [w, start] = [values[0]!.data, values[1]!.data];
    const unit = (vector: number[]): number[] => vector.map((one) => one / Math.hypot(...vector));
    const rows = [0, 1, 2, 3, 4, 5];
    const left = unit(rows.map((i) => w[2 * i]! * start[0]! + w[2 * i + 1]! * start[1]!));
    const columns = [0, 1].map((o) => rows.reduce((sum, i) => sum + w[2 * i + o]! * left[i]!, 0));
    const right = unit(columns);
    const sigma = columns[0]! * right[0]! + columns[1]! * right[1]!;
    expect(distance(v!.data, left)).toBeLessThan(1e-12);
    expect(distance(u!.data, right)).toBeLessThan(1e-12);
    expect(
      distance(
        y!.data,
        Array.from(w, (value) => value / sigma),
      ),
    ).toBeLessThan(1e-12);
  });
});

describe('random numbers', () => {
  it('are of the shape for each picture, and noise is asked for by its name', () => {
    const b = new GraphBuilder();
    const asked: unknown[] = [];
    const context = {
      b,
      training: true,
      batch: 3,
      update: () => undefined,
      noise: (name: string | undefined, shape: readonly number[]) => {
        asked.push([name, shape]);
        return b.input({ name: 'fed', ...f32(...shape) });
      },
      compute: {},
      stream: () => 1,
      randomState: () => b.input({ name: 'random_state', ...i32(2) }),
    };
    const expand = (op: string, attrs: Readonly<Record<string, SpecAttr>>): Node =>
      composites.get(op)!.expand(context, [], attrs);
    expand('random_normal', { shape: [4, 2] });
    expand('random_normal', { shape: [5], name: 'z' });
    expand('random_bernoulli', { shape: [6], share: 0.5, name: 'kept' });
    expect(asked).toEqual([
      [undefined, [3, 4, 2]],
      ['z', [3, 5]],
      ['kept', [3, 6]],
    ]);
    expect(expand('random_uniform', { shape: [1, 1, 1] })).toMatchObject({
      op: { name: 'random_uniform' },
      attrs: { shape: [3, 1, 1, 1] },
    });
  });

  it.each([0.1, 0.5, 0.975])('of random_bernoulli are 1 with the probability %d, else 0', (share) => {
    const b = new GraphBuilder();
    const { node } = expandOp(b, 'random_bernoulli', [], { shape: [40_000], share });
    const drawn = run([node], { random_state: tensor([2], 3, 4) })[0]!.data;
    expect(new Set(drawn)).toEqual(new Set([0, 1]));
    const found = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    // Five standard deviations.
    expect(Math.abs(found - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / drawn.length));
  });

  it('are below the quantile of a normal distribution with its probability', () => {
    // Tables of the standard normal distribution.
    const quantiles = [1e-6, 0.025, 0.5, 0.75, 0.999].map(normalQuantile);
    expect(distance(quantiles, [-4.753424, -1.959964, 0, 0.67449, 3.090232])).toBeLessThan(2e-7);
  });
});

describe('mistakes are named', () => {
  const refused: readonly [string, readonly TensorType[], Readonly<Record<string, SpecAttr>>, string][] = [
    ['avg_pool', [f32(1, 4, 4, 1)], { size: 2, pad: 2 }, 'pad is below size'],
    ['max_pool', [f32(1, 4, 4, 1)], { size: 3, pad: 2 }, 'pad is at most half of size'],
    ['max_pool', [f32(1, 4, 4, 1)], { stride: 0 }, 'stride is an integer of at least 1'],
    ['instance_norm', [f32(1, 1, 1, 3)], {}, 'x has more than one pixel'],
    ['reflect_pad', [f32(1, 4, 2, 1)], { amount: 2 }, 'fewer pixels are mirrored'],
    ['reflect_pad', [f32(1, 4)], { amount: 1 }, 'x is a picture'],
    ['conv2d', [f32(1, 4, 4, 1), f32(3, 3, 1, 1)], { same: true, pad: 1 }, '`same` pads by itself'],
    ['conv2d', [f32(1, 4, 4, 1), f32(3, 3, 1, 1)], { pad_mode: 'mirror' }, 'pad_mode is one of "zeros", '],
    ['conv2d', [f32(1, 4, 4, 1), f32(3, 3)], {}, 'the filter is [height, width, channels in, channels out]'],
    ['conv2d', [f32(1, 4, 4, 1), f32(3, 3, 1, 1)], { dilation: 0 }, 'dilation is an integer of at least 1'],
    [
      'conv2d',
      [f32(1, 9, 9, 1), f32(3, 3, 1, 1)],
      { dilation: 2, stride: 2 },
      'stride is 1 where there is a dilation',
    ],
    ['conv2d_transpose', [f32(1, 4, 4, 1), f32(3, 3, 2, 1)], {}, 'as many input channels as x'],
    ['conv2d_transpose', [f32(1, 4, 4, 1), f32(3, 3, 1, 1)], { stride: 1 }, 'output_pad is below stride'],
    ['conv2d_transpose', [f32(1, 1, 1, 1), f32(3, 3, 1, 1)], { pad: 2 }, 'pad leaves at least one pixel'],
    ['spectral_norm', [f32(3, 2), f32(2), f32(2)], {}, 'v has 3 entries, for a weight [3, 2]'],
    ['spectral_norm', [f32(3, 2), f32(3), f32(3)], {}, 'u has 2 entries, for a weight [3, 2]'],
    ['set_lengths', [f32(3, 2), f32(3)], {}, 'g has one length for each output channel'],
    ['weight_standardize', [f32(3)], {}, 'an output channel has several weights'],
    ['local_response_norm', [f32(1, 4)], { k: 0 }, 'k is above 0'],
    ['local_response_norm', [f32(1, 4)], { alpha: -1 }, 'alpha is from 0'],
    ['instance_norm', [f32(1, 2, 2, 3)], { epsilon: 0 }, 'epsilon is above 0'],
    ['layer_norm', [f32(1, 3)], { epsilon: -1e-5 }, 'epsilon is above 0'],
    ['group_norm', [f32(1, 2, 2, 4)], { groups: 2, epsilon: 1e-50 }, 'as numbers of float32 are'],
    ['group_norm', [f32(1, 2, 2, 4)], { groups: -2 }, 'groups is an integer of at least 1'],
    ['weight_standardize', [f32(3, 2)], { epsilon: 0 }, 'epsilon is above 0'],
    ['spectral_norm', [f32(3, 2), f32(2), f32(3)], { epsilon: 0 }, 'epsilon is above 0'],
    ['batch_norm', [f32(1, 4), f32(4), f32(4)], { momentum: 1.5 }, 'momentum is from 0 up to 1'],
    ['batch_norm', [f32(1, 4), f32(4), f32(4)], { momentum: -0.1 }, 'momentum is from 0 up to 1'],
    ['constant', [], { value: 1e39 }, 'value is 0, or between 1.2e-38 and 3.4e38 in size'],
    ['constant', [], { value: -1e-40 }, 'value is 0, or between 1.2e-38 and 3.4e38 in size'],
    ['vector', [], { values: [1, NaN] }, 'values is 0, or between'],
    ['conv2d', [f32(1, 4, 4, 1), f32(3, 3, 1, 1)], { stride: 2 ** 31 }, 'stride is a positive integer below'],
    ['max_pool', [f32(1, 4, 4, 1)], { stride: 2 ** 31 }, 'size and stride are positive integers below 2^31'],
    ['random_uniform', [], { shape: [2 ** 32] }, 'all sizes of the result are positive integers below 2^31'],
    ['mean', [f32(2, 3)], { over: 'rows' }, 'over is one of "all", "picture"'],
    ['mean', [f32(2, 3)], { over: 'pixels' }, 'x is a picture'],
    ['sum', [f32()], { over: 'channels' }, 'its input is more than one number'],
    ['channel_part', [f32(2, 6)], { index: 0, of: 4 }, 'of divides the channels'],
    ['channel_part', [f32(2, 6)], { index: 2, of: 2 }, 'index is from 0 to of - 1'],
    ['vector', [], { values: [] }, 'values holds at least one number'],
    ['random_bernoulli', [], { shape: [1], share: 1 }, 'share is above 0 and below 1'],
    ['log_softmax', [f32()], {}, 'its input is more than one number'],
    ['coordinates', [i32(2, 3)], {}, 'x is a picture'],
    ['resize_bilinear', [f32(1, 2, 2, 1)], { height: 0, width: 2 }, 'at least one pixel'],
    ['resize_nearest', [f32(1, 2, 2, 1)], { height: 2, width: 1e9 }, 'at most 65536 rows and columns'],
    ['fold', [f32(1, 4)], { height: 2, width: 1.5, channels: 1 }, 'width is an integer of at least 1'],
  ];

  it.each(refused)('%s of %j with %j', (op, types, attrs, message) => {
    const b = new GraphBuilder();
    const inputs = types.map((type, index) => b.input({ name: `x${index}`, ...type }));
    const make = (): unknown => expandOp(b, op, inputs, attrs);
    expect(make).toThrow(OpError);
    expect(make).toThrow(message);
  });
});

describe('numbers for which an op has no value are refused where they are written', () => {
  const cases: readonly [string, readonly number[], string][] = [
    ['div', [0], 'b, which divides, is not 0'],
    ['div', [1, 0], 'b, which divides, is not 0'],
    ['log', [0], 'x is above 0'],
    ['log', [2, -1], 'x is above 0'],
    ['sqrt', [-1], 'x is not below 0'],
  ];
  it.each(cases)('%s of %j', (op, values, message) => {
    const b = new GraphBuilder();
    const written =
      values.length > 1
        ? expandOp(b, 'vector', [], { values }).node
        : expandOp(b, 'constant', [], { value: values[0]! }).node;
    const inputs = op === 'div' ? [b.input({ name: 'x', ...f32(2, 1) }), written] : [written];
    expect(() => expandOp(b, op, inputs)).toThrow(message);
  });

  it('and only those', () => {
    const b = new GraphBuilder();
    const [zero, two] = [0, 2].map((value) => expandOp(b, 'constant', [], { value }).node);
    expect(expandOp(b, 'sqrt', [zero!]).node.op.name).toBe('sqrt');
    expect(expandOp(b, 'div', [zero!, two!]).node.op.name).toBe('div');
    expect(expandOp(b, 'div', [two!, b.input({ name: 'x', ...f32(3) })]).node.op.name).toBe('div');
  });
});

describe('in the language', () => {
  const assume = { width: 8, height: 4, classes: 2 };

  /** The shape of a value of a network over 8x4 maps of 2 classes, read through parameters. */
  const shapeInside = (expression: string): readonly number[] => {
    const body = `  x = seg |> conv(5) as c\n  value = ${expression}\n  w = parameter([1] + value.shape, init: zeros()) as probe\n  return seg |> conv(3)`;
    const { variables } = specOf(network(body), { name: 'Painter', assume }).networks[0]!;
    return variables.find(({ name }) => name === 'probe')!.shape.slice(1);
  };

  it.each([
    ['mean(x)', []],
    ['mean(x, over: "picture")', [1, 1, 1]],
    ['mean(x, over: "pixels")', [1, 1, 5]],
    ['sum(x, "channels")', [4, 8, 1]],
    ['sum(x, over: "positions")', [5]],
    ['vector([1, 2.5, 3])', [3]],
    ['coordinates(x)', [4, 8, 2]],
    ['random_normal([7])', [7]],
    ['random_normal([7], name: "eps")', [7]],
    ['random_bernoulli([1, 1, 3])', [1, 1, 3]],
    ['random_uniform([1, 1, 1])', [1, 1, 1]],
    ['dropout(x)', [4, 8, 5]],
    ['gradient(square(x), x)', [4, 8, 5]],
    ['max_pool(x)', [2, 4, 5]],
    ['conv2d_transpose(x, parameter([3, 3, 5, 6], init: zeros()) as t)', [8, 16, 6]],
    ['resize_bilinear(x, height: 3, width: 5)', [3, 5, 5]],
    ['flatten(x)', [160]],
    ['x |> flatten |> fold(height: 8, width: 4, channels: 5)', [8, 4, 5]],
    ['conv(x, 7, stride: 2, same: true)', [2, 4, 7]],
    ['conv(x, 7, kernel: 7, pad_mode: "reflect")', [4, 8, 7]],
    ['conv(x, 7, dilation: 2)', [4, 8, 7]],
    ['conv(x, 7, dilation: 3, same: true)', [4, 8, 7]],
    ['conv(x, 7, kernel: 2, dilation: 2, pad: 0)', [2, 6, 7]],
  ])('%s has the shape %j', (expression, shape) => {
    expect(shapeInside(expression)).toEqual(shape);
  });

  it('weights stay weights: what is made of them is not one for each picture', () => {
    const before =
      'block doubled(w) {\n  n = parameter([w.shape.length], init: zeros()) as n\n  return w * 2\n}\n';
    const body = '  return seg |> conv(3, weight: doubled) as c';
    const { variables } = specOf(network(body, before), { name: 'Painter', assume }).networks[0]!;
    expect(variables.find(({ name }) => name.endsWith('.n'))!.shape).toEqual([4]);
  });
});

describe('blocks of the prelude', () => {
  /** Evaluates a block on a row of numbers, with the derivative at each. */
  function along(block: string, values: readonly number[]): { y: Float64Array; slope: Float64Array } {
    const text = `network N(x: Image) {\n  return ${block}(x)\n}\n`;
    const shape = [1, values.length, 1];
    const spec = specOf(text, { name: 'N', inputs: { x: { kind: 'tensor', shape } } });
    const method = networkMethod(spec, spec.networks[0]!, {
      name: 'run',
      batch: 1,
      training: false,
      gradients: true,
    });
    const roots = [method.outputs.get('output')!, method.outputs.get('gradient/x')!];
    const ones = tensor([1, ...shape], ...values.map(() => 1));
    const [y, slope] = run(roots, { x: tensor([1, ...shape], ...values), cotangent: ones });
    return { y: y!.data, slope: slope!.data };
  }

  it('softplus and its slope are right everywhere', () => {
    const { y, slope } = along('softplus', [-100, -1, 0, 2, 100]);
    // torch.nn.functional.softplus
    expect(distance(y, [0, 0.313262, 0.693147, 2.126928, 100])).toBeLessThan(1e-6);
    expect(distance(slope, [0, 0.268941, 0.5, 0.880797, 1])).toBeLessThan(1e-6);
  });

  it('relu6 cuts at 0 and 6', () => {
    const { y, slope } = along('relu6', [-3, 0.5, 5, 7]);
    expect(distance(y, [0, 0.5, 5, 6])).toBe(0);
    expect(distance(slope, [0, 1, 1, 0])).toBe(0);
  });

  it('dropout keeps what is fed as kept, scaled up, and leaves the rest out', () => {
    const text = 'network N(x: Image) { return x |> dropout(rate: 0.2) as drop }';
    const spec = specOf(text, { name: 'N', inputs: { x: { kind: 'tensor', shape: [1, 4, 1] } } });
    const options = { name: 'run', batch: 1, training: false, gradients: true };
    const { outputs } = networkMethod(spec, spec.networks[0]!, options);
    const bound = (...values: number[]): RefTensor => tensor([1, 1, 4, 1], ...values);
    // A share of 0.8 of normal numbers is above -0.8416.
    const given = { x: bound(4, 8, -4, 12), cotangent: bound(1, 1, 1, 1) };
    const kept = bound(-0.85, -0.84, 0, 3);
    const [y, slope] = run([outputs.get('output')!, outputs.get('gradient/x')!], {
      ...given,
      'N.drop.kept': kept,
    });
    expect(distance(y!.data, [0, 10, -5, 15])).toBeLessThan(1e-12);
    expect(distance(slope!.data, [0, 1.25, 1.25, 1.25])).toBeLessThan(1e-12);
  });

  it('conv_transpose doubles the size, and its kernel is stored as PyTorch does', () => {
    const { networks } = specOf(network('  return seg |> conv_transpose(3) as up'), {
      name: 'Painter',
      assume: { width: 8, height: 4, classes: 2 },
    });
    expect(networks[0]!.variables).toMatchObject([
      { name: 'up.weight', shape: [3, 3, 2, 3], stored: 'IOHW' },
      { name: 'up.bias', shape: [3] },
    ]);
  });
});
