/**
 * Makes a language function from each composite: its inputs are the first parameters, its settings follow by position
 * or name.
 */
import { must } from '../../../dsl/errors.ts';
import type { SpecAttr } from '../../format/types.ts';
import { isVariadic } from '../../ir/op.ts';
import { isRequired, type Composite } from '../../ops/composite/index.ts';
import type { Argumented } from '../values/evaluation.ts';
import * as messages from '../values/messages.ts';
import { unknown, type TensorValue, type Value } from '../values/values.ts';
import { bind, failArgument, placeOfArgument, placeOfInput, readArgument, type Given } from './arguments.ts';
import type { Builtin } from './define.ts';
import { settings } from './parameters.ts';

export function fromComposite(op: Composite): Builtin {
  const isListed = op.inputs.some(isVariadic);
  const inputs = isListed ? [] : op.inputs;
  const rules = Object.entries(op.attrs);
  const needed = rules.flatMap(([name, rule]) => (isRequired(rule) ? [name] : []));
  const left = rules.flatMap(([name, rule]) => (isRequired(rule) ? [] : [name]));
  const order = [...op.inputs, ...needed, ...left];
  const [first] = inputs;
  return {
    name: op.name,
    role: 'tensor',
    doc: op.doc,
    names: [...inputs, ...rules.map(([name]) => name)],
    ...(first !== undefined && { partial: first }),
    apply: (evaluator, given) => {
      const settled = isListed ? { ...given, positional: [] } : given;
      const bound = bind(evaluator, op.name, settled, [...inputs, ...needed], left);
      if (!bound) return unknown;
      if (!evaluator.recorder) return evaluator.fail(messages.outsideNetwork(op.name, given.span));
      const values = isListed ? partsOf(given) : argumentsOf(inputs, bound);
      if (isListed && values.length === 0)
        return evaluator.fail(
          messages.missingArgument(op.name, 'values', given.span, `write ${op.name}(a, b)`),
        );
      const use = { evaluator, callee: op.name, given };
      const tensors: TensorValue[] = [];
      for (const one of values) {
        if (one.value.kind === 'unknown') return unknown;
        const tensor = evaluator.asTensor(one.value, placeOfArgument(given, one.name, one.index));
        if (!tensor) return failArgument(use, one, 'a tensor');
        tensors.push(tensor);
      }
      const attrs: Record<string, SpecAttr> = {};
      for (const [name, { type }] of rules) {
        const value = bound.get(name);
        if (!value) continue;
        const argument = { name, index: order.indexOf(name), value };
        const attr = readArgument(use, argument, settings[type]);
        if (attr === undefined) return unknown;
        attrs[name] = attr;
      }
      const places = tensors.map((_, index) => placeOfInput(given, inputs[index] ?? '', index));
      return evaluator.record(op, tensors, attrs, given.span, places, given.callee);
    },
  };
}

/** Gives the inputs of a variadic op; a list counts as its items. */
function partsOf({ positional }: Argumented): Given[] {
  const values = positional.flatMap((value) => (value.kind === 'list' ? value.items : [value]));
  return values.map((value, index) => ({ name: `part ${index + 1}`, index, value }));
}

const argumentsOf = (inputs: readonly string[], bound: ReadonlyMap<string, Value>): Given[] =>
  inputs.map((name, index) => ({
    name,
    index,
    value: must(bound.get(name), `the argument ${name} has a value`),
  }));
