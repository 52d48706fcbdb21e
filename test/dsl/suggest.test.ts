/** Answers for "did you mean" suggestions. */
import { expect, it } from 'vitest';
import { suggest } from '../../dsl/suggest.ts';

const names = ['leaky_relu', 'relu', 'conv', 'instance', 'spectral', 'x'];

it.each([
  ['leakyrelu', 'leaky_relu'],
  ['Conv', 'conv'],
  ['covn', 'conv'],
  ['instanse', 'instance'],
  ['spctrl', 'spectral'],
])('finds the name meant by %s', (name, expected) => {
  expect(suggest(name, names)).toBe(expected);
});

it.each(['pool', 'y', 'batch', '', 'convolution'])('has no suggestion for %s', (name) => {
  expect(suggest(name, names)).toBeUndefined();
});

it('prefers the nearest of several', () => {
  expect(suggest('widht', ['with', 'width', 'height'])).toBe('width');
});
