/** Tests that an engine computes what PyTorch does at the edges of every op; where it does not, this says so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAndRead, type Session } from '../../runtime/session/session.ts';
import type { OpenSession } from './session-tests.ts';
import {
  differences,
  edgeCases,
  edgeFeeds,
  edgeProgram,
  isNear,
  type EdgeCase,
  type Place,
} from './edges.ts';
import { methodName } from './samples.ts';

/** WebAssembly, TensorFlow with kernels of our own, and without. */
export type EngineKind = 'portable' | 'kernels' | 'tensorflow';

/** Where an engine does not do as PyTorch does. */
interface Exception {
  readonly engines: readonly EngineKind[];
  readonly ops: RegExp;
  readonly about?: string;
  readonly because: string;
  /** Whether a number that is not PyTorch's is one of those that this accounts for. */
  readonly accepts: (place: Place) => boolean;
}

const none = Number.isNaN;
const isInfinite = (x: number): boolean => Math.abs(x) === Infinity;
const isTiny = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126;

const exceptions: readonly Exception[] = [
  {
    engines: ['kernels', 'tensorflow'],
    ops: /./,
    because: 'TensorFlow has processors take denormal numbers for 0',
    accepts: ({ found, expected, fed }) => fed.some(isTiny) || (isTiny(expected) && found === 0),
  },
  {
    engines: ['portable', 'kernels', 'tensorflow'],
    ops: /^max_pool2d/,
    about: 'no numbers',
    because: 'pooling of TensorFlow and of XNNPACK passes over what is no number',
    accepts: () => true,
  },
  {
    engines: ['portable'],
    ops: /^(avg_pool2d|avg_pool2d_grad|upsample_nearest)$/,
    because: 'pooling of XNNPACK keeps results between its bounds, -Infinity where they are no number',
    accepts: ({ found, expected }) => none(expected) && found === -Infinity,
  },
  {
    engines: ['portable'],
    ops: /^(leaky_relu|leaky_relu_grad)$/,
    because:
      'the gradient is a product with a mask, which is fast: no number where x is none, or where 0 meets infinity',
    accepts: ({ found, fed }) => none(found) && fed.some((x) => !Number.isFinite(x)),
  },
  {
    engines: ['portable'],
    ops: /^max_pool2d/,
    because:
      'the gradient is a product with masks: no number where 0 meets infinity, or none, in the same window',
    accepts: ({ found }) => none(found),
  },
  {
    engines: ['portable'],
    ops: /^(segment_mean|conv2d|conv2d_filter_grad)$/,
    because: 'sums are made of parts, or corrected, with infinities of both signs',
    accepts: ({ found, expected }) => none(found) && isInfinite(expected),
  },
  {
    engines: ['kernels', 'tensorflow'],
    ops: /^(take|take_grad|avg_pool2d_grad|reflect_pad_grad)$/,
    because:
      'take_grad is a product with a matrix of zeros and ones, which is fast and spreads what is not finite',
    accepts: ({ found }) => none(found),
  },
  {
    engines: ['kernels', 'tensorflow'],
    ops: /^(abs|sign)$/,
    because: "TensorFlow's own Sign hands NaN on, which a node is that is not fused",
    accepts: ({ found, fed }) => none(found) && fed.some(none),
  },
  {
    engines: ['tensorflow'],
    ops: /^(leaky_relu|leaky_relu_grad) \{slope: 0\}$/,
    because: "TensorFlow's own ReluGrad is a product with 0 or 1",
    accepts: ({ found, fed }) => (none(found) || found === 0) && fed.some((x) => !Number.isFinite(x)),
  },
];

const exceptionsOf = (engine: EngineKind, { op, about, title }: EdgeCase): Exception[] =>
  exceptions.filter(
    (each) =>
      each.engines.includes(engine) &&
      (each.ops.test(op.name) || each.ops.test(title)) &&
      (each.about === undefined || each.about === about),
  );

/** Rounding of float32. */
const tolerance = 1e-5;

/** Tests every op at its edges, as one node and as the graph that it is made of. */
export function testEdgesOn(open: OpenSession, engine: EngineKind): void {
  describe('every op is as in PyTorch at its edges', () => {
    const program = edgeProgram();
    const met = new Set<Exception>();
    let session: Session | undefined;
    beforeAll(async () => {
      session = await open(program);
    });
    afterAll(() => session?.dispose());

    edgeCases.forEach((each, index) => {
      it(each.name, async () => {
        const known = exceptionsOf(engine, each);
        const found = await runAndRead(session!, methodName(index), edgeFeeds(each, program.methods[index]!));
        for (const { name, float32 } of each.expected)
          expect(
            differences(each, float32, found.get(name)!, (place) => {
              if (isNear(place, tolerance)) return true;
              const exception = known.find(({ accepts }) => accepts(place));
              if (exception) met.add(exception);
              return exception !== undefined;
            }),
            name,
          ).toEqual([]);
      });
    });

    it('but for these differences, each of which there is', () => {
      const expected = exceptions.filter(({ engines }) => engines.includes(engine));
      expect([...met].map(({ because }) => because).sort()).toEqual(
        expected.map(({ because }) => because).sort(),
      );
    });
  });
}
