/** Answers for what a fused program means: the same computation as a graph of the ops that it was made of. */
import type { GraphBuilder } from '../../ir/builder.ts';
import { shapeOf, type Attrs, type Node } from '../../ir/node.ts';
import { sameShape, type Shape } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import type { FusedProgram, Result, Value } from './program.ts';

/** Writes a program on `operands` as nodes of single ops; gives one node for each result. Throws an `OpError` where it is ill-typed. */
export function unfold(b: GraphBuilder, program: FusedProgram, operands: readonly Node[]): Node[] {
  const operand = (index: number): Node => must(operands[index], `a fused program has its operand ${index}`);
  const values: Node[] = [];
  const valueAt = (index: number): Node => must(values[index], `a fused program has its value ${index}`);
  for (const value of program.values) values.push(unfoldValue(b, value, program.domain, operand, valueAt));
  return program.results.map((result) =>
    reshaped(
      b,
      unfoldResult(b, result, program.domain, operand, valueAt(result.value)),
      shapeOfResult(result, operand),
    ),
  );
}

function unfoldValue(
  b: GraphBuilder,
  value: Value,
  domain: Shape,
  operand: (index: number) => Node,
  valueAt: (index: number) => Node,
): Node {
  switch (value.kind) {
    case 'load':
      return reshaped(b, operand(value.operand), value.shape);
    case 'upsample':
      return b.op('upsample_nearest', [operand(value.operand)], { factor: value.factor });
    case 'rows':
      return b.op('expand_rows', [operand(value.operand), operand(value.pixels)]);
    case 'constant':
      return b.constant(value.value);
    case 'last': {
      const name = value.op === 'sum_last' ? 'sum' : 'max';
      return b.op(name, [filled(b, valueAt(value.inputs[0]), domain)], {
        axes: [domain.length - 1],
        keep: true,
      });
    }
    case 'apply': {
      const inputs = value.inputs.map(valueAt);
      const attrs: Attrs =
        value.op === 'cast' ? { to: 'f32' } : value.slope === undefined ? {} : { slope: value.slope };
      // The cotangent of a leaky ReLU is the one op that does not broadcast.
      const fitting =
        value.op === 'leaky_relu_grad' && !inputs.every((x) => sameShape(shapeOf(x), shapeOf(inputs[0]!)))
          ? inputs.map((x) => filled(b, x, domain))
          : inputs;
      return b.op(value.op, fitting, attrs);
    }
  }
}

function unfoldResult(
  b: GraphBuilder,
  result: Result,
  domain: Shape,
  operand: (index: number) => Node,
  value: Node,
): Node {
  switch (result.kind) {
    case 'store':
      return filled(b, value, storedShape(result.shape, domain));
    case 'sum':
      return b.sum(filled(b, value, domain), result.axes);
    case 'squares': {
      const x = filled(b, value, domain);
      const distance = b.sub(x, b.mean(x, result.axes));
      return b.sum(b.op('square', [distance]), result.axes);
    }
    case 'pool':
      return b.op('avg_pool2d', [filled(b, value, domain)], { size: result.factor, stride: result.factor });
    case 'collect':
      return b.op('collect_rows', [filled(b, value, domain), operand(result.pixels), operand(result.like)]);
  }
}

/** The axes that a stored value has: all of the domain, or all but the last. */
function storedShape(shape: Shape, domain: Shape): Shape {
  const count = (of: Shape): number => of.reduce((product, size) => product * size, 1);
  return count(shape) === count(domain) ? domain : domain.with(-1, 1);
}

function shapeOfResult(result: Result, operand: (index: number) => Node): Shape {
  if (result.kind !== 'collect') return result.shape;
  return [
    must(shapeOf(operand(result.like))[0], 'the operand that gives the shape has rows'),
    ...result.shape.slice(1),
  ];
}

const reshaped = (b: GraphBuilder, x: Node, shape: Shape): Node =>
  sameShape(shapeOf(x), shape) ? x : b.reshape(x, shape);

/** Repeats x until it has `shape`. */
const filled = (b: GraphBuilder, x: Node, shape: Shape): Node =>
  sameShape(shapeOf(x), shape) ? x : b.op('broadcast_to', [x], { shape });
