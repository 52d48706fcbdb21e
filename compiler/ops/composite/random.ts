/** Random numbers. */
import { normalQuantile } from '../../ir/random.ts';
import { defineComposite, type Composite } from './define.ts';
import { float, ints, optionalText } from './settings.ts';

const shape = ints('shape for one picture');
const name = optionalText('the name under which it can be fed');

export const randomNormal = defineComposite({
  name: 'random_normal',
  doc: 'Standard normal noise of `shape` for each picture, new at every step.',
  inputs: [],
  attrs: { shape, name },
  isBatched: () => true,
  expand: ({ shape, name }, { batch, noise }) => noise(name, [batch, ...shape]),
});

export const randomBernoulli = defineComposite({
  name: 'random_bernoulli',
  doc:
    'Ones, each with the probability `share`, and zeros, of `shape` for each picture, new at every step: standard normal numbers, ' +
    'which can be fed, against the number that so many of them reach.',
  inputs: [],
  attrs: { shape, share: float('the probability of a 1, above 0 and below 1', { preset: 0.5 }), name },
  isBatched: () => true,
  expand: ({ shape, share, name }, { b, batch, noise, refuse }) => {
    if (!(share > 0 && share < 1)) throw refuse('share is above 0 and below 1', String(share));
    const drawn = noise(name, [batch, ...shape]);
    return b.cast(b.greaterEqual(drawn, normalQuantile(1 - share)), { to: 'f32' });
  },
});

export const randomUniform = defineComposite({
  name: 'random_uniform',
  doc: 'Uniform noise from 0 to 1 of `shape` for each picture, new at every step.',
  inputs: [],
  attrs: { shape },
  isBatched: () => true,
  expand: ({ shape }, { b, batch, stream, randomState }) =>
    b.randomUniform(randomState(), { shape: [batch, ...shape], stream: stream() }),
});

export const randomOps: readonly Composite[] = [randomNormal, randomBernoulli, randomUniform];
