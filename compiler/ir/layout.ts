/** Layouts: in which order the axes of a variable lie in memory. */
import { must } from '../../dsl/errors.ts';
import type { TensorType } from './types.ts';

/** An order of axes: entry `i` says which axis comes `i`-th. */
export type AxisOrder = readonly number[];

/** Puts what belongs to axes into an order. */
export function inOrder<T>(order: AxisOrder, ofAxes: readonly T[]): T[] {
  return order.map((axis) => must(ofAxes[axis], `there is an axis ${axis} of ${ofAxes.length}`));
}

/** Gives the type of a value with its axes in another order. */
export function orderedType({ dtype, shape }: TensorType, order: AxisOrder): TensorType {
  return { dtype, shape: inOrder(order, shape) };
}
