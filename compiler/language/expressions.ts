/**
 * Evaluates expressions: literals, names, arithmetic and conditions at compile time, operators on tensors, and lists.
 */
import type { Binary, Comprehension, Expression, Member } from '../../dsl/ast.ts';
import type { Hint } from '../../dsl/fix.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import { carriedOver } from '../messages/carried-over.ts';
import { must } from '../../dsl/errors.ts';
import type { Composite } from '../ops/composite/index.ts';
import { add, div, mul, neg, sub } from '../ops/composite/pointwise.ts';
import { builtins } from './builtins/index.ts';
import type { Evaluation, Scope, Piped } from './values/evaluation.ts';
import { labelMapParts, membersOf } from './members.ts';
import * as messages from './values/messages.ts';
import { hintOfIndexed, hintOfLast, hintOfRounds, hintOfTensors, hintOfUncalled } from './operand-hints.ts';
import {
  boolean,
  describe,
  integer,
  listOf,
  none,
  real,
  unknown,
  type NumberValue,
  type Value,
} from './values/values.ts';

export class Expressions {
  constructor(private readonly evaluator: Evaluation) {}

  /** Gives the value of an expression; it is `unknown` if the expression depends on a mistake. */
  evaluate(expression: Expression, scope: Scope): Value {
    const { budget } = this.evaluator;
    budget.descend();
    const value = this.valueOf(expression, scope);
    budget.check(value, expression.span);
    budget.ascend();
    return value;
  }

  private valueOf(expression: Expression, scope: Scope): Value {
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
      case 'comprehension':
        return this.comprehension(expression, scope);
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
          return this.evaluator.record(neg, [operand], {}, expression.span, [expression.operand.span]);
        const lacking = this.evaluator.calls.lackOf(operand, expression.operand, scope);
        if (lacking) return this.evaluator.fail(lacking);
        return this.evaluator.fail(
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
        return this.member(this.evaluate(expression.value, scope), expression, scope);
      case 'index': {
        const list = this.listValue(this.evaluate(expression.value, scope), expression.value.span, (value) =>
          hintOfIndexed(value, expression),
        );
        const index = this.evaluate(expression.index, scope);
        if (!list || index.kind === 'unknown') return unknown;
        if (index.kind !== 'number' || !index.integer)
          return this.evaluator.fail(
            messages.wrongType('index', 'an integer', describe(index), expression.index.span),
          );
        return (
          list[index.value] ??
          this.evaluator.fail(
            messages.indexOutside(
              index.value,
              list.length,
              expression.index.span,
              hintOfLast(index.value, list.length, expression),
            ),
          )
        );
      }
      case 'call':
        return this.evaluator.calls.call(expression, undefined, scope);
      case 'pipeline': {
        let piped: Piped = { value: this.evaluate(expression.input, scope), span: expression.input.span };
        for (const stage of expression.stages)
          piped = { value: this.evaluator.calls.call(stage, piped, scope), span: stage.span };
        return piped.value;
      }
    }
  }

  private comprehension(expression: Comprehension, scope: Scope): Value {
    const { item, variable, list, condition } = expression;
    const given = this.listValue(this.evaluate(list, scope), list.span, (value) =>
      hintOfRounds(value, list.span),
    );
    if (!given) return unknown;
    const { bindings } = scope;
    const hidden = bindings.get(variable.text);
    this.evaluator.budget.enter(undefined, expression.span);
    const items: Value[] = [];
    let isOpen = false;
    for (const one of given) {
      bindings.set(variable.text, one);
      const kept = condition ? this.truth(condition, scope) : true;
      isOpen ||= kept === undefined;
      if (isOpen) break;
      if (kept) items.push(this.evaluate(item, scope));
    }
    this.evaluator.budget.leave();
    // After the comprehension the name has its previous meaning again.
    if (hidden) bindings.set(variable.text, hidden);
    else bindings.delete(variable.text);
    return isOpen ? unknown : listOf(items);
  }

  private lookUp(name: string, span: Span, scope: Scope): Value {
    const bound = scope.bindings.get(name);
    if (bound) return bound;
    const module = scope.moduleOf?.(span.source) ?? scope.module;
    const declared = module.names.get(name);
    if (declared) return { kind: 'block', name, ...declared, bound: new Map(), path: undefined };
    if (builtins.has(name)) return { kind: 'builtin', name, bound: new Map() };
    if (module.missing.has(name)) return unknown;
    const later = scope.declared?.get(name);
    if (later) return this.evaluator.fail(messages.boundLater(name, span, later));
    return this.evaluator.fail(
      messages.unknownName(
        name,
        span,
        this.evaluator.loss
          ? 'change the loss that uses it as well, or leave the network in'
          : `bind it in every case before it is used: ${name} = ...`,
      ),
    );
  }

  /** Evaluates a condition; undefined after a mistake. */
  truth(expression: Expression, scope: Scope): boolean | undefined {
    return this.asTruth(this.evaluate(expression, scope), expression.span);
  }

  private asTruth(value: Value, span: Span): boolean | undefined {
    if (value.kind === 'boolean') return value.value;
    if (value.kind !== 'unknown')
      this.evaluator.fail(
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

  /** Requires a list; undefined after a mistake. */
  listValue(
    value: Value,
    span: Span,
    hintFor: (value: Value) => Hint | undefined,
  ): readonly Value[] | undefined {
    if (value.kind === 'list') return value.items;
    if (value.kind !== 'unknown')
      this.evaluator.fail(messages.wrongType('list', 'a list', describe(value), span, hintFor(value)));
    return undefined;
  }

  private binary(expression: Binary, scope: Scope): Value {
    const { operator } = expression;
    const { budget } = this.evaluator;
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
    if (operator === '==' || operator === '!=') {
      budget.lookThrough([left]);
      return boolean(equal(left, right) === (operator === '=='));
    }
    if (left.kind === 'number' && right.kind === 'number')
      return this.arithmetic(operator, left, right, expression.span);
    if (left.kind === 'list' && right.kind === 'list' && operator === '+') {
      budget.spend('entries', left.items.length + right.items.length);
      return listOf([...left.items, ...right.items]);
    }
    const op = tensorOperators[operator];
    if (op && isArithmetic(left) && isArithmetic(right)) {
      const operands = [
        this.evaluator.asTensor(left, expression.left.span),
        this.evaluator.asTensor(right, expression.right.span),
      ];
      const places = [expression.left.span, expression.right.span];
      return operands.every((operand) => operand !== undefined)
        ? this.evaluator.record(op, operands, {}, expression.span, places, operatorSpan(expression))
        : unknown;
    }
    const waiting = [
      [left, expression.left],
      [right, expression.right],
    ] as const;
    for (const [value, written] of waiting) {
      const lacking = this.evaluator.calls.lackOf(value, written, scope);
      if (lacking) return this.evaluator.fail(lacking);
    }
    return this.evaluator.fail(
      messages.wrongType(
        `operands of '${operator}'`,
        op ? 'two numbers or tensors' : 'two numbers',
        `${describe(left)} and ${describe(right)}`,
        expression.span,
        hintOfUncalled(expression, left, right) ??
          (op || (left.kind !== 'tensor' && right.kind !== 'tensor')
            ? undefined
            : hintOfTensors(expression, right)),
      ),
    );
  }

  private arithmetic(operator: Binary['operator'], left: NumberValue, right: NumberValue, span: Span): Value {
    const [a, b] = [left.value, right.value];
    const whole = left.integer && right.integer;
    const number = (value: number): Value => {
      const isExact = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
      return isExact
        ? whole
          ? integer(value)
          : real(value)
        : this.evaluator.fail(messages.tooLargeNumber(whole ? 'integer' : 'float', span));
    };
    if (b === 0 && (operator === '/' || operator === '//' || operator === '%'))
      return this.evaluator.fail(messages.divisionByZero(span));
    switch (operator) {
      case '+':
        return number(a + b);
      case '-':
        return number(a - b);
      case '*':
        return number(a * b);
      case '/':
        return this.finite(a / b, span);
      case '//':
        return number(Math.floor(a / b));
      case '%':
        return number(a - b * Math.floor(a / b));
      case '**':
        if (whole && b >= 0) return number(a ** b);
        if (a === 0 && b < 0) return this.evaluator.fail(messages.divisionByZero(span));
        return Number.isNaN(a ** b)
          ? this.evaluator.fail(messages.noRealNumber(span))
          : this.finite(a ** b, span);
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

  private finite(value: number, span: Span): Value {
    return Number.isFinite(value) ? real(value) : this.evaluator.fail(messages.tooLargeNumber('float', span));
  }

  /** Finds the function or block that corresponds to a tensor method of another framework. */
  private calledLike(name: string, { module }: Scope): string | undefined {
    const known = [name, ...carriedOver(name)];
    return known.find((one) => builtins.get(one)?.role === 'tensor' || module.names.has(one));
  }

  private member(value: Value, { value: written, name: { text: name, span } }: Member, scope: Scope): Value {
    if (value.kind === 'unknown') return unknown;
    const members = membersOf(value, this.evaluator.recorder);
    const member = members.get(name);
    if (member) return member();
    if (value.kind === 'tensor' && labelMapParts.has(name))
      return this.evaluator.fail(messages.notALabelMap(describe(value), name, span));
    const called = isArithmetic(value) ? this.calledLike(name, scope) : undefined;
    return this.evaluator.fail(
      called === undefined
        ? messages.unknownMember(describe(value), name, span, members.keys())
        : messages.memberForCall(describe(value), name, `${called}(${textOf(written.span)})`, span),
    );
  }
}

const tensorOperators: Readonly<Partial<Record<Binary['operator'], Composite>>> = {
  '+': add,
  '-': sub,
  '*': mul,
  '/': div,
};

/** Finds the operator between its operands, which may have parentheses or comments. */
function operatorSpan({ operator, left, right, span }: Binary): Span {
  // If a variant changed a factor, the operands come from different places.
  if (left.span.start < span.start || right.span.end > span.end || left.span.source !== right.span.source)
    return span;
  const between = span.source.text
    .slice(left.span.end, right.span.start)
    .replaceAll(/#.*/g, (text) => ' '.repeat(text.length));
  const start = left.span.end + between.indexOf(operator);
  return { source: span.source, start, end: start + operator.length };
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
        left.items.every((item, i) => equal(item, must(other.items[i], 'both lists have the same length')))
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
