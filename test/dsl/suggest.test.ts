/** Tests "did you mean" suggestions. */
import { expect, it } from 'vitest';
import { suggest } from '../../dsl/suggest.ts';

const names = ['leaky_relu', 'relu', 'conv', 'instance', 'spectral', 'x', 'min', 'state', 'classes', 'color'];

it.each([
  ['leakyrelu', 'leaky_relu'],
  ['LeakyReLU', 'leaky_relu'],
  ['Conv', 'conv'],
  ['covn', 'conv'],
  ['mni', 'min'],
  ['instanse', 'instance'],
  ['spctrl', 'spectral'],
  ['class', 'classes'],
  ['instances', 'instance'],
  ['colour', 'color'],
  ['X', 'x'],
  ['stt', 'state'],
  ['cnv', 'conv'],
])('finds the name meant by %s', (name, expected) => {
  expect(suggest(name, names)).toBe(expected);
});

it.each(['pool', 'y', 'batch', '', 'convolution', 'sin', 'mix', 'spade', 'stage_b'])(
  'has no suggestion for %s',
  (name) => {
    expect(suggest(name, names)).toBeUndefined();
  },
);

it('takes no number for a slip of another', () => {
  expect(suggest('conv_2', ['conv_1', 'conv_10'])).toBeUndefined();
});

it('takes a name without its number for a slip', () => {
  expect(suggest('bfloat', ['float32', 'bfloat16'])).toBe('bfloat16');
});

it('prefers the nearest of several', () => {
  expect(suggest('widht', ['with', 'width', 'height'])).toBe('width');
});

it('compares long names with short ones in no time', () => {
  expect(suggest('a'.repeat(1_000_000), names)).toBeUndefined();
});
