/** Splits losses into summands, names them, and changes or removes one of them. */
import { walk, type Binary, type Call, type Expression } from '../../dsl/ast.ts';
import type { Span } from '../../dsl/source.ts';

/** A summand of a loss, with its factor. */
export interface Summand {
  /** The name of the block that it calls, with a number if several summands call it. */
  readonly name: string;
  readonly expression: Expression;
}

/** The name of a summand without a call. */
export const namelessTerm = 'term';

/** Splits `a + 10 * b - c` into its summands: `a`, `10 * b` and `-c`. */
export function summandsOf(expression: Expression): Summand[] {
  const counts = new Map<string, number>();
  return split(expression).map((summand) => {
    const name = termName(summand);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return { name: count === 1 ? name : `${name}_${count}`, expression: summand };
  });
}

function split(expression: Expression): Expression[] {
  if (expression.kind !== 'binary') return [expression];
  const { operator, left, right } = expression;
  if (operator !== '+' && operator !== '-') return [expression];
  const others = split(right);
  if (operator === '+') return [...split(left), ...others];
  return [
    ...split(left),
    ...others.map((operand): Expression => ({ kind: 'unary', operator: '-', operand, span: operand.span })),
  ];
}

/** Names a summand by the block that it calls: `10 * feature_matching(D)` is `feature_matching`. */
export function termName(expression: Expression): string {
  const call = callOf(expression);
  return call?.callee.kind === 'reference' ? (call.label?.name.text ?? call.callee.name) : namelessTerm;
}

/** Finds the call that gives a summand its name. */
export function callOf(expression: Expression): Call | undefined {
  switch (expression.kind) {
    case 'call':
      return expression.callee.kind === 'reference' ? expression : undefined;
    case 'binary':
      return callOf(expression.left) ?? callOf(expression.right);
    case 'unary':
      return callOf(expression.operand);
    case 'pipeline':
      return expression.stages.at(-1);
    default:
      return undefined;
  }
}

/** Adds summands up again; undefined for none. `span` is the place of the sum. */
export function sumOf(summands: readonly Expression[], span: Span): Expression | undefined {
  const [first, ...others] = summands;
  return (
    first &&
    others.reduce<Expression>((left, right) => ({ kind: 'binary', operator: '+', left, right, span }), first)
  );
}

/** Tells whether an expression is a factor rather than a term: it contains no call. */
export function isFactor(expression: Expression): boolean {
  let calls = false;
  walk(expression, ({ kind }) => (calls ||= kind === 'call' || kind === 'pipeline'));
  return !calls;
}

/** Replaces all factors of a summand by one; its sign stays. */
export function withFactor(summand: Expression, factor: Expression, span: Span): Expression {
  if (summand.kind === 'unary') return { ...summand, operand: withFactor(summand.operand, factor, span) };
  return { kind: 'binary', operator: '*', left: factor, right: withoutFactors(summand), span };
}

function withoutFactors(expression: Expression): Expression {
  if (expression.kind !== 'binary') return expression;
  const { operator, left, right } = expression;
  if (operator === '*' && isFactor(left)) return withoutFactors(right);
  if ((operator === '*' || operator === '/') && isFactor(right)) return withoutFactors(left);
  return expression;
}

/** Changes the call that gives a summand its name; undefined if there is none, or `change` gives none. */
export function withCall(
  summand: Expression,
  change: (call: Call) => Expression | undefined,
): Expression | undefined {
  const call = callOf(summand);
  const changed = call && change(call);
  return changed && replace(summand, call, changed);
}

/** Replaces one node on the path that `callOf` follows. */
function replace(expression: Expression, old: Call, changed: Expression): Expression {
  if (expression === old) return changed;
  switch (expression.kind) {
    case 'binary': {
      const side: keyof Pick<Binary, 'left' | 'right'> = callOf(expression.left) ? 'left' : 'right';
      return { ...expression, [side]: replace(expression[side], old, changed) };
    }
    case 'unary':
      return { ...expression, operand: replace(expression.operand, old, changed) };
    case 'pipeline': {
      const stages = expression.stages.map((stage) =>
        stage === old && changed.kind === 'call' ? changed : stage,
      );
      return { ...expression, stages };
    }
    default:
      return expression;
  }
}
