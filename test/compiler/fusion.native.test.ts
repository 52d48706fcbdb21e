/** Tests fusion on the native engine: its kernels equal TensorFlow's ops up to rounding, and are deterministic. */
import { must } from '../../dsl/errors.ts';
import { describe, expect, it } from 'vitest';
import type { Method } from '../../compiler/ir/program.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Target } from '../../compiler/ir/target.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { stepMethods } from '../../compiler/build/step.ts';
import { hasKernels } from '../../runtime/engine/load-binding.ts';
import { NativeSession } from '../../runtime/session/native.ts';
import { runAndRead, type Feeds } from '../../runtime/session/session.ts';
import { describeNative, fullAfterFirst } from '../support/engines.ts';
import { drawInputs, expectNear, randomMethod } from '../support/random-graph.ts';
import {
  drawFeeds,
  drawVariables,
  expectAgree,
  stepOf,
  tableCases,
  tableSpec,
} from '../support/table-tests.ts';
import { withoutKernels } from '../../compiler/lower/targets.ts';

const sizes = [
  { pictures: 1, height: 16, width: 24, channels: 19 },
  { pictures: 3, height: 15, width: 13, channels: 32 },
  { pictures: 2, height: 64, width: 48, channels: 3 },
  { pictures: 1, height: 1, width: 1, channels: 40 },
  { pictures: 2, height: 1, width: 7, channels: 1 },
];

const feedsOf = (inputs: ReadonlyMap<string, RefTensor>): Feeds =>
  Object.fromEntries(
    [...inputs].map(([name, { data }]) => [
      name,
      name === 'pixels' ? Int32Array.from(data) : Float32Array.from(data),
    ]),
  );

await describeNative('fusion in TensorFlow', (tf) => {
  describe.skipIf(!hasKernels(tf))('where the kernels are compiled', { tags: 'needs-compiler' }, () => {
    const open = (method: Method): Promise<NativeSession> =>
      NativeSession.open(tf, { variables: [], methods: [method] });

    it.each(Array.from({ length: 40 }, (_, index) => index))(
      'random graph %d is that of the reference',
      async (index) => {
        const random = new RandomStream(index, 'fusion/native');
        const method = randomMethod(random, sizes[index % sizes.length]!, 12 + random.below(30));
        const inputs = drawInputs(random, method);
        const expected = evaluate([...method.outputs.values()], { inputs, variables: new Map() });
        const session = await open(method);
        const found = await runAndRead(session, 'random', feedsOf(inputs));
        [...found.values()].forEach((values, at) => expectNear(values, expected[at]!.data, 1e-4, `y${at}`));
        expect(await runAndRead(session, 'random', feedsOf(inputs)), 'the same bits again').toEqual(found);
        await session.dispose();
      },
    );

    it('the error function is right in every digit of float32 but the last ones', async () => {
      const b = new GraphBuilder();
      const y = b.neg(b.neg(b.erf(b.input({ name: 'x', ...f32(8001) }))));
      const data = Float64Array.from({ length: 8001 }, (_, at) => Math.fround((at - 4000) / 800));
      const inputs = new Map([['x', { shape: [8001], data }]]);
      const [expected] = evaluate([y], { inputs, variables: new Map() });
      const session = await open({ name: 'erf', outputs: new Map([['y', y]]), writes: new Map() });
      const found = must((await runAndRead(session, 'erf', feedsOf(inputs))).get('y'), 'there is one output');
      for (const [at, value] of expected!.data.entries())
        expect(Math.abs(found[at]! - value)).toBeLessThanOrEqual(5e-7 * Math.abs(value));
      const beyond = Float32Array.of(...Array<number>(7997).fill(0), -0, NaN, Infinity, -Infinity);
      const ends = must((await runAndRead(session, 'erf', { x: beyond })).get('y'), 'there is one output');
      expect([...ends.slice(-4)]).toEqual([-0, NaN, 1, -1]);
      await session.dispose();
    });

    tableCases.forEach((one, index) =>
      it(`the step of ${one.name} is that of single ops`, fullAfterFirst(index), async () => {
        const spec = tableSpec(one);
        const program = stepOf(spec, true);
        const { name } = must(stepMethods(spec)[0], 'a step has a method');
        const method = must(
          program.methods.find((each) => each.name === name),
          'it is there',
        );
        const run = async (target?: Target): Promise<Map<string, Float32Array>> => {
          const session = await NativeSession.open(tf, program, target);
          await session.setVariables(drawVariables(program));
          const outputs = await runAndRead(session, name, drawFeeds(spec, program, method, 'two regions'));
          await session.dispose();
          return outputs;
        };
        expectAgree(await run(), await run(withoutKernels), 1e-3, 0.1);
      }),
    );
  });
});
