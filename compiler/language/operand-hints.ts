/**
 * Gives hints for operands of the wrong kind: calls in square brackets, loops over a number, powers and comparisons of
 * tensors.
 */
import type { Binary, Index } from '../../dsl/ast.ts';
import { replacing, type Hint } from '../../dsl/fix.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import type { Value } from './values/values.ts';

/** `conv[64]`: blocks are called with parentheses. */
export function hintOfIndexed(value: Value, { value: called, index, span }: Index): Hint | undefined {
  if (value.kind !== 'block' && value.kind !== 'builtin') return undefined;
  return replacing(
    span,
    `${textOf(called.span)}(${textOf(index.span)})`,
    (text) => `a call has parentheses: ${text}`,
  );
}

/** `w[-1]`. */
export function hintOfLast(index: number, count: number, { value, span }: Index): Hint | undefined {
  if (index !== -1 || count === 0) return undefined;
  return replacing(span, `${textOf(value.span)}.last`, (text) => `the last item is ${text}`);
}

/** `fake - real()`, `[8] * 4`: operands that are not called yet, and repeated lists. */
export function hintOfUncalled(expression: Binary, left: Value, right: Value): Hint | undefined {
  const { operator, span } = expression;
  if (
    operator === '*' &&
    left.kind === 'list' &&
    right.kind === 'number' &&
    expression.left.kind === 'list'
  ) {
    const [only, ...others] = expression.left.items;
    if (!only || others.length > 0) return undefined;
    const list = `[${textOf(only.span)} for i in range(${textOf(expression.right.span)})]`;
    return replacing(span, list, (text) => `a list of equal items is ${text}`);
  }
  const fix = [
    { value: left, written: expression.left },
    { value: right, written: expression.right },
  ].flatMap(({ value, written }) => {
    const isStep = value.kind === 'builtin' && picturesOfStep.has(value.name) && written.kind === 'reference';
    return isStep ? [{ span: { ...written.span, start: written.span.end }, text: '()' }] : [];
  });
  return fix.length === 0 ? undefined : { words: 'what a step has is called: fake(), real(), labels()', fix };
}

/** The pictures and maps of a loss's step, which are functions. */
export const picturesOfStep: ReadonlySet<string> = new Set(['fake', 'real', 'labels']);

/** `for i in 3`. */
export function hintOfRounds(value: Value, span: Span): Hint | undefined {
  if (value.kind !== 'number' || !value.integer) return undefined;
  return replacing(span, `range(${textOf(span)})`, (text) => `numbers from 0 on are ${text}`);
}

/** `x ** 2`, `x > 0`: the functions of tensors that replace operators of numbers. */
export function hintOfTensors({ operator, left, span }: Binary, right: Value): Hint | string | undefined {
  if (operator !== '**')
    return operator === '%' || operator === '//'
      ? undefined
      : 'tensors are not compared; maximum(x, y), minimum(x, y) and relu(x) choose between values';
  const way = 'numbers have powers, n ** 2; tensors have square(x), sqrt(x), exp(x) and log(x)';
  const name =
    right.kind !== 'number'
      ? undefined
      : new Map([
          [2, 'square'],
          [0.5, 'sqrt'],
        ]).get(right.value);
  if (name === undefined || right.kind !== 'number') return way;
  // A sum already has parentheses.
  const operand = textOf(left.span).replace(/^\(([^()]*(?:\(\)[^()]*)*)\)$/, '$1');
  return replacing(span, `${name}(${operand})`, (text) => `numbers have powers; of a tensor it is ${text}`);
}
