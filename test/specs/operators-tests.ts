/**
 * Tests the operators on which frameworks disagree, statistics over all devices, and the network of Frechet distances
 * against PyTorch.
 */
import { describe, expect, it } from 'vitest';
import { openText, type InputDeclaration, type Model } from '../../runtime/index.ts';
import { findFixture } from '../support/fixtures.ts';
import { readSystem, type SystemFixture } from '../support/systems.ts';
import type { EngineKind } from './systems-tests.ts';

/** All shapes here are in PyTorch's order. */
const layout = 'NCHW' as const;

/** The call in a spec for each result of the fixture. Weights are parameters with the fixture's names. */
const operators = {
  reflect_pad_3: 'reflect_pad(x, amount: 3)',
  max_pool_3_2: 'max_pool(x, size: 3, stride: 2)',
  max_pool_3_2_ceil: 'max_pool(x, size: 3, stride: 2, ceil: true)',
  max_pool_3_2_pad_1: 'max_pool(x, size: 3, stride: 2, pad: 1)',
  avg_pool_3_2_pad_1: 'avg_pool(x, size: 3, stride: 2, pad: 1)',
  avg_pool_3_2_pad_1_counted: 'avg_pool(x, size: 3, stride: 2, pad: 1, count_pad: true)',
  nearest_5x10: 'resize(x, height: 5, width: 10)',
  bilinear_13x10: 'resize_bilinear(x, height: 13, width: 10)',
  bilinear_4x5: 'resize_bilinear(x, height: 4, width: 5)',
  local_response_norm: 'local_response_norm(x, size: 3, alpha: 0.5, beta: 0.75, k: 1)',
  conv_stride_2_pad_1: 'conv2d(x, parameter([3, 3, 4, 6], init: zeros()) as kernel, stride: 2, pad: 1)',
  conv_dilation_2: 'conv2d(x, parameter([3, 3, 4, 6], init: zeros()) as kernel, dilation: 2)',
  conv_transposed:
    'conv2d_transpose(x, parameter([3, 3, 4, 3], init: zeros(), stored: "IOHW") as transposed)',
  conv_depthwise:
    'depthwise_conv2d(x, parameter([3, 3, 4, 1], init: zeros(), stored: "IOHW") as depthwise, stride: 2, pad: 1)',
  log_softmax: 'log_softmax(x)',
};

/** Opens a network L of pictures `x` of the fixture's size, and disposes of it afterwards. */
async function withNetwork(
  engine: EngineKind,
  fixture: SystemFixture,
  source: string,
  work: (model: Model) => Promise<void>,
): Promise<void> {
  const [, channels = 1, height = 1, width = 1] = fixture.given('input.x').shape;
  const inputs: Record<string, InputDeclaration> = {
    x: { kind: 'tensor', shape: [height, width, channels] },
  };
  const model = await openText(source, { name: `${fixture.name}.spade`, engine, network: 'L', inputs });
  try {
    await work(model);
  } finally {
    await model.dispose();
  }
}

/** Defines a test, skipped with a reason if the fixture is missing. */
function itWith(name: string, what: string, test: (fixture: SystemFixture) => Promise<void>): void {
  if (findFixture(`systems/${name}`)) it(what, () => test(readSystem(name)));
  else it.skip(`${what}: ${name}`, { tags: 'needs-fixtures' }, () => undefined);
}

/** Tests all operators on an engine. */
export function testOperatorsOn(engine: EngineKind): void {
  describe.each(Object.entries(operators))('%s', (name, call) => {
    itWith('operators', 'gives the values and gradients of PyTorch', (fixture) =>
      withNetwork(engine, fixture, `network L(x: Image) { return ${call} }`, async (model) => {
        const [weight] = model.variables.map((one) => one.name.replace('L.', ''));
        if (weight !== undefined)
          await model.writeOfficial({ [weight]: fixture.given(`param.${weight}`) }, { network: 'L' });
        const x = fixture.given('input.x');
        const { outputs, gradients } = await model.gradients('L', { x }, fixture.given(`cotangent.${name}`), {
          layout,
        });
        fixture.expectResult(`output.${name}`, outputs['output']);
        const found = { 'input.x': gradients['x'], ...model.toOfficial(gradients, { network: 'L' }) };
        expect(fixture.expectAll(`grad.${name}.`, found)).toBe(weight === undefined ? 1 : 2);
      }),
    );
  });

  describe('sync_batch', () => {
    itWith('synchronized_batch_norm', 'takes the statistics of the whole batch', (fixture) => {
      const source = 'use norms { sync_batch }\nnetwork L(x: Image) { return x |> sync_batch as layer }';
      return withNetwork(engine, fixture, source, async (model) => {
        const x = fixture.given('input.x');
        const { outputs, gradients } = await model.gradients('L', { x }, fixture.given('cotangent.y'), {
          layout,
        });
        fixture.expectResult('output.one_device.y', outputs['output']);
        fixture.expectResult('grad.one_device.input.x', gradients['x']);
        const state = await model.readOfficial({ network: 'L', mapping: [] });
        for (const name of ['running_mean', 'running_var'])
          fixture.expectResult(`output.${name}`, state[`layer.${name}`]);
      });
    });
  });

  describe('InceptionV3(fid: true)', () => {
    itWith('inception_v3', 'gives the features of the Frechet distance', (fixture) => {
      const source = `use features { InceptionV3 }
        network L(x: Image) {
          let layer = InceptionV3(size: none, fid: true)
          return layer(x)[0]
        }`;
      return withNetwork(engine, fixture, source, async (model) => {
        const mapping = [{ ours: '{path}.affine.{p}', official: '{path}.{p}' }];
        const report = await model.writeOfficial(fixture.givenUnder('param.'), {
          network: 'L',
          within: 'layer',
          mapping,
        });
        expect(report).toMatchObject({ missing: [], unused: [] });
        const { outputs } = await model.forward('L', { x: fixture.given('input.x') }, { layout });
        fixture.expectResult('output.distance.block_3', outputs['output']);
      });
    });
  });
}
