/**
 * Answers for evaluating the language at compile time: expressions give values, statements bind them, and applying blocks
 * to tensors records nodes. Mistakes are reported and leave an `unknown` value, so that all of them are found at once.
 */
import {
  walk,
  type Argument,
  type Binary,
  type Block,
  type Call,
  type Expression,
  type Label,
  type Parameter,
  type Statement,
} from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source, Span } from '../../dsl/source.ts';
import { OpError } from '../ir/node.ts';
import { must } from '../ir/types.ts';
import { builtins, type Argumented } from './builtins.ts';
import * as messages from './messages.ts';
import type { Module } from './modules.ts';
import { specOps } from '../spec/ops.ts';
import type { SpecAttr } from '../spec/types.ts';
import type { Recorder } from './recorder.ts';
import { checkType, typeRules } from './value-types.ts';
import {
  boolean,
  describe,
  innerShape,
  integer,
  listOf,
  none,
  real,
  unknown,
  type BlockValue,
  type BuiltinValue,
  type NumberValue,
  type TensorValue,
  type Value,
} from './values.ts';

/** Beyond this depth of calls a block calls itself without end. */
const depthLimit = 200;

/** What a loss may ask for: pictures and judgements of the step that it belongs to. */
export interface LossContext {
  fake(span: Span): Value;
  real(): Value;
  labels(): Value;
  judge(network: string, span: Span): Value;
}

export interface Scope {
  readonly module: Module;
  readonly bindings: Map<string, Value>;
}

export class Evaluator {
  /** Where applied blocks write their nodes; none outside of networks and losses. */
  recorder: Recorder | undefined = undefined;
  loss: LossContext | undefined = undefined;
  private depth = 0;
  /** The user's calls that were blamed for a mistake inside the library, with its code. */
  private readonly blamed = new Set<string>();
  /** Set once a block was found to call itself without end: nothing more is expanded. */
  private exhausted = false;
  /** Calls that led here, outermost first. */
  private readonly calls: { readonly span: Span; readonly name: string }[] = [];
  /**
   * The variables that the application of an instance bound by `let` has named so far: another application meets, and
   * shares, the same ones. Undefined outside of such instances.
   */
  private shared: Set<string> | undefined = undefined;
  /** How often each block was called without a label by the block that is being evaluated. */
  private unlabelled = new Map<string, number>();

  constructor(
    private readonly sink: (diagnostic: Diagnostic) => void,
    private readonly isLibrary: (source: Source) => boolean,
  ) {}

  /**
   * Reports a mistake, and gives the value that stands for it. What fails inside the standard library is blamed on the
   * user's call that led there; a place in a file that another one calls is shown with that call.
   */
  fail(diagnostic: Diagnostic): Value {
    const { span } = diagnostic;
    const caller = this.calls.findLast((call) => !this.isLibrary(call.span.source));
    const outer = this.calls[0];
    if (span && caller && this.isLibrary(span.source)) {
      // The first message about a call says why it fails; others of the kind follow from the same argument.
      const key = `${diagnostic.code} ${caller.span.source.name} ${caller.span.start}`;
      if (!this.blamed.has(key))
        this.sink({
          ...diagnostic,
          span: caller.span,
          labels: [{ span, text: `found here, inside ${caller.name}` }],
        });
      this.blamed.add(key);
    } else if (span && outer && outer.span.source !== span.source)
      this.sink({
        ...diagnostic,
        labels: [...diagnostic.labels, { span: outer.span, text: `in this use of ${outer.name}` }],
      });
    else this.sink(diagnostic);
    return unknown;
  }

  /** Starts the names of a new network. */
  begin(recorder: Recorder): void {
    this.recorder = recorder;
    this.exhausted = false;
    this.unlabelled = new Map();
  }

  // ------------------------------------------------------------------------------------------- expressions

  evaluate(expression: Expression, scope: Scope): Value {
    switch (expression.kind) {
      case 'number':
        return { kind: 'number', value: expression.value, integer: expression.integer };
      case 'string':
        return { kind: 'string', value: expression.value };
      case 'boolean':
        return boolean(expression.value);
      case 'none':
        return none;
      case 'size':
        return { kind: 'size', width: expression.width, height: expression.height };
      case 'list':
        return listOf(expression.items.map((item) => this.evaluate(item, scope)));
      case 'record':
        return {
          kind: 'record',
          fields: new Map(
            expression.entries.map((entry) => [entry.name.text, this.evaluate(entry.value, scope)]),
          ),
        };
      case 'comprehension': {
        const list = this.listValue(this.evaluate(expression.list, scope), expression.list.span);
        const items: Value[] = [];
        for (const item of list ?? []) {
          const inner = { module: scope.module, bindings: new Map(scope.bindings) };
          inner.bindings.set(expression.variable.text, item);
          if (expression.condition) {
            const kept = this.truth(expression.condition, inner);
            if (kept === undefined) return unknown;
            if (!kept) continue;
          }
          items.push(this.evaluate(expression.item, inner));
        }
        return list ? listOf(items) : unknown;
      }
      case 'reference':
        return this.lookUp(expression.name, expression.span, scope);
      case 'unary': {
        const operand = this.evaluate(expression.operand, scope);
        if (operand.kind === 'unknown') return unknown;
        if (expression.operator === 'not') {
          const truth = this.asTruth(operand, expression.operand.span);
          return truth === undefined ? unknown : boolean(!truth);
        }
        if (operand.kind === 'number') return { ...operand, value: -operand.value };
        if (operand.kind === 'tensor')
          return this.record('neg', [operand], {}, expression.span, [expression.operand.span]);
        return this.fail(
          messages.wrongType(
            "operand of '-'",
            'a number or tensor',
            describe(operand),
            expression.operand.span,
          ),
        );
      }
      case 'binary':
        return this.binary(expression, scope);
      case 'conditional': {
        const truth = this.truth(expression.condition, scope);
        return truth === undefined
          ? unknown
          : this.evaluate(truth ? expression.then : expression.otherwise, scope);
      }
      case 'member':
        return this.member(
          this.evaluate(expression.value, scope),
          expression.name.text,
          expression.name.span,
        );
      case 'index': {
        const list = this.listValue(this.evaluate(expression.value, scope), expression.value.span);
        const index = this.evaluate(expression.index, scope);
        if (!list || index.kind === 'unknown') return unknown;
        if (index.kind !== 'number' || !index.integer)
          return this.fail(messages.wrongType('index', 'an integer', describe(index), expression.index.span));
        return (
          list[index.value] ??
          this.fail(messages.indexOutside(index.value, list.length, expression.index.span))
        );
      }
      case 'call':
        return this.call(expression, undefined, scope);
      case 'pipeline': {
        let piped: Piped = { value: this.evaluate(expression.input, scope), span: expression.input.span };
        for (const stage of expression.stages)
          piped = { value: this.call(stage, piped, scope), span: stage.span };
        return piped.value;
      }
    }
  }

  private lookUp(name: string, span: Span, scope: Scope): Value {
    const bound = scope.bindings.get(name);
    if (bound) return bound;
    const declared = scope.module.names.get(name);
    if (declared)
      return {
        kind: 'block',
        block: declared.block,
        module: declared.module,
        bound: new Map(),
        path: undefined,
      };
    if (builtins.has(name)) return { kind: 'builtin', name, bound: new Map() };
    if (scope.module.missing.has(name)) return unknown;
    return this.fail(
      messages.unknownName(name, span, [
        ...scope.bindings.keys(),
        ...scope.module.names.keys(),
        ...builtins.keys(),
      ]),
    );
  }

  /** Evaluates a condition; undefined where a mistake leaves it open. */
  private truth(expression: Expression, scope: Scope): boolean | undefined {
    return this.asTruth(this.evaluate(expression, scope), expression.span);
  }

  private asTruth(value: Value, span: Span): boolean | undefined {
    if (value.kind === 'boolean') return value.value;
    if (value.kind !== 'unknown')
      this.fail(
        messages.wrongType(
          'condition',
          'true or false',
          describe(value),
          span,
          'compare it: x == none, n > 0',
        ),
      );
    return undefined;
  }

  private listValue(value: Value, span: Span): readonly Value[] | undefined {
    if (value.kind === 'list') return value.items;
    if (value.kind !== 'unknown') this.fail(messages.wrongType('list', 'a list', describe(value), span));
    return undefined;
  }

  private binary(expression: Binary, scope: Scope): Value {
    const { operator } = expression;
    if (operator === 'and' || operator === 'or') {
      const left = this.truth(expression.left, scope);
      if (left === undefined) return unknown;
      if (left === (operator === 'or')) return boolean(left);
      const right = this.truth(expression.right, scope);
      return right === undefined ? unknown : boolean(right);
    }
    const left = this.evaluate(expression.left, scope);
    const right = this.evaluate(expression.right, scope);
    if (left.kind === 'unknown' || right.kind === 'unknown') return unknown;
    if (operator === '==' || operator === '!=') return boolean(equal(left, right) === (operator === '=='));
    if (left.kind === 'number' && right.kind === 'number')
      return this.arithmetic(operator, left, right, expression.span);
    if (left.kind === 'list' && right.kind === 'list' && operator === '+')
      return listOf([...left.items, ...right.items]);
    const op = tensorOperators[operator];
    if (op && isArithmetic(left) && isArithmetic(right)) {
      const operands = [
        this.asTensor(left, expression.left.span),
        this.asTensor(right, expression.right.span),
      ];
      const places = [expression.left.span, expression.right.span];
      return operands.every((operand) => operand !== undefined)
        ? this.record(op, operands, {}, expression.span, places, operatorSpan(expression))
        : unknown;
    }
    return this.fail(
      messages.wrongType(
        `operands of '${operator}'`,
        op ? 'two numbers or tensors' : 'two numbers',
        `${describe(left)} and ${describe(right)}`,
        expression.span,
      ),
    );
  }

  private arithmetic(operator: Binary['operator'], left: NumberValue, right: NumberValue, span: Span): Value {
    const [a, b] = [left.value, right.value];
    const whole = left.integer && right.integer;
    const number = (value: number): Value => {
      const isExact = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
      return isExact ? (whole ? integer(value) : real(value)) : this.fail(messages.notANumber(span));
    };
    if (b === 0 && (operator === '/' || operator === '//' || operator === '%'))
      return this.fail(messages.divisionByZero(span));
    switch (operator) {
      case '+':
        return number(a + b);
      case '-':
        return number(a - b);
      case '*':
        return number(a * b);
      case '/':
        return Number.isFinite(a / b) ? real(a / b) : this.fail(messages.notANumber(span));
      case '//':
        return number(Math.floor(a / b));
      case '%':
        return number(a - b * Math.floor(a / b));
      case '**':
        if (whole && b >= 0) return number(a ** b);
        return Number.isFinite(a ** b) ? real(a ** b) : this.fail(messages.notANumber(span));
      case '<':
        return boolean(a < b);
      case '<=':
        return boolean(a <= b);
      case '>':
        return boolean(a > b);
      case '>=':
        return boolean(a >= b);
      default:
        return unknown;
    }
  }

  private member(value: Value, name: string, span: Span): Value {
    if (value.kind === 'unknown') return unknown;
    const members = membersOf(value);
    return (
      members.get(name) ?? this.fail(messages.unknownMember(describe(value), name, span, members.keys()))
    );
  }

  // ------------------------------------------------------------------------------------------------- calls

  private call(call: Call, piped: Piped | undefined, scope: Scope): Value {
    const callee = this.evaluate(call.callee, scope);
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
    const value = this.evaluate(argument.value, scope);
    if (!argument.name) {
      given.spans.set(given.positional.length, argument.value.span);
      given.positional.push(value);
      return;
    }
    const name = argument.name.text;
    if (given.named.has(name))
      this.fail(messages.argumentGivenTwice(nameOf(callee), name, argument.name.span));
    given.spans.set(name, argument.value.span);
    given.named.set(name, value);
  }

  private labelText(label: Label, scope: Scope): string {
    if (!label.index) return label.name.text;
    const index = this.evaluate(label.index, scope);
    if (index.kind === 'number' && index.integer) return `${label.name.text}_${index.value}`;
    if (index.kind !== 'unknown')
      this.fail(messages.wrongType('label', 'an integer', describe(index), label.index.span));
    return label.name.text;
  }

  /** Applies a block or function to values. */
  apply(callee: Value, given: Argumented, label: string | undefined): Value {
    if (callee.kind === 'block') return this.applyBlock(callee, given, label);
    if (callee.kind === 'builtin') return this.applyBuiltin(callee, given, label);
    return this.fail(messages.notCallable(describe(callee), given.span));
  }

  private applyBuiltin(callee: BuiltinValue, given: Argumented, label: string | undefined): Value {
    const builtin = must(builtins.get(callee.name), `no builtin ${callee.name}`);
    const named = new Map([...callee.bound, ...given.named]);
    for (const [name, span] of given.nameSpans)
      if (!builtin.names.includes(name))
        return this.fail(messages.unknownArgument(callee.name, name, span, builtin.names));
    if (builtin.partial && given.positional.length === 0 && !named.has(builtin.partial))
      return { ...callee, bound: named };
    return builtin.apply(this, { ...given, named }, label);
  }

  private applyBlock(callee: BlockValue, given: Argumented, label: string | undefined): Value {
    const { block } = callee;
    const name = block.name.text;
    const parameters = block.parameters;
    const values = new Map(callee.bound);
    for (const [key, value] of given.named) {
      if (!parameters.some((parameter) => parameter.name.text === key))
        return this.fail(
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
    // Noise declares an input of a network to come; it is nothing to compute with.
    const declaresInput = [...given.named.values()].some((value) => value.kind === 'noise');
    const isDataMissing = declaresInput || (first && !first.default && !values.has(first.name.text));
    if (isDataMissing && given.positional.length === 0) {
      for (const [key, value] of given.named)
        this.checkArgument(parameters, key, value, given.spans.get(key) ?? given.span, name);
      return { ...callee, bound: values };
    }

    if (given.positional.length > parameters.length)
      return this.fail(
        messages.tooManyArguments(
          name,
          given.positional.length,
          parameters.length,
          given.spans.get(parameters.length) ?? given.span,
        ),
      );
    for (const [index, value] of given.positional.entries()) {
      const parameter = must(parameters[index], 'counted before').name.text;
      if (given.named.has(parameter))
        return this.fail(
          messages.argumentGivenTwice(name, parameter, given.nameSpans.get(parameter) ?? given.span),
        );
      values.set(parameter, value);
    }
    const scope: Scope = { module: callee.module, bindings: new Map() };
    for (const [index, parameter] of parameters.entries()) {
      const key = parameter.name.text;
      let value = values.get(key);
      if (value === undefined && parameter.default) value = this.evaluate(parameter.default, scope);
      if (value === undefined)
        return this.fail(
          messages.missingArgument(name, key, given.span, this.hintOfMissing(parameter, first, given)),
        );
      if (value.kind === 'unknown') return unknown;
      const span =
        given.spans.get(key) ??
        (given.positional.length > index ? given.spans.get(index) : undefined) ??
        given.span;
      if (!this.checkArgument(parameters, key, value, span, name)) return unknown;
      scope.bindings.set(key, value);
    }
    return this.runBlock(callee, scope, given.span, label);
  }

  /** Says how a missing argument is written; settings by position are the usual slip where a block is not applied yet. */
  private hintOfMissing(parameter: Parameter, first: Parameter | undefined, given: Argumented): string {
    const isSetting =
      first && !first.default && given.positional[0] !== undefined && !isData(given.positional[0]);
    const type = parameter.type && typeRules.get(parameter.type.name);
    const example = `${parameter.name.text}: ...`;
    if (isSetting && !given.spans.has(first.name.text))
      return `the first argument is '${first.name.text}'; settings of a block that is applied later are given by name (${example})`;
    return type ? `add '${example}', which is ${type.phrase}` : `add '${example}'`;
  }

  private checkArgument(
    parameters: readonly Parameter[],
    key: string,
    value: Value,
    span: Span,
    callee: string,
  ): boolean {
    const type = parameters.find((parameter) => parameter.name.text === key)?.type;
    const mistake = type && checkType(value, type, `argument '${key}' of ${callee}`, span);
    if (mistake) this.fail(mistake);
    return !mistake;
  }

  private runBlock(callee: BlockValue, scope: Scope, span: Span, label: string | undefined): Value {
    const { block } = callee;
    if (this.exhausted) return unknown;
    if (this.depth >= depthLimit) {
      this.exhausted = true;
      return this.fail(
        messages.tooDeep(
          block.name.text,
          this.calls.find((call) => call.name === block.name.text)?.span ?? span,
        ),
      );
    }
    const { recorder, shared, unlabelled } = this;
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
    this.depth++;
    this.calls.push({ span, name: block.name.text });
    const result =
      this.run(block.body, scope) ?? this.fail(messages.noReturn(block.name.text, block.name.span));
    const wrong =
      block.result && checkType(result, block.result, `result of ${block.name.text}`, block.result.span);
    if (wrong) this.fail(wrong);
    this.calls.pop();
    this.depth--;
    if (recorder) recorder.scope = outer;
    this.shared = shared;
    this.unlabelled = unlabelled;
    return wrong ? unknown : result;
  }

  /** Names a call's scope by its label, or else by the block and how often it was called here before. */
  private nameCall(block: string, label: string | undefined): string {
    if (label) return label;
    const count = (this.unlabelled.get(block) ?? 0) + 1;
    this.unlabelled.set(block, count);
    return count === 1 ? block : `${block}_${count}`;
  }

  // -------------------------------------------------------------------------------------------- statements

  /** Runs statements; gives the value of the `return` that was met, if any. */
  run(statements: readonly Statement[], scope: Scope): Value | undefined {
    for (const statement of statements) {
      const result = this.execute(statement, scope);
      if (result) return result;
    }
    return undefined;
  }

  private execute(statement: Statement, scope: Scope): Value | undefined {
    switch (statement.kind) {
      case 'assignment':
        scope.bindings.set(statement.name.text, this.evaluate(statement.value, scope));
        return undefined;
      case 'let': {
        const value = this.evaluate(statement.value, scope);
        const path = [...(this.recorder?.scope ?? []), statement.name.text].join('.');
        const isInstance = value.kind === 'block' && value.path === undefined;
        scope.bindings.set(statement.name.text, isInstance ? { ...value, path } : value);
        return undefined;
      }
      case 'return':
        return this.evaluate(statement.value, scope);
      case 'if':
        switch (this.truth(statement.condition, scope)) {
          case true:
            return this.run(statement.then, scope);
          case false:
            return statement.otherwise && this.run(statement.otherwise, scope);
          default:
            return this.skip(statement, scope);
        }
      case 'for': {
        const items = this.listValue(this.evaluate(statement.list, scope), statement.list.span);
        if (!items) return this.skip(statement, scope);
        for (const item of items) {
          scope.bindings.set(statement.variable.text, item);
          const result = this.run(statement.body, scope);
          if (result) return result;
        }
        return undefined;
      }
    }
  }

  /** Leaves out a statement that depends on a mistake: what it binds or returns is unknown. */
  private skip(statement: Statement, scope: Scope): Value | undefined {
    let result: Value | undefined;
    walk(statement, (node) => {
      if (node.kind === 'assignment' || node.kind === 'let') scope.bindings.set(node.name.text, unknown);
      if (node.kind === 'return') result = unknown;
    });
    return result;
  }

  // --------------------------------------------------------------------------------------- recording nodes

  /**
   * Records a spec op; a constraint that does not hold becomes a diagnostic at `span`, with the shapes of the inputs at
   * `places`, where they are known. `blamed` is the part of `span` to point at beside them.
   */
  record(
    op: string,
    inputs: readonly TensorValue[],
    attrs: Readonly<Record<string, SpecAttr>>,
    span: Span,
    places: readonly (Span | undefined)[] = [],
    blamed: Span = span,
  ): Value {
    if (!this.recorder) return this.fail(messages.outsideNetwork(op, span));
    try {
      return this.recorder.op(op, inputs, attrs, span);
    } catch (mistake) {
      if (!(mistake instanceof OpError)) throw mistake;
      return this.fail(
        messages.shapeMismatch(
          mistake,
          op,
          inputs.map((input, index) => ({
            name: nameOfInput(op, index),
            shape: innerShape(input),
            span: places[index],
          })),
          attrs,
          blamed,
        ),
      );
    }
  }

  /** Makes a variable under the current scope. */
  declare(
    role: 'parameter' | 'state',
    name: string,
    shape: readonly number[],
    initializer: Parameters<Recorder['variable']>[3],
    span: Span,
  ): Value {
    if (!this.recorder) return this.fail(messages.outsideNetwork(role, span));
    const path = [...this.recorder.scope, name].join('.');
    const isTwice = this.shared?.has(path) ?? false;
    this.shared?.add(path);
    const made = isTwice
      ? undefined
      : this.recorder.variable(path, role, shape, initializer, this.shared !== undefined);
    return made ?? this.fail(messages.duplicateParameter(path, span));
  }

  /** Reads a value as a tensor: label maps become channels, numbers constants; undefined where it is neither. */
  asTensor(value: Value, span: Span): TensorValue | undefined {
    if (value.kind === 'tensor') return value;
    if (value.kind === 'labels') return this.recorder?.encode(value);
    if (value.kind === 'number') {
      const made = this.record('constant', [], { value: value.value }, span);
      return made.kind === 'tensor' ? made : undefined;
    }
    return undefined;
  }
}

const tensorOperators: Readonly<Partial<Record<Binary['operator'], string>>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
};

/** Finds the operator between its operands, which may be in parentheses or have comments between them. */
function operatorSpan({ operator, left, right, span }: Binary): Span {
  const between = span.source.text
    .slice(left.span.end, right.span.start)
    .replaceAll(/#.*/g, (text) => ' '.repeat(text.length));
  const start = left.span.end + between.indexOf(operator);
  return { source: span.source, start, end: start + operator.length };
}

/** A value on its way through a pipeline. */
interface Piped {
  readonly value: Value;
  readonly span: Span;
}

function nameOfInput(op: string, index: number): string {
  const name = specOps.get(op)?.inputs[index];
  return name === undefined || name.startsWith('...') ? `part ${index + 1}` : name;
}

function nameOf(callee: Value): string {
  return callee.kind === 'block'
    ? callee.block.name.text
    : callee.kind === 'builtin'
      ? callee.name
      : 'the call';
}

/** Tells whether a value is what blocks are applied to, rather than a setting of theirs. */
function isData(value: Value): boolean {
  return (
    value.kind === 'tensor' || value.kind === 'labels' || value.kind === 'network' || value.kind === 'list'
  );
}

function isArithmetic(value: Value): boolean {
  return value.kind === 'number' || value.kind === 'tensor' || value.kind === 'labels';
}

function equal(left: Value, right: Value): boolean {
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case 'number':
    case 'string':
    case 'boolean':
      return left.value === (right as typeof left).value;
    case 'size':
      return left.width === (right as typeof left).width && left.height === (right as typeof left).height;
    case 'list': {
      const other = right as typeof left;
      return (
        left.items.length === other.items.length &&
        left.items.every((item, i) => equal(item, must(other.items[i], 'same length')))
      );
    }
    case 'block':
      return left.block === (right as typeof left).block;
    case 'builtin':
      return left.name === (right as typeof left).name;
    default:
      return left.kind === 'none' || left === right;
  }
}

/** Lists what can be asked of a value with a dot. */
function membersOf(value: Value): ReadonlyMap<string, Value> {
  const members = new Map<string, Value>();
  const picture = (height: number, width: number): void => {
    members.set('height', integer(height));
    members.set('width', integer(width));
    members.set('size', { kind: 'size', width, height });
  };
  switch (value.kind) {
    case 'tensor': {
      const shape = innerShape(value);
      if (value.batched && shape.length === 3) picture(shape[0]!, shape[1]!);
      if (value.batched && shape.length > 0) members.set('channels', integer(shape[shape.length - 1]!));
      members.set('rank', integer(shape.length));
      members.set('shape', listOf(shape.map(integer)));
      return members;
    }
    case 'labels': {
      const [height, width] = innerShape(value.ids);
      picture(height!, width!);
      members.set('classes', integer(value.classes));
      members.set('channels', integer(value.classes + (value.edges ? 1 : 0)));
      return members;
    }
    case 'size':
      members.set('width', integer(value.width));
      members.set('height', integer(value.height));
      return members;
    case 'list': {
      members.set('length', integer(value.items.length));
      const [first, last] = [value.items[0], value.items[value.items.length - 1]];
      if (first && last) members.set('first', first).set('last', last);
      return members;
    }
    case 'record':
      return value.fields;
    default:
      return members;
  }
}

/** Gives a block's documentation: the comment lines above it. */
export function docOf(block: Block): string | undefined {
  const text = block.comments.before
    .map((line) => line.trim())
    .join('\n')
    .trim();
  return text === '' ? undefined : text;
}
