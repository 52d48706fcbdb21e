/** Answers for random numbers. */
import { OpError } from '../../ir/node.ts';
import { normalQuantile } from '../../ir/random.ts';
import { float, num, numbers, type AttrRule, type SpecAttrs, type SpecOp } from './define.ts';

const shape = { shape: { type: 'ints', doc: 'shape for one picture' } } as const;
const name: AttrRule = { type: 'string', optional: true, doc: 'the name under which it can be fed' };

const nameIn = (attrs: SpecAttrs): string | undefined =>
  typeof attrs['name'] === 'string' ? attrs['name'] : undefined;

const randomNormal: SpecOp = {
  name: 'random_normal',
  doc: 'Standard normal noise of `shape` for each picture, new at every step.',
  inputs: [],
  attrs: { ...shape, name },
  isBatched: () => true,
  expand: ({ batch, noise }, _inputs, attrs) => noise(nameIn(attrs), [batch, ...numbers(attrs, 'shape')]),
};

const randomBernoulli: SpecOp = {
  name: 'random_bernoulli',
  doc:
    'Ones, each with the probability `share`, and zeros, of `shape` for each picture, new at every step: standard normal numbers, ' +
    'which can be fed, against the number that so many of them reach.',
  inputs: [],
  attrs: { ...shape, share: float('the probability of a 1, above 0 and below 1', 0.5), name },
  isBatched: () => true,
  expand: ({ b, batch, noise }, _inputs, attrs) => {
    const share = num(attrs, 'share');
    if (!(share > 0 && share < 1))
      throw new OpError('random_bernoulli', 'share is above 0 and below 1', String(share));
    const drawn = noise(nameIn(attrs), [batch, ...numbers(attrs, 'shape')]);
    const reached = b.op('greater_equal', [drawn, b.constant(normalQuantile(1 - share))]);
    return b.op('cast', [reached], { to: 'f32' });
  },
};

const randomUniform: SpecOp = {
  name: 'random_uniform',
  doc: 'Uniform noise from 0 to 1 of `shape` for each picture, new at every step.',
  inputs: [],
  attrs: shape,
  isBatched: () => true,
  expand: ({ b, batch, stream, randomState }, _inputs, attrs) =>
    b.op('random_uniform', [randomState()], {
      shape: [batch, ...numbers(attrs, 'shape')],
      stream: stream(),
    }),
};

export const randomOps: readonly SpecOp[] = [randomNormal, randomBernoulli, randomUniform];
