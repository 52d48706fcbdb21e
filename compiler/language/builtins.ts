/** The functions that the compiler provides: every composite under its name, and what only a compiler can do. */
import { isVariadic } from '../ir/op.ts';
import type { Argumented, Evaluation } from './evaluation.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import type { Initializer } from '../ir/variables.ts';
import { isSize, largestSize, sizeOf } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { composites, isRequired, type Composite, type SettingRule } from '../ops/composite/index.ts';
import { add } from '../ops/composite/pointwise.ts';
import { resizeNearest } from '../ops/composite/resolution.ts';
import { storedOrders, type SpecAttr } from '../format/types.ts';
import { optimizers, settingsOf, type Optimizer } from '../optimizers/index.ts';
import * as messages from './messages.ts';
import {
  boolean,
  describe,
  holdsUnknown,
  innerShape,
  integer,
  listOf,
  real,
  unknown,
  type NumberValue,
  type OptimizerValue,
  type TensorValue,
  type Value,
} from './values.ts';
import { hintOfText, integerHint } from './value-types.ts';

/** Lists that are longer are a slip; unrolling them would take all memory. */
const rangeLimit = 100_000;

/** What a function is for, which says where it may be called. */
export type BuiltinRole = 'number' | 'tensor' | 'variable' | 'initializer' | 'input' | 'loss' | 'optimizer';

export interface Builtin {
  readonly role: BuiltinRole;
  readonly doc: string;
  /** The names that arguments may be given by. */
  readonly names: readonly string[];
  /** The data parameter without which a call gives the function with its options bound. */
  readonly partial?: string;
  readonly apply: (evaluator: Evaluation, given: Argumented, label: string | undefined) => Value;
}

/** Sorts arguments into `names`; reports those too many, unknown or missing. Gives undefined where a mistake was found. */
export function bind(
  evaluator: Evaluation,
  callee: string,
  given: Argumented,
  names: readonly string[],
  optional: readonly string[] = [],
): Map<string, Value> | undefined {
  const all = [...names, ...optional];
  if (given.positional.length > all.length) {
    const surplus = given.spans.get(all.length) ?? given.span;
    evaluator.fail(
      messages.tooManyArguments(callee, given.positional.length, all.length, surplus, given.written?.piped),
    );
    return undefined;
  }
  const bound = new Map<string, Value>();
  given.positional.forEach((value, index) =>
    bound.set(must(all[index], 'arguments were counted before they are bound'), value),
  );
  let sound = true;
  for (const [name, value] of given.named) {
    const span = given.nameSpans.get(name) ?? given.span;
    if (!all.includes(name)) evaluator.fail(messages.unknownArgument(callee, name, span, all));
    else if (bound.has(name)) evaluator.fail(messages.argumentGivenTwice(callee, name, span));
    else {
      bound.set(name, value);
      continue;
    }
    sound = false;
  }
  const missing = names.find((name) => !bound.has(name));
  if (missing !== undefined) {
    // Other frameworks wrap layers in these; here a layer is given a block of the norms for its weight.
    const isParametrized = composites.get(callee)?.traits.normalizes === 'weights';
    evaluator.fail(
      messages.missingArgument(callee, missing, given.span, isParametrized ? parametrizedWeight : undefined),
    );
    sound = false;
  }
  return sound && ![...bound.values()].some(holdsUnknown) ? bound : undefined;
}

const parametrizedWeight =
  'a layer is given what normalizes its weight: conv(8, weight: spectral), with use norms { spectral }';

/** Gives the place of an argument, for messages about its value. */
export function placeOfArgument(given: Argumented, name: string, index: number): Span {
  return given.spans.get(name) ?? given.spans.get(index) ?? given.span;
}

/** Gives the place of an argument if it was written in the call itself. */
function placeOfInput(given: Argumented, name: string, index: number): Span | undefined {
  return given.spans.get(name) ?? given.spans.get(index);
}

/** Reads a value as an attribute of an op; undefined where the type is wrong. */
function readAttr(rule: SettingRule, value: Value): SpecAttr | undefined {
  switch (rule.type) {
    case 'int':
      return value.kind === 'number' && value.integer ? value.value : undefined;
    case 'float':
      return value.kind === 'number' ? value.value : undefined;
    case 'bool':
      return value.kind === 'boolean' ? value.value : undefined;
    case 'string':
      return value.kind === 'string' ? value.value : undefined;
    case 'ints':
      return value.kind === 'list' && value.items.every((item) => item.kind === 'number' && item.integer)
        ? value.items.map((item) => (item as NumberValue).value)
        : undefined;
    case 'floats':
      return value.kind === 'list' && value.items.every((item) => item.kind === 'number')
        ? value.items.map((item) => item.value)
        : undefined;
  }
}
const attrPhrases = {
  int: 'an integer',
  float: 'a number',
  bool: 'true or false',
  string: 'a string',
  ints: 'a list of integers',
  floats: 'a list of numbers',
};

/** Makes a function of a composite: values first, then attributes by position or name. */
function fromComposite(op: Composite): Builtin {
  const variadic = op.inputs.some(isVariadic);
  const rules = Object.entries(op.attrs);
  const attrNames = rules.map(([name]) => name);
  const needed = rules.flatMap(([name, rule]) => (isRequired(rule) ? [name] : []));
  const optional = attrNames.filter((name) => !needed.includes(name));
  const first = op.inputs[0];
  return {
    role: 'tensor',
    doc: op.doc,
    names: [...(variadic ? [] : op.inputs), ...attrNames],
    ...(first !== undefined && !variadic && { partial: first }),
    apply: (evaluator, given) => {
      const parts = variadic
        ? given.positional.flatMap((value) => (value.kind === 'list' ? value.items : [value]))
        : [];
      const bound = variadic
        ? bind(evaluator, op.name, { ...given, positional: [] }, needed, optional)
        : bind(evaluator, op.name, given, [...op.inputs, ...needed], optional);
      if (!bound) return unknown;
      if (!evaluator.recorder) return evaluator.fail(messages.outsideNetwork(op.name, given.span));
      if (variadic && parts.length === 0)
        return evaluator.fail(
          messages.missingArgument(op.name, 'values', given.span, `write ${op.name}(a, b)`),
        );
      const values = variadic
        ? parts
        : op.inputs.map((name) => must(bound.get(name), `the argument ${name} has a value`));
      const tensors: TensorValue[] = [];
      for (const [index, value] of values.entries()) {
        if (value.kind === 'unknown') return unknown;
        const name = variadic
          ? `part ${index + 1}`
          : must(op.inputs[index], 'the input of a network has a name');
        const tensor = evaluator.asTensor(value, placeOfArgument(given, name, index));
        if (!tensor)
          return evaluator.fail(
            messages.wrongType(
              `'${name}' of ${op.name}`,
              'a tensor',
              describe(value),
              placeOfArgument(given, name, index),
            ),
          );
        tensors.push(tensor);
      }
      const attrs: Record<string, SpecAttr> = {};
      for (const [name, rule] of rules) {
        const value = bound.get(name);
        if (!value) continue;
        const attr = readAttr(rule, value);
        const span = placeOfArgument(given, name, op.inputs.length + [...needed, ...optional].indexOf(name));
        if (attr === undefined) {
          const hint = rule.type === 'int' ? integerHint(value) : undefined;
          return evaluator.fail(
            messages.wrongType(
              `'${name}' of ${op.name}`,
              attrPhrases[rule.type],
              describe(value),
              span,
              hint,
            ),
          );
        }
        attrs[name] = attr;
      }
      const places = tensors.map((_, index) =>
        placeOfInput(given, variadic ? '' : (op.inputs[index] ?? ''), index),
      );
      return evaluator.record(op, tensors, attrs, given.span, places, given.callee);
    },
  };
}

/** A function of plain numbers, of which there must be `least` to `most`; a list counts as its items. */
function numeric(
  name: string,
  doc: string,
  { least = 1, most = Infinity, integers = false }: { least?: number; most?: number; integers?: boolean },
  compute: (values: readonly NumberValue[], evaluator: Evaluation, span: Span) => Value,
): Builtin {
  return {
    role: 'number',
    doc,
    names: [],
    apply: (evaluator, given) => {
      if (!bind(evaluator, name, { ...given, positional: [] }, [])) return unknown;
      const values = given.positional.flatMap((value) => (value.kind === 'list' ? value.items : [value]));
      if (values.some((value) => value.kind === 'unknown')) return unknown;
      const index = given.positional.findIndex((value) =>
        (value.kind === 'list' ? value.items : [value]).some(
          (item) => item.kind !== 'number' || (integers && !item.integer),
        ),
      );
      if (index >= 0) {
        const found = describe(must(given.positional[index], 'a builtin of this name was found'));
        const expected = integers ? 'integers' : 'numbers';
        return evaluator.fail(
          messages.wrongType(`arguments of ${name}`, expected, found, placeOfArgument(given, '', index)),
        );
      }
      if (values.length < least)
        return evaluator.fail(
          messages.wrongType(
            `arguments of ${name}`,
            least === 1 ? 'a number' : `${least} numbers`,
            'none',
            given.span,
          ),
        );
      if (values.length > most)
        return evaluator.fail(
          messages.tooManyArguments(name, values.length, most, placeOfArgument(given, '', most)),
        );
      const result = compute(values as NumberValue[], evaluator, given.span);
      const kind = result.kind === 'number' && result.integer ? 'integer' : 'float';
      return isExact(result) ? result : evaluator.fail(messages.tooLargeNumber(kind, given.span));
    },
  };
}

/** Tells whether a value, if it is a number, can be held without loss. */
function isExact(value: Value): boolean {
  if (value.kind !== 'number') return true;
  return value.integer ? Number.isSafeInteger(value.value) : Number.isFinite(value.value);
}

/** The sum of two numbers; undefined where it is too large. */
function sumOf(a: NumberValue, b: NumberValue): NumberValue | undefined {
  const sum: NumberValue = { kind: 'number', value: a.value + b.value, integer: a.integer && b.integer };
  return isExact(sum) ? sum : undefined;
}

const extreme =
  (pick: (...values: number[]) => number) =>
  (values: readonly NumberValue[]): Value => {
    const value = pick(...values.map((one) => one.value));
    return values.every((one) => one.integer) ? integer(value) : real(value);
  };

/** Rounds halves to even, as Python does: 2.5 is 2, 3.5 is 4. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const isHalf = value - floor === 0.5;
  return isHalf ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}

function initializer(
  name: string,
  defaults: Readonly<Record<string, number>>,
  make: (values: Record<string, number>) => Initializer,
): Builtin {
  return {
    role: 'initializer',
    doc: `An initializer: ${name}.`,
    names: Object.keys(defaults),
    apply: (evaluator, given) => {
      const bound = bind(evaluator, name, given, [], Object.keys(defaults));
      if (!bound) return unknown;
      const values: Record<string, number> = { ...defaults };
      for (const [key, value] of bound) {
        if (value.kind !== 'number')
          return evaluator.fail(
            messages.wrongType(
              `'${key}' of ${name}`,
              'a number',
              describe(value),
              placeOfArgument(given, key, Object.keys(defaults).indexOf(key)),
              hintOfText(value, 'float', placeOfArgument(given, key, Object.keys(defaults).indexOf(key))),
            ),
          );
        values[key] = value.value;
      }
      return { kind: 'initializer', initializer: make(values) };
    },
  };
}

const lengthsOf: Builtin = {
  role: 'initializer',
  doc: 'An initializer: the lengths of a parameter along its last axis, which weight normalization starts from.',
  names: ['w'],
  apply: (evaluator, given) => {
    const w = bind(evaluator, 'lengths_of', given, ['w'])?.get('w');
    if (!w) return unknown;
    const lengths = w.kind === 'tensor' && w.ref.startsWith('@') ? innerShape(w).at(-1) : undefined;
    if (w.kind !== 'tensor' || lengths === undefined)
      return evaluator.fail(
        messages.wrongType(
          "'w' of lengths_of",
          'a parameter',
          describe(w),
          placeOfArgument(given, 'w', 0),
          'a parametrization of a weight is given the parameter itself: block (w)',
        ),
      );
    return { kind: 'initializer', initializer: { kind: 'lengths_of', variable: w.ref.slice(1) }, lengths };
  },
};

function isShape(value: SpecAttr | undefined): value is readonly number[] {
  return typeof value === 'object' && value.every(isSize);
}

/** `parameter(shape, init: ...) as name` and `state(...)`. */
function variable(role: 'parameter' | 'state'): Builtin {
  const orders = role === 'parameter' ? ['stored'] : [];
  return {
    role: 'variable',
    doc:
      role === 'parameter'
        ? 'A trained variable of `shape`; its label names it.'
        : 'A variable of `shape` that training moves without gradients; its label names it.',
    names: ['shape', 'init', ...orders],
    apply: (evaluator, given, label) => {
      const bound = bind(evaluator, role, given, ['shape', 'init'], orders);
      if (!bound) return unknown;
      const shape = must(bound.get('shape'), 'the argument shape has a value');
      const init = must(bound.get('init'), 'the argument init has a value or a default');
      const sizes = readAttr({ type: 'ints', doc: '' }, shape);
      if (!isShape(sizes))
        return evaluator.fail(
          messages.wrongType(
            `shape of ${role}`,
            'a list of positive integers below 2^31',
            describe(shape),
            placeOfArgument(given, 'shape', 0),
          ),
        );
      if (sizeOf(sizes) > largestSize)
        return evaluator.fail(messages.variableTooLarge(role, sizes, given.span));
      if (init.kind !== 'initializer')
        return evaluator.fail(
          messages.wrongType(
            `init of ${role}`,
            'an initializer',
            describe(init),
            placeOfArgument(given, 'init', 1),
          ),
        );
      const lengths = init.lengths;
      if (lengths !== undefined && (sizes.length !== 1 || sizes[0] !== lengths))
        return evaluator.fail(
          messages.wrongType(
            `shape of ${role}`,
            `[${lengths}], one length for each entry of the last axis`,
            describe(shape),
            placeOfArgument(given, 'shape', 0),
          ),
        );
      const order = bound.get('stored');
      const stored = (Object.keys(storedOrders) as (keyof typeof storedOrders)[]).find(
        (one) => order?.kind === 'string' && order.value === one && storedOrders[one] === sizes.length,
      );
      if (order && !stored)
        return evaluator.fail(
          messages.wrongType(
            `'stored' of ${role}`,
            '"IOHW" for a kernel of four axes, or "IO" for a matrix',
            describe(order),
            placeOfArgument(given, 'stored', 2),
            "leave it out for PyTorch's usual order of axes",
          ),
        );
      return evaluator.declare(role, label ?? role, sizes, init.initializer, given.span, stored);
    },
  };
}

const resize: Builtin = {
  role: 'tensor',
  doc: 'Nearest-neighbor resize of a label map or tensor to `height` and `width`, or to the size of `like`.',
  names: ['x', 'like', 'height', 'width'],
  partial: 'x',
  apply: (evaluator, given) => {
    const bound = bind(evaluator, 'resize', given, ['x'], ['like', 'height', 'width']);
    if (!bound) return unknown;
    const x = must(bound.get('x'), 'the argument x has a value');
    const target = targetSize(evaluator, bound, given);
    if (!target) return unknown;
    const span = given.span;
    const move = (tensor: TensorValue): Value => {
      const [height, width] = innerShape(tensor);
      return height === target.height && width === target.width
        ? tensor
        : evaluator.record(
            resizeNearest,
            [tensor],
            { ...target },
            span,
            [placeOfInput(given, 'x', 0)],
            given.callee,
          );
    };
    if (x.kind === 'labels') {
      const ids = move(x.ids);
      const edges = x.edges && move(x.edges);
      const instances = x.instances && move(x.instances);
      if (ids.kind !== 'tensor' || (edges && edges.kind !== 'tensor')) return unknown;
      if (instances && instances.kind !== 'tensor') return unknown;
      return ids === x.ids ? x : { kind: 'labels', ids, edges, instances, classes: x.classes };
    }
    if (x.kind === 'tensor') return move(x);
    return evaluator.fail(
      messages.wrongType(
        "'x' of resize",
        'a label map or tensor',
        describe(x),
        placeOfArgument(given, 'x', 0),
      ),
    );
  },
};

function targetSize(
  evaluator: Evaluation,
  bound: ReadonlyMap<string, Value>,
  given: Argumented,
): { height: number; width: number } | undefined {
  const like = bound.get('like');
  if (like) {
    if (like.kind === 'size') return { height: like.height, width: like.width };
    const tensor = like.kind === 'labels' ? like.ids : like;
    const [height, width] = tensor.kind === 'tensor' ? innerShape(tensor) : [];
    if (height !== undefined && width !== undefined) return { height, width };
    evaluator.fail(
      messages.wrongType(
        "'like' of resize",
        'a picture or size',
        describe(like),
        placeOfArgument(given, 'like', 1),
      ),
    );
    return undefined;
  }
  const [height, width] = [bound.get('height'), bound.get('width')];
  if (!height || !width) {
    evaluator.fail(
      messages.missingArgument('resize', height ? 'width' : width ? 'height' : 'like', given.span),
    );
    return undefined;
  }
  const [rows, columns] = [height, width].map((value) => readAttr({ type: 'int', doc: '' }, value));
  if (typeof rows === 'number' && typeof columns === 'number') return { height: rows, width: columns };
  const [name, wrong] =
    typeof rows === 'number' ? (['width', width] as const) : (['height', height] as const);
  evaluator.fail(
    messages.wrongType(
      `'${name}' of resize`,
      'an integer',
      describe(wrong),
      placeOfArgument(given, name, 2),
      integerHint(wrong),
    ),
  );
  return undefined;
}

/** Makes the function of an optimizer: the rate, then its own settings, then those that all of them may be given. */
function fromOptimizer(definition: Optimizer): Builtin {
  const { kind, doc, settings: own } = definition;
  const names = settingsOf(definition).map(([name]) => name);
  const defaults = Object.fromEntries(Object.entries(own).map(([name, rule]) => [name, rule.default]));
  return {
    role: 'optimizer',
    doc,
    names,
    apply: (evaluator, given) => {
      const bound = bind(
        evaluator,
        kind,
        given,
        ['rate'],
        names.filter((name) => name !== 'rate'),
      );
      if (!bound) return unknown;
      const numbers: Record<string, number> = {};
      for (const [key, value] of bound) {
        if (value.kind !== 'number')
          return evaluator.fail(
            messages.wrongType(
              `'${key}' of ${kind}`,
              'a number',
              describe(value),
              placeOfArgument(given, key, names.indexOf(key)),
              hintOfText(value, 'float', placeOfArgument(given, key, names.indexOf(key))),
            ),
          );
        numbers[key] = value.value;
      }
      // The names are those of the kind's settings, and the rate is bound.
      const settings = { kind, ...defaults, ...numbers } as unknown as OptimizerValue['settings'];
      return { kind: 'optimizer', settings };
    },
  };
}

/** What a loss asks about its step. */
function stepValue(name: 'fake' | 'real' | 'labels', doc: string): Builtin {
  return {
    role: 'loss',
    doc,
    names: [],
    apply: (evaluator, given) => {
      if (!evaluator.loss) return evaluator.fail(messages.outsideLoss(name, given.span));
      return bind(evaluator, name, given, []) ? evaluator.loss[name](given.span) : unknown;
    },
  };
}

/** A function of one network of the experiment; `place` gives what it does, or the mistake to use it there. */
function ofNetwork(
  name: string,
  role: BuiltinRole,
  parameter: string,
  doc: string,
  place: (evaluator: Evaluation, span: Span) => ((network: string, span: Span) => Value) | Diagnostic,
): Builtin {
  return {
    role,
    doc,
    names: [parameter],
    apply: (evaluator, given) => {
      const network = bind(evaluator, name, given, [parameter])?.get(parameter);
      const apply = place(evaluator, given.span);
      if (typeof apply !== 'function') return evaluator.fail(apply);
      if (!network) return unknown;
      if (network.kind === 'network') return apply(network.name, given.span);
      return evaluator.fail(
        messages.wrongType(
          `'${parameter}' of ${name}`,
          'a network of the experiment',
          describe(network),
          placeOfArgument(given, parameter, 0),
        ),
      );
    },
  };
}

const judge: Builtin = {
  role: 'loss',
  doc:
    'What discriminator D says of the fake and the real pictures, stacked in one pass, or of `picture` alone, such as ' +
    'fake(), in a pass of its own; the same pass at every use in a loss.',
  names: ['D', 'picture'],
  apply: (evaluator, given) => {
    const bound = bind(evaluator, 'judge', given, ['D'], ['picture']);
    const { loss } = evaluator;
    if (!loss) return evaluator.fail(messages.outsideLoss('judge', given.span));
    const [network, picture] = [bound?.get('D'), bound?.get('picture')];
    if (!network) return unknown;
    const wrong = (name: string, index: number, expected: string, found: Value): Value =>
      evaluator.fail(
        messages.wrongType(
          `'${name}' of judge`,
          expected,
          describe(found),
          placeOfArgument(given, name, index),
        ),
      );
    if (network.kind !== 'network') return wrong('D', 0, 'a network of the experiment', network);
    if (picture && picture.kind !== 'tensor')
      return picture.kind === 'unknown' ? unknown : wrong('picture', 1, 'pictures', picture);
    return loss.judge(network.name, picture, given.span);
  },
};

const special: Readonly<Record<string, Builtin>> = {
  min: numeric('min', 'The smallest of numbers.', {}, extreme(Math.min)),
  max: numeric('max', 'The largest of numbers.', {}, extreme(Math.max)),
  floor: numeric('floor', 'The next integer below.', { most: 1 }, ([x]) => integer(Math.floor(x!.value))),
  ceil: numeric('ceil', 'The next integer above.', { most: 1 }, ([x]) => integer(Math.ceil(x!.value))),
  round: numeric('round', 'The nearest integer, halves to even.', { most: 1 }, ([x]) =>
    integer(roundHalfEven(x!.value)),
  ),
  range: numeric(
    'range',
    'range(n) is 0 .. n-1; range(a, b) is a .. b-1.',
    { most: 2, integers: true },
    (values, evaluator, span) => {
      const [start, end] = values.length === 1 ? [0, values[0]!.value] : [values[0]!.value, values[1]!.value];
      const length = Math.max(0, end - start);
      if (length > rangeLimit) return evaluator.fail(messages.rangeTooLong(length, rangeLimit, span));
      evaluator.budget.spend('entries', length);
      return listOf(Array.from({ length }, (_, index) => integer(start + index)));
    },
  ),
  product: numeric('product', 'The product of numbers.', { least: 0 }, (values) => {
    const value = values.reduce((result, one) => result * one.value, 1);
    return values.every((one) => one.integer) ? integer(value) : real(value);
  }),
  total: {
    role: 'number',
    doc: 'Adds up a list of numbers or tensors.',
    names: ['list'],
    apply: (evaluator, given) => {
      const items = bind(evaluator, 'total', given, ['list'])?.get('list');
      if (!items) return unknown;
      if (items.kind !== 'list' || items.items.length === 0)
        return evaluator.fail(
          messages.wrongType(
            'argument of total',
            'a list that is not empty',
            describe(items),
            placeOfArgument(given, 'list', 0),
          ),
        );
      const [first, ...rest] = items.items;
      return rest.reduce<Value>(
        (sum, item) => {
          if (sum.kind === 'unknown' || item.kind === 'unknown') return unknown;
          if (sum.kind === 'number' && item.kind === 'number')
            return (
              sumOf(sum, item) ??
              evaluator.fail(messages.tooLargeNumber(item.integer ? 'integer' : 'float', given.span))
            );
          const [a, b] = [evaluator.asTensor(sum, given.span), evaluator.asTensor(item, given.span)];
          return a && b
            ? evaluator.record(add, [a, b], {}, given.span)
            : evaluator.fail(
                messages.wrongType('item of total', 'a number or tensor', describe(item), given.span),
              );
        },
        must(first, 'the list is not empty'),
      );
    },
  },
  is_list: {
    role: 'number',
    doc: 'Whether a value is a list.',
    names: ['value'],
    apply: (evaluator, given) => {
      const value = bind(evaluator, 'is_list', given, ['value'])?.get('value');
      return value ? boolean(value.kind === 'list') : unknown;
    },
  },
  takes: {
    role: 'number',
    doc: 'Whether a block has a parameter of a name.',
    names: ['block', 'name'],
    apply: (evaluator, given) => {
      const bound = bind(evaluator, 'takes', given, ['block', 'name']);
      const [block, name] = [bound?.get('block'), bound?.get('name')];
      if (!block || !name || holdsUnknown(block)) return unknown;
      const wrong = (parameter: string, index: number, expected: string, found: Value): Value =>
        evaluator.fail(
          messages.wrongType(
            `'${parameter}' of takes`,
            expected,
            describe(found),
            placeOfArgument(given, parameter, index),
          ),
        );
      if (name.kind !== 'string') return wrong('name', 1, 'a string', name);
      if (block.kind === 'builtin')
        return boolean(builtins.get(block.name)?.names.includes(name.value) === true);
      if (block.kind !== 'block') return wrong('block', 0, 'a block', block);
      return boolean(block.block.parameters.some((one) => one.name.text === name.value));
    },
  },
  refuse: {
    role: 'variable',
    doc: 'Reports a mistake in how the block is used, in words, with what to do in its place.',
    names: ['message', 'hint'],
    apply: (evaluator, given) => {
      const bound = bind(evaluator, 'refuse', given, ['message'], ['hint']);
      if (!bound) return unknown;
      for (const [name, value] of bound)
        if (value.kind !== 'string')
          return evaluator.fail(
            messages.wrongType(
              `'${name}' of refuse`,
              'a string',
              describe(value),
              placeOfArgument(given, name, name === 'message' ? 0 : 1),
            ),
          );
      const [message, hint] = [bound.get('message'), bound.get('hint')].map((value) =>
        value?.kind === 'string' ? value.value : undefined,
      );
      return evaluator.fail(messages.refused(message ?? '', hint, given.span));
    },
  },
  noise: {
    role: 'input',
    doc: 'A noise input of `size` standard normal numbers for each picture.',
    names: ['size'],
    apply: (evaluator, given) => {
      const size = bind(evaluator, 'noise', given, ['size'])?.get('size');
      if (!size) return unknown;
      if (size.kind !== 'number' || !size.integer || !isSize(size.value))
        return evaluator.fail(
          messages.wrongType(
            "'size' of noise",
            'a positive integer below 2^31',
            describe(size),
            placeOfArgument(given, 'size', 0),
          ),
        );
      return { kind: 'noise', size: size.value };
    },
  },
  parameter: variable('parameter'),
  state: variable('state'),
  zeros: initializer('zeros', {}, () => ({ kind: 'constant', value: 0 })),
  ones: initializer('ones', {}, () => ({ kind: 'constant', value: 1 })),
  normal: initializer('normal', { mean: 0, std: 1 }, ({ mean, std }) => ({
    kind: 'normal',
    mean: mean!,
    std: std!,
  })),
  xavier_normal: initializer('xavier_normal', { gain: 1 }, ({ gain }) => ({
    kind: 'xavier_normal',
    gain: gain!,
  })),
  uniform: initializer('uniform', { low: 0, high: 1 }, ({ low, high }) => ({
    kind: 'uniform',
    low: low!,
    high: high!,
  })),
  lengths_of: lengthsOf,
  unit_vector: initializer('unit_vector', {}, () => ({ kind: 'unit_vector' })),
  resize,
  ...Object.fromEntries(optimizers.map((one) => [one.kind, fromOptimizer(one)])),
  fake: stepValue('fake', 'The picture that the generator makes in this step.'),
  real: stepValue('real', 'The photographs of the batch.'),
  labels: stepValue('labels', 'The label maps of the batch.'),
  judge,
  encoding: ofNetwork(
    'encoding',
    'loss',
    'E',
    'What encoder E says of the photographs in this step; the same pass that the picture was made with.',
    ({ loss }, span) => loss?.encoding.bind(loss) ?? messages.outsideLoss('encoding', span),
  ),
  encoded: ofNetwork(
    'encoded',
    'input',
    'E',
    'An input that network E makes of the photograph: its result, or a sample where it gives [mean, log variance].',
    ({ encoded }, span) => encoded ?? messages.outsideExperiment('encoded', span),
  ),
};

/** All functions by name. */
export const builtins: ReadonlyMap<string, Builtin> = new Map([
  ...[...composites.values()].map((op) => [op.name, fromComposite(op)] as const),
  ...Object.entries(special),
]);
