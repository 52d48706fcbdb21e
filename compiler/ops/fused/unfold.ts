/** What a fused program means: the same computation as a graph of the ops that it was made of. */
import { brokenInvariant, must } from '../../../dsl/errors.ts';
import { shapeOf, type Builder, type Node, type Op } from '../../ir/node.ts';
import { sameShape, sizeOf, type Shape } from '../../ir/types.ts';
import { mean, sumOver } from '../primitive/support.ts';
import type { Applied, FusedProgram, Result, Value } from './program.ts';

/**
 * Writes a program on `operands` as nodes of `singles`, which are the ops by name; gives one node for each result. Throws an
 * `OpError` where it is ill-typed.
 */
export function unfold(
  b: Builder,
  singles: ReadonlyMap<string, Op>,
  program: FusedProgram,
  operands: readonly Node[],
): Node[] {
  const operand = (index: number): Node => must(operands[index], `a fused program has its operand ${index}`);
  const values: Node[] = [];
  const valueAt = (index: number): Node => must(values[index], `a fused program has its value ${index}`);
  for (const value of program.values)
    values.push(
      value.kind === 'apply'
        ? unfoldApply(b, singles.get(value.op), value, program.domain, value.inputs.map(valueAt))
        : unfoldValue(b, value, program.domain, operand, valueAt),
    );
  return program.results.map((result) =>
    reshaped(
      b,
      unfoldResult(b, result, program.domain, operand, valueAt(result.value)),
      shapeOfResult(result, operand),
    ),
  );
}

function unfoldValue(
  b: Builder,
  value: Exclude<Value, Applied>,
  domain: Shape,
  operand: (index: number) => Node,
  valueAt: (index: number) => Node,
): Node {
  switch (value.kind) {
    case 'load':
      return reshaped(b, operand(value.operand), value.shape);
    case 'upsample':
      return b.upsampleNearest(operand(value.operand), { factor: value.factor });
    case 'rows':
      return b.expandRows(operand(value.operand), operand(value.pixels));
    case 'constant':
      return b.constant({ value: value.value });
    case 'last': {
      const x = filled(b, valueAt(value.inputs[0]), domain);
      return b[value.op === 'sum_last' ? 'sum' : 'max'](x, { axes: [domain.length - 1], keep: true });
    }
  }
}

function unfoldApply(
  b: Builder,
  op: Op | undefined,
  { op: name, parameters }: Applied,
  domain: Shape,
  inputs: readonly Node[],
): Node {
  if (!op?.instruction) throw brokenInvariant(`programs are made of instructions, found ${name}`);
  const { parameters: names = [], broadcasts = true, attrs } = op.instruction;
  const given = names.map((parameter, index): [string, number] => [
    parameter,
    must(parameters[index], `'${name}' has its ${parameter} in a fused program`),
  ]);
  const [first, ...others] = inputs.map(shapeOf);
  const isAlike = others.every((shape) => first && sameShape(shape, first));
  const fitting = broadcasts || isAlike ? inputs : inputs.map((x) => filled(b, x, domain));
  return b.make(op, fitting, { ...attrs, ...Object.fromEntries(given) });
}

function unfoldResult(
  b: Builder,
  result: Result,
  domain: Shape,
  operand: (index: number) => Node,
  value: Node,
): Node {
  switch (result.kind) {
    case 'store':
      return filled(b, value, storedShape(result.shape, domain));
    case 'sum':
      return sumOver(b, filled(b, value, domain), result.axes);
    case 'squares': {
      const x = filled(b, value, domain);
      const distance = b.sub(x, mean(b, x, result.axes));
      return sumOver(b, b.square(distance), result.axes);
    }
    case 'pool':
      return b.avgPool2d(filled(b, value, domain), { size: result.factor, stride: result.factor });
    case 'collect':
      return b.collectRows(filled(b, value, domain), operand(result.pixels), operand(result.like));
  }
}

/** The axes that a stored value has: all of the domain, or all but the last. */
function storedShape(shape: Shape, domain: Shape): Shape {
  return sizeOf(shape) === sizeOf(domain) ? domain : domain.with(-1, 1);
}

function shapeOfResult(result: Result, operand: (index: number) => Node): Shape {
  if (result.kind !== 'collect') return result.shape;
  return [
    must(shapeOf(operand(result.like))[0], 'the operand that gives the shape has rows'),
    ...result.shape.slice(1),
  ];
}

const reshaped = (b: Builder, x: Node, shape: Shape): Node =>
  sameShape(shapeOf(x), shape) ? x : b.reshape(x, { shape });

/** Repeats x until it has `shape`. */
const filled = (b: Builder, x: Node, shape: Shape): Node =>
  sameShape(shapeOf(x), shape) ? x : b.broadcastTo(x, { shape });
