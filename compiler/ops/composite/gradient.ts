/** Answers for what stops gradients and what asks for them inside a loss. */
import { gradients } from '../gradients.ts';
import { OpError, reachable } from '../../ir/node.ts';
import { must } from '../../../dsl/errors.ts';
import { axesOf } from './composites.ts';
import { at, primitive, type SpecOp } from './define.ts';

const gradient: SpecOp = {
  name: 'gradient',
  doc: 'The gradient of sum(y) with respect to x, which y was computed from; losses may be made of it in turn.',
  inputs: ['y', 'x'],
  attrs: {},
  isBatched: ([, x]) => x === true,
  expand: ({ b }, inputs) => {
    const [y, x] = [at(inputs, 0), at(inputs, 1)];
    if (!reachable([y]).includes(x))
      throw new OpError('gradient', 'y is computed from x', 'a y that does not depend on x');
    return must(gradients(b, b.sum(y, axesOf(y), false), [x])[0], 'there is a gradient for each target');
  },
};

export const gradientOps: readonly SpecOp[] = [
  primitive('stop_gradient', 'The value of x, through which no gradient flows.', ['x']),
  gradient,
];
