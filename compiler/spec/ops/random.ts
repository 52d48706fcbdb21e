/** Answers for random numbers. */
import { numbers, type SpecOp } from './define.ts';

const shape = { shape: { type: 'ints', doc: 'shape for one picture' } } as const;

const randomNormal: SpecOp = {
  name: 'random_normal',
  doc: 'Standard normal noise of `shape` for each picture, new at every step.',
  inputs: [],
  attrs: {
    ...shape,
    name: { type: 'string', optional: true, doc: 'the name under which it can be fed' },
  },
  isBatched: () => true,
  expand: ({ batch, noise }, _inputs, attrs) => {
    const name = attrs['name'];
    return noise(typeof name === 'string' ? name : undefined, [batch, ...numbers(attrs, 'shape')]);
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

export const randomOps: readonly SpecOp[] = [randomNormal, randomUniform];
