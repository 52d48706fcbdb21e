/**
 * Evaluates calls: binds arguments to parameters, applies blocks or waits for their data, and scopes the names of
 * variables.
 */
import type { Piped, Evaluation, Scope, Argumented, WrittenCall } from './values/evaluation.ts';
import type { Argument, Block, Call, Expression, Label, Parameter } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { replacing, type Hint } from '../../dsl/fix.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import { must } from '../../dsl/errors.ts';
import { builtins } from './builtins/index.ts';
import * as messages from './values/messages.ts';
import { parametersByName } from './parameters.ts';
import { passing } from './passing.ts';
import { hintOfPadding } from './values/unknown-arguments.ts';
import { checkType, typeRules } from './values/value-types.ts';
import { describe, unknown, type BlockValue, type BuiltinValue, type Value } from './values/values.ts';

/** A call that is being evaluated. */
export interface CallOfBlock {
  readonly span: Span;
  readonly name: string;
  readonly block: Block;
  /** The values of its parameters. */
  readonly values: ReadonlyMap<string, Value>;
  readonly written: WrittenCall | undefined;
}

export class Calls {
  /** The calls that are being evaluated, outermost first. */
  readonly stack: CallOfBlock[] = [];
  /**
   * The variables that applying an instance bound by `let` has named so far; further applications find and share them.
   * Undefined outside of such instances.
   */
  shared: Set<string> | undefined = undefined;
  /** How often the current block called each block without a label. */
  private unlabelled = new Map<string, number>();

  constructor(private readonly evaluator: Evaluation) {}

  /** Resets the names for a new network. */
  begin(): void {
    this.unlabelled = new Map();
  }

  /** Evaluates a call, or a pipeline stage with the value that enters it. */
  call(call: Call, piped: Piped | undefined, scope: Scope): Value {
    const callee = this.evaluator.evaluate(call.callee, scope);
    const nameSpans = new Map(
      call.arguments.flatMap(({ name }) => (name ? [[name.text, name.span] as const] : [])),
    );
    const given: Argumented = {
      positional: [],
      named: new Map(),
      spans: new Map(),
      nameSpans,
      span: call.span,
      callee: call.callee.span,
      written: { call, scope, piped: piped !== undefined },
    };
    if (piped) {
      given.positional.push(piped.value);
      given.spans.set(0, piped.span);
    }
    for (const argument of call.arguments) this.addArgument(given, argument, callee, scope);
    if (callee.kind === 'unknown' || piped?.value.kind === 'unknown') return unknown;
    const label = call.label && this.labelText(call.label, scope);
    return this.apply(callee, given, label);
  }

  private addArgument(given: Argumented, argument: Argument, callee: Value, scope: Scope): void {
    const value = this.evaluator.evaluate(argument.value, scope);
    if (!argument.name) {
      given.spans.set(given.positional.length, argument.value.span);
      given.positional.push(value);
      return;
    }
    const name = argument.name.text;
    if (given.named.has(name))
      this.evaluator.fail(messages.argumentGivenTwice(nameOf(callee), name, argument.name.span));
    given.spans.set(name, argument.value.span);
    given.named.set(name, value);
  }

  private labelText(label: Label, scope: Scope): string {
    if (!label.index) return label.name.text;
    const index = this.evaluator.evaluate(label.index, scope);
    if (index.kind === 'number' && index.integer) return `${label.name.text}_${index.value}`;
    if (index.kind !== 'unknown')
      this.evaluator.fail(messages.wrongType('label', 'an integer', describe(index), label.index.span));
    return label.name.text;
  }

  /** Applies a block or function to values. */
  apply(callee: Value, given: Argumented, label: string | undefined): Value {
    const { budget } = this.evaluator;
    budget.lookThrough(given.positional);
    budget.lookThrough(given.named.values());
    if (callee.kind === 'block') {
      budget.enter(callee.block, given.span);
      const value = this.applyBlock(callee, given, label);
      budget.leave();
      return value;
    }
    if (callee.kind === 'builtin') return this.applyBuiltin(callee, given, label);
    if (callee.kind === 'network')
      return (
        this.evaluator.loss?.call(callee.name, given) ??
        this.evaluator.fail(messages.networkOutsideLoss(callee.name, given.span))
      );
    return this.evaluator.fail(
      messages.notCallable(describe(callee), given.span, hintOfQuery(callee, given)),
    );
  }

  private applyBuiltin(callee: BuiltinValue, given: Argumented, label: string | undefined): Value {
    const builtin = must(builtins.get(callee.name), `there is a builtin ${callee.name}`);
    const named = new Map([...callee.bound, ...given.named]);
    for (const [name, span] of given.nameSpans)
      if (!builtin.names.includes(name))
        return this.evaluator.fail(messages.unknownArgument(callee.name, name, span, builtin.names));
    if (builtin.partial && given.positional.length === 0 && !named.has(builtin.partial))
      return { ...callee, bound: named };
    return builtin.apply(this.evaluator, { ...given, named }, label);
  }

  private applyBlock(callee: BlockValue, given: Argumented, label: string | undefined): Value {
    const { block } = callee;
    const { name } = callee;
    const parameters = block.parameters;
    const byName = parametersByName(block);
    const values = new Map(callee.bound);
    for (const [key, value] of given.named) {
      if (!byName.has(key))
        return this.evaluator.fail(
          messages.unknownArgument(
            name,
            key,
            given.nameSpans.get(key) ?? given.span,
            parameters.map((one) => one.name.text),
          ),
        );
      values.set(key, value);
    }
    const first = parameters[0];
    // Noise and codes declare inputs of a network; they are not values to compute with.
    const declaresInput = [...given.named.values()].some(
      ({ kind }) => kind === 'noise' || kind === 'encoded',
    );
    const isDataMissing = declaresInput || (first && !first.default && !values.has(first.name.text));
    if (isDataMissing && given.positional.length === 0) {
      const fits = [...given.named].map(([key, value]) =>
        this.checkArgument(byName, key, value, given.spans.get(key) ?? given.span, name),
      );
      return fits.every((fit) => fit) ? { ...callee, bound: values } : unknown;
    }

    if (given.positional.length > parameters.length)
      return this.evaluator.fail(
        messages.tooManyArguments(
          name,
          given.positional.length,
          parameters.length,
          given.spans.get(parameters.length) ?? given.span,
          given.written?.piped,
        ),
      );
    for (const [index, value] of given.positional.entries()) {
      const parameter = must(parameters[index], 'arguments were counted before they are bound').name.text;
      if (given.named.has(parameter))
        return this.evaluator.fail(
          messages.argumentGivenTwice(name, parameter, given.nameSpans.get(parameter) ?? given.span),
        );
      values.set(parameter, value);
    }
    const [data] = given.positional;
    const setting = data && hintOfSetting(data, block, given);
    if (data && setting && first)
      return this.evaluator.fail(
        messages.wrongType(
          `argument '${first.name.text}' of ${name}`,
          'what it is applied to',
          describe(data),
          given.spans.get(0) ?? given.span,
          setting,
        ),
      );
    const scope: Scope = { module: callee.module, bindings: new Map() };
    for (const [index, parameter] of parameters.entries()) {
      const key = parameter.name.text;
      const own = values.get(key);
      const value = own ?? (parameter.default && this.evaluator.evaluate(parameter.default, scope));
      if (value === undefined)
        return this.evaluator.fail(
          messages.missingArgument(name, key, given.span, this.hintOfMissing(parameter, callee, given)),
        );
      if (value.kind === 'unknown') return unknown;
      const span =
        given.spans.get(key) ??
        (given.positional.length > index ? given.spans.get(index) : undefined) ??
        (own === undefined ? parameter.default?.span : undefined) ??
        given.span;
      const hintFor = (): Hint | undefined =>
        hintOfOrder(index, block, given) ?? this.hintOfPadding(key, value, block, given);
      if (!this.checkArgument(byName, key, value, span, name, hintFor)) return unknown;
      scope.bindings.set(key, value);
    }
    this.evaluator.loss?.calls.set(given.span, { ...callee, bound: values });
    return this.runBlock(callee, scope, given, label);
  }

  /** Reports a call that has only its settings where its result is needed: its first argument is missing. */
  lackOf(value: Value, written: Expression, scope: Scope): Diagnostic | undefined {
    const parameter = value.kind === 'block' ? value.block.parameters[0] : undefined;
    if (value.kind !== 'block' || !parameter) return undefined;
    // In a loss, a bare name is a call that lacks its parentheses.
    const isName = written.kind === 'reference' && this.evaluator.loss !== undefined && !parameter.default;
    const call: Call | undefined =
      written.kind === 'call'
        ? written
        : isName
          ? { kind: 'call', callee: written, arguments: [], label: undefined, span: written.span }
          : undefined;
    if (!call) return undefined;
    const { block } = value;
    const given = { call, scope, piped: false };
    const hint =
      parameter.type?.name === 'Network' && this.evaluator.loss
        ? this.evaluator.loss.hintOfNetwork(value, parameter.name.text, given)
        : passing(parameter, block, given);
    return messages.missingArgument(block.name.text, parameter.name.text, written.span, hint);
  }

  /**
   * Gives a hint for a missing argument; a setting by position is the usual mistake if the block is not applied yet.
   */
  private hintOfMissing(parameter: Parameter, { block }: BlockValue, given: Argumented): Hint | string {
    const [first] = block.parameters;
    const isSetting =
      first && !first.default && given.positional[0] !== undefined && !isData(given.positional[0]);
    const type = parameter.type && typeRules.get(parameter.type.name);
    const example = `${parameter.name.text}: ...`;
    if (isSetting && !given.spans.has(first.name.text))
      return `the first argument is '${first.name.text}'; settings of a block that is applied later are given by name (${example})`;
    const hint = given.written && passing(parameter, block, given.written);
    if (hint) return hint;
    return type ? `add '${example}', which is ${type.phrase}` : `add '${example}'`;
  }

  private hintOfPadding(
    key: string,
    value: Value,
    { parameters }: Block,
    given: Argumented,
  ): Hint | undefined {
    const [at, to] = [given.nameSpans.get(key), given.spans.get(key)];
    if (value.kind !== 'string' || !at || !to) return undefined;
    const names = parameters.map(({ name }) => name.text);
    return hintOfPadding(key, value.value, { ...at, end: to.end }, names);
  }

  private checkArgument(
    parameters: ReadonlyMap<string, Parameter>,
    key: string,
    value: Value,
    span: Span,
    callee: string,
    hintFor?: () => Hint | undefined,
  ): boolean {
    const type = parameters.get(key)?.type;
    const mistake = type && checkType(value, type, `argument '${key}' of ${callee}`, span, hintFor);
    if (mistake) this.evaluator.fail(mistake);
    return !mistake;
  }

  private runBlock(callee: BlockValue, scope: Scope, given: Argumented, label: string | undefined): Value {
    const { block } = callee;
    const { span, written } = given;
    const { shared, unlabelled } = this;
    const { recorder } = this.evaluator;
    const outer = recorder?.scope ?? [];
    const { path } = callee;
    if (recorder)
      recorder.scope =
        path === undefined
          ? [...outer, this.nameCall(block.name.text, label)]
          : path === ''
            ? []
            : path.split('.');
    if (path) this.shared ??= new Set();
    this.unlabelled = new Map();
    this.stack.push({ span, name: callee.name, block, values: new Map(scope.bindings), written });
    const result =
      this.evaluator.run(block.body, scope) ??
      this.evaluator.fail(messages.noReturn(block.name.text, block.name.span));
    const wrong =
      block.result && checkType(result, block.result, `result of ${block.name.text}`, block.result.span);
    if (wrong) this.evaluator.fail(wrong);
    this.stack.pop();
    if (recorder) recorder.scope = outer;
    this.shared = shared;
    this.unlabelled = unlabelled;
    return wrong ? unknown : result;
  }

  /** Names a call's scope by its label, or by the block and how often it was called here before. */
  private nameCall(block: string, label: string | undefined): string {
    if (label) return label;
    const count = (this.unlabelled.get(block) ?? 0) + 1;
    this.unlabelled.set(block, count);
    return count === 1 ? block : `${block}_${count}`;
  }
}

/** Two positional arguments that fit if swapped: `conv(64, x)`. */
function hintOfOrder(index: number, { parameters }: Block, given: Argumented): Hint | undefined {
  const [wrong, place] = [given.positional[index], given.spans.get(index)];
  if (!wrong || !place || given.written?.piped) return undefined;
  const fits = (value: Value, at: number): boolean => {
    const { type } = must(parameters[at], 'there are as many types as arguments');
    // A parameter without a type is meant for data.
    return type ? typeRules.get(type.name)?.accepts(value) === true : isData(value);
  };
  const other = given.positional.findIndex(
    (value, at) => at !== index && fits(wrong, at) && fits(value, index) && !fits(value, at),
  );
  const there = given.spans.get(other);
  if (!there) return undefined;
  const order = parameters.slice(0, given.positional.length).map(({ name }) => name.text);
  return {
    words: `the order is ${order.join(', ')}: give '${textOf(there)}' and '${textOf(place)}' each other's place`,
    fix: [
      { span: place, text: textOf(there) },
      { span: there, text: textOf(place) },
    ],
  };
}

/** `w.length()`: members are read without a call. */
function hintOfQuery(callee: Value, { written, positional, span }: Argumented): Hint | string | undefined {
  const query = written?.call.callee;
  if (query?.kind !== 'member' || callee.kind === 'unknown') return undefined;
  const text = textOf(query.span);
  return positional.length === 0 && !written?.piped
    ? replacing({ ...span, start: query.span.start }, text, (own) => `a query takes no parentheses: ${own}`)
    : `a query takes nothing: ${text} is ${describe(callee)}`;
}

/** `spade(instance)`: a block was given as the data, and a parameter that takes a block has no value yet. */
function hintOfSetting(value: Value, { parameters }: Block, given: Argumented): Hint | undefined {
  const [first, ...others] = parameters;
  const place = given.spans.get(0);
  if (!isWaiting(value) || first?.type || given.written?.piped || given.positional.length > 1 || !place)
    return undefined;
  const taker = others.find(
    ({ name, type }) => type && blockTypes.has(type.name) && !given.named.has(name.text),
  );
  return (
    taker &&
    replacing(
      place,
      `${taker.name.text}: ${textOf(place)}`,
      (text) => `a setting is given by its name: ${text}`,
    )
  );
}

const isWaiting = ({ kind }: Value): boolean => kind === 'block' || kind === 'builtin';
const blockTypes: ReadonlySet<string> = new Set(['Block', 'Norm']);

function nameOf(callee: Value): string {
  return callee.kind === 'block' || callee.kind === 'builtin' || callee.kind === 'network'
    ? callee.name
    : 'the call';
}

/** Tells whether a value is data that blocks are applied to, rather than a setting. */
function isData(value: Value): boolean {
  return (
    value.kind === 'tensor' || value.kind === 'labels' || value.kind === 'network' || value.kind === 'list'
  );
}
