/** Answers for operands of the wrong kind that show what is meant: calls in square brackets, rounds by number, powers of tensors. */
import type { Binary, Index } from '../../dsl/ast.ts';
import { replacing, type Hint } from '../../dsl/fix.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import type { Value } from './values.ts';

/** `conv[64]`: blocks are called with parentheses. */
export function hintOfIndexed(value: Value, { value: called, index, span }: Index): Hint | undefined {
  if (value.kind !== 'block' && value.kind !== 'builtin') return undefined;
  return replacing(
    span,
    `${textOf(called.span)}(${textOf(index.span)})`,
    (text) => `a call has parentheses: ${text}`,
  );
}

/** `for i in 3`. */
export function hintOfRounds(value: Value, span: Span): Hint | undefined {
  if (value.kind !== 'number' || !value.integer) return undefined;
  return replacing(span, `range(${textOf(span)})`, (text) => `numbers from 0 on are ${text}`);
}

/** `x ** 2`, `x > 0`: what tensors have in place of the operators of numbers. */
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
  return replacing(
    span,
    `${name}(${textOf(left.span)})`,
    (text) => `numbers have powers; of a tensor it is ${text}`,
  );
}
