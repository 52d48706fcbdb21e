/** The error function, which GELU is made of. */
import type { Method } from '../../ir/op.ts';
import { unary, type Unary } from './pointwise.ts';

/**
 * erf(x) = 2 / sqrt(pi) e^(-x^2) sum over n of 2^n x^(2n+1) / (1 * 3 * ... * (2n+1)) (DLMF 7.6.2). All terms have one sign, so no digits
 * are lost. From 6 on, float64 has nothing between it and its limit.
 */
function errorFunction(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Near 0 the power series (DLMF 7.6.1), elsewhere formula 7.1.26 of Abramowitz and Stegun, whose error is below 1.5e-7. */
const cpp = `
  const float square = x * x;
  float p = -8.5470e-4f;
  p = p * square + 5.2239776e-3f;
  p = p * square - 2.6866171e-2f;
  p = p * square + 1.1283792e-1f;
  p = p * square - 3.7612639e-1f;
  p = p * square + 1.1283792f;
  const float near = p * x;
  const float t = 1.0f / (1.0f + 0.3275911f * std::fabs(x));
  float q = 1.061405429f;
  q = q * t - 1.453152027f;
  q = q * t + 1.421413741f;
  q = q * t - 0.284496736f;
  q = q * t + 0.254829592f;
  const float far = 1.0f - q * t * exp(-square);
  return std::fabs(x) < 0.5f ? near : x < 0.0f ? -far : far;`;

export const erf: Unary = unary({
  name: 'erf',
  isBounded: true,
  doc: 'The error function: 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x.',
  edges: '-1 and 1 at infinities, with gradient 0, as torch.erf',
  value: errorFunction,
  vjp: (b, x, _y, dy) => b.mul(dy, b.mul(b.exp(b.neg(b.square(x))), 2 / Math.sqrt(Math.PI))),
  tensorflow: 'Erf',
  tfjs: (tf, x) => tf.erf(x),
  draw: (u) => 3 * u,
  instruction: { cpp },
});

declare module '../../ir/node.ts' {
  interface Builder {
    erf: Method<Unary>;
  }
}
