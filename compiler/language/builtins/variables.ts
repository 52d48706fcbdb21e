/** Defines the functions that declare variables: `parameter(shape, init: …) as name` and `state(…)`. */
import { storedOrders } from '../../format/types.ts';
import { largestSize, sizeOf } from '../../ir/types.ts';
import * as messages from '../values/messages.ts';
import { integer, listOf, type InitializerValue, type Value } from '../values/values.ts';
import { defineBuiltin, type Builtin, type BuiltinCall } from './define.ts';
import { initial, optional, shape as sizes, text } from './parameters.ts';

type StoredOrder = keyof typeof storedOrders;

const isOrder = (name: string): name is StoredOrder => Object.hasOwn(storedOrders, name);
const asList = (shape: readonly number[]): Value => listOf(shape.map(integer));

interface Declaration {
  readonly shape: readonly number[];
  readonly init: InitializerValue;
  readonly stored?: StoredOrder | undefined;
}

/** Declares a variable whose initializer fits its shape. */
function declare(
  role: 'parameter' | 'state',
  { shape, init: { initializer, lengths }, stored }: Declaration,
  { evaluator, label, span, wrong }: BuiltinCall<'shape'>,
): Value {
  if (sizeOf(shape) > largestSize) return evaluator.fail(messages.variableTooLarge(role, shape, span));
  if (lengths !== undefined && (shape.length !== 1 || shape[0] !== lengths))
    return wrong('shape', `[${lengths}], one length for each entry of the last axis`, asList(shape));
  return evaluator.declare(role, label ?? role, shape, initializer, span, stored);
}

const parameter = defineBuiltin({
  name: 'parameter',
  role: 'variable',
  doc: 'A trained variable of `shape`; its label names it.',
  parameters: { shape: sizes, init: initial, stored: optional(text) },
  apply: ({ shape, init, stored }, call) => {
    if (stored === undefined) return declare('parameter', { shape, init }, call);
    if (isOrder(stored) && storedOrders[stored] === shape.length)
      return declare('parameter', { shape, init, stored }, call);
    return call.wrong(
      'stored',
      '"IOHW" for a kernel of four axes, or "IO" for a matrix',
      { kind: 'string', value: stored },
      "leave it out for PyTorch's usual order of axes",
    );
  },
});

const state = defineBuiltin({
  name: 'state',
  role: 'variable',
  doc: 'A variable of `shape` that training moves without gradients; its label names it.',
  parameters: { shape: sizes, init: initial },
  apply: (declaration, call) => declare('state', declaration, call),
});

export const variableBuiltins: readonly Builtin[] = [parameter, state];
