/** What stops gradients, and what asks for them inside a loss. */
import { must } from '../../../dsl/errors.ts';
import { reachable } from '../../ir/node.ts';
import { gradients } from '../gradients.ts';
import { stopGradient as stop } from '../primitive/sources.ts';
import { sumOver } from '../primitive/support.ts';
import { axesOf } from './composites.ts';
import { defineComposite, primitive, type Composite } from './define.ts';

export const stopGradient = primitive(stop, 'The value of x, through which no gradient flows.', {
  traits: { stopsGradients: true },
});

export const gradient = defineComposite({
  name: 'gradient',
  doc: 'The gradient of sum(y) with respect to x, which y was computed from; losses may be made of it in turn.',
  inputs: ['y', 'x'],
  isBatched: ({ x }) => x,
  // Of the sum over y: the part of one picture in it.
  powerOf: ({ y }) => y.power + (y.batched ? 0 : -1),
  expand: ({ y, x }, { b, refuse }) => {
    if (!reachable([y]).includes(x)) throw refuse('y is computed from x', 'a y that does not depend on x');
    const [found] = gradients(b, sumOver(b, y, axesOf(y), false), [x]);
    return must(found, 'there is a gradient for each target');
  },
});

export const gradientOps: readonly Composite[] = [stopGradient, gradient];
