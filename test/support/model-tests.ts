/** Tests the library's models on any engine: results of calls, and variables shared by all methods. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { describe, expect, it } from 'vitest';
import { openText, splitSemantics, type Model, type Tensor, type TextOptions } from '../../runtime/index.ts';
import { tinySpec } from './tiny-experiment.ts';

type EngineKind = 'native' | 'portable';

const picture = (...shape: number[]): Tensor => {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  return { shape, values: values.map((_, i) => Math.sin(i * 0.7)) };
};

/** Label maps of two regions, and photographs, for the tiny experiment. */
function tinyBatch(batch: number): { readonly labels: Tensor<Int32Array>; readonly real: Tensor } {
  const ids = Int32Array.from({ length: batch * 32 * 32 }, (_, i) => (i % 32 < 11 ? 0 : 1 + ((i >> 10) % 2)));
  return { labels: { shape: [batch, 32, 32], values: ids }, real: picture(batch, 32, 32, 3) };
}

const largest = (values: Iterable<number>): number => Math.max(...[...values].map(Math.abs));

const distance = (a: Tensor | undefined, b: Tensor | undefined): number =>
  a && b && a.values.length === b.values.length
    ? largest(a.values.map((value, i) => value - b.values[i]!))
    : Infinity;

/** Gives the error of a call, thrown or rejected. */
async function errorOf(call: () => unknown): Promise<SpadeworkError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof SpadeworkError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const layerText = `use norms { batch, spectral }
network L(x: Image) { return x |> conv(3, weight: spectral) as c |> batch as n }`;
const layerInputs = { x: { kind: 'tensor', shape: [4, 5, 2] } } as const;

/** Tests the library on an engine. */
export function testModelsOn(engine: EngineKind): void {
  const withModel = async (
    text: string,
    work: (model: Model) => Promise<void>,
    options: Omit<TextOptions, 'engine'> = {},
  ): Promise<void> => {
    const model = await openText(text, { ...options, engine });
    try {
      await work(model);
    } finally {
      await model.dispose();
    }
  };
  const withLayer = (work: (model: Model) => Promise<void>) =>
    withModel(layerText, work, { inputs: layerInputs });

  describe('a lone network', () => {
    it('says what it is', () =>
      // eslint-disable-next-line @typescript-eslint/require-await
      withLayer(async (model) => {
        expect(model.engine).toBe(engine);
        expect(model.methods).toEqual(['forward/L', 'gradients/L']);
        expect(model.networks).toEqual([{ name: 'L', definition: 'L', parameters: 3 * 3 * 2 * 3 + 3 }]);
        expect(model.inputs('gradients/L', { batch: 2 })).toEqual([
          { name: 'x', shape: [2, 4, 5, 2], dtype: 'f32', role: 'tensor', required: true },
          { name: 'cotangent', shape: [2, 4, 5, 3], dtype: 'f32', role: 'cotangent', required: false },
        ]);
        expect(model.outputs('forward/L')).toEqual([{ name: 'output', shape: [1, 4, 5, 3], dtype: 'f32' }]);
        expect(model.variables.map(({ name, shape, role }) => [name, shape.join('x'), role])).toEqual([
          ['L.c.weight', '3x3x2x3', 'parameter'],
          ['L.c.weight.u', '3', 'state'],
          ['L.c.weight.v', '3x3x2', 'state'],
          ['L.c.bias', '3', 'parameter'],
          ['L.n.running_mean', '3', 'state'],
          ['L.n.running_var', '3', 'state'],
        ]);
      }));

    it('computes the same in both layouts', () =>
      withLayer(async (model) => {
        const x = picture(2, 4, 5, 2);
        const turned = { shape: [2, 2, 4, 5], values: new Float32Array(x.values.length) };
        x.values.forEach((value, i) => {
          const [n, row, channel] = [Math.floor(i / 40), Math.floor((i % 40) / 2), i % 2];
          turned.values[(n * 2 + channel) * 20 + row] = value;
        });
        const state = await model.read();
        const cotangent = picture(2, 4, 5, 3);
        const plain = await model.gradients('L', { x }, cotangent);
        await model.write(state);
        const official = await model.forward('L', { x: turned }, { layout: 'NCHW', training: true });
        expect(official.outputs['output']!.shape).toEqual([2, 3, 4, 5]);
        const found = official.outputs['output']!.values;
        plain.outputs['output']!.values.forEach((value, i) => {
          const [n, pixel, channel] = [Math.floor(i / 60), Math.floor((i % 60) / 3), i % 3];
          expect(found[(n * 3 + channel) * 20 + pixel]).toBe(value);
        });
      }));

    it('differentiates the sum of output times cotangent', () =>
      withModel(
        'network L(x: Image) { return [x * parameter([2], init: ones()) as scale, 3 * x] }',
        async (model) => {
          const x = picture(2, 4, 5, 2);
          const ones = new Float32Array(80).fill(1);
          const both = (await model.gradients('L', { x }, { 'output/0': ones, 'cotangent/1': ones }))
            .gradients;
          expect(both['x']!.values).toEqual(new Float32Array(80).fill(4));
          const one = (await model.gradients('L', { x }, { 'output/0': ones })).gradients;
          expect(one['x']!.values).toEqual(ones);
          const sums = [0, 1].map((c) =>
            x.values.reduce((sum, value, i) => sum + (i % 2 === c ? value : 0), 0),
          );
          expect(one['L.scale']!.values[0]).toBeCloseTo(sums[0]!, 5);
          expect(one['L.scale']!.values[1]).toBeCloseTo(sums[1]!, 5);
          expect((await errorOf(() => model.gradients('L', { x }, ones))).code).toBe('several-outputs');
        },
        { inputs: layerInputs },
      ));

    it('has one state, however many programs change it in turn', () =>
      withModel(
        'use norms { batch }\nnetwork L(x: Image) { return x |> batch as n }',
        async (model) => {
          let mean = 0;
          // More batch sizes than cached sessions.
          for (const batch of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2]) {
            const x = { shape: [batch, 2, 2, 2], values: new Float32Array(batch * 8).fill(batch) };
            const { changed } = await model.forward('L', { x }, { training: true });
            expect(changed).toEqual(['L.n.running_mean', 'L.n.running_var']);
            mean = 0.9 * mean + 0.1 * batch;
            if (batch % 3 === 0)
              expect((await model.read(['L.n.running_mean']))['L.n.running_mean']!.values[0]).toBeCloseTo(
                mean,
                5,
              );
          }
          expect((await model.read(['L.n.running_mean']))['L.n.running_mean']!.values[0]).toBeCloseTo(
            mean,
            5,
          );
          await model.write({
            'L.n.running_mean': [1, 2],
            'L.n.running_var': { shape: [2], values: [1, 1] },
          });
          const { outputs } = await model.forward('L', { x: [1, 2, 1, 2, 1, 2, 1, 2] });
          expect(largest(outputs['output']!.values)).toBe(0);
        },
        { inputs: { x: { kind: 'tensor', shape: [2, 2, 2] } } },
      ));

    it('reads and writes official names and layouts', () =>
      withLayer(async (model) => {
        const official = { network: 'L', mapping: [{ ours: 'c.{p}', official: 'conv.{p}' }], prefix: 'net.' };
        const stored = await model.readOfficial(official);
        expect(Object.entries(stored).map(([name, { shape }]) => [name, shape.join('x')])).toEqual([
          ['net.conv.weight_orig', '3x2x3x3'],
          ['net.conv.weight_u', '3'],
          ['net.conv.weight_v', '18'],
          ['net.conv.bias', '3'],
          ['net.n.running_mean', '3'],
          ['net.n.running_var', '3'],
        ]);
        const weight = picture(3, 2, 3, 3);
        const report = await model.writeOfficial(
          { 'net.conv.weight_orig': weight, 'other.x': weight },
          official,
        );
        expect(report.written).toEqual(['L.c.weight']);
        expect(report.missing).toHaveLength(5);
        expect(report.unused).toEqual([]);
        const ours = (await model.read(['L.c.weight']))['L.c.weight']!.values;
        const [o, i, row, column] = [2, 1, 0, 2];
        expect(ours[((row * 3 + column) * 2 + i) * 3 + o]).toBe(
          weight.values[((o * 2 + i) * 3 + row) * 3 + column],
        );
        expect((await model.readOfficial(official))['net.conv.weight_orig']).toEqual(weight);
        const inside = { network: 'L', within: 'c' };
        expect(Object.keys(await model.readOfficial(inside))).toEqual([
          'weight_orig',
          'weight_u',
          'weight_v',
          'bias',
        ]);
        const gradients = (await model.gradients('L', { x: picture(1, 4, 5, 2) }, picture(1, 4, 5, 3)))
          .gradients;
        expect(Object.keys(model.toOfficial(gradients, inside))).toEqual(['weight_orig', 'bias']);
      }));

    it('says what is wrong with a call', () =>
      withLayer(async (model) => {
        const x = picture(2, 4, 5, 2);
        const codes: [string, () => unknown][] = [
          ['unknown-network', () => model.forward('M', { x })],
          ['unknown-method', () => model.inputs('forwards/L')],
          ['not-trainable', () => model.step({ x })],
          ['unknown-input', () => model.forward('L', { x, y: x })],
          ['missing-input', () => model.forward('L', {})],
          ['wrong-length', () => model.forward('L', { x: [1, 2, 3] })],
          ['wrong-shape', () => model.forward('L', { x }, { batch: 1 })],
          ['wrong-length', () => model.forward('L', { x: x.values }, { batch: 1 })],
          ['wrong-length', () => model.forward('L', { x: [] })],
          ['wrong-batch', () => model.forward('L', { x }, { batch: 1.5 })],
          ['wrong-shape', () => model.forward('L', { x }, { layout: 'NCHW' })],
          ['not-numbers', () => model.forward('L', { x: 'no' as unknown as number[] })],
          ['not-numbers', () => model.forward('L', { x: [[1]] as unknown as number[] })],
          ['unknown-variable', () => model.read(['L.c.weigt'])],
          ['unknown-variable', () => model.write({ 'L.d': [1] })],
          ['wrong-length', () => model.write({ 'L.c.bias': [1] })],
          ['wrong-shape', () => model.write({ 'L.c.bias': { shape: [1, 3], values: [1, 2, 3] } })],
          [
            'wrong-shape',
            () => model.writeOfficial({ 'c.bias': { shape: [4], values: [1, 2, 3, 4] } }, { network: 'L' }),
          ],
          [
            'nothing-fits',
            () => model.writeOfficial({ bias: { shape: [3], values: [1, 2, 3] } }, { network: 'L' }),
          ],
          ['unknown-part', () => model.readOfficial({ network: 'L', within: 'd' })],
          ['unknown-network', () => model.readOfficial({ network: 'M' })],
        ];
        for (const [code, call] of codes)
          expect(await errorOf(call), call.toString()).toMatchObject({ code });
        expect((await errorOf(() => model.forward('L', { x }, { layout: 'NCHW' }))).message).toBe(
          "forward: 'x' has another shape\nfound: [2,4,5,2]\nexpected: [2,2,4,5]\nhint: it is NHWC already: leave out layout",
        );
        expect((await errorOf(() => model.read(['L.c.weigt']))).hint).toBe("did you mean 'L.c.weight'?");
        await model.dispose();
        await model.dispose();
        expect((await errorOf(() => model.forward('L', { x }))).code).toBe('disposed');
        expect((await errorOf(() => model.read())).code).toBe('disposed');
      }));
  });

  describe('an experiment', () => {
    it('trains as its losses say, and shares what it learns with every method', () =>
      withModel(tinySpec({ latent: true }), async (model) => {
        expect(model.methods).toEqual([
          ...['forward/G', 'forward/D', 'gradients/G', 'gradients/D', 'loss/G', 'loss/D'],
          ...['step', 'synthesize'],
        ]);
        const feeds = tinyBatch(2);
        const noise = { 'G/G.z': picture(2, 3), 'D/G.z': picture(2, 3) };
        expect(model.inputs('step').filter(({ role }) => role === 'noise')).toEqual(
          Object.keys(noise).map((name) => ({
            name,
            shape: [1, 3],
            dtype: 'f32',
            role: 'noise',
            required: false,
          })),
        );
        const start = await model.read();
        const loss = await model.loss('G', feeds, { noise: { 'G/G.z': picture(2, 3) }, gradients: true });
        await model.write(start);
        const step = await model.step(feeds, { noise, exposeGradients: true, exposePictures: true });
        expect(step.outputs['G/total']!.values[0]).toBeCloseTo(loss.outputs['total']!.values[0]!, 5);
        expect(step.outputs['G/fake']!.shape).toEqual([2, 32, 32, 3]);
        for (const name of Object.keys(step.gradients).filter((one) => one.startsWith('G.')))
          expect(distance(step.gradients[name], loss.gradients[name]), name).toBeLessThan(1e-5);
        expect(model.steps).toBe(1);
        expect(
          distance(
            (await model.read(['G.conv_img.weight']))['G.conv_img.weight'],
            start['G.conv_img.weight'],
          ),
        ).toBeCloseTo(1e-3, 5);

        // Synthesis uses the trained weights, and a rate of zero changes nothing.
        const z = picture(2, 3);
        const painted = (await model.synthesize({ labels: feeds.labels, z })).outputs['picture'];
        const made = (await model.forward('G', { seg: feeds.labels, z })).outputs['output'];
        expect(distance(painted, made)).toBeLessThan(1e-6);
        const weights = await model.read(['D.discriminator_0.model_0.weight']);
        await model.step(feeds, { rates: { G: 0, D: 0 } });
        expect(await model.read(Object.keys(weights))).toEqual(weights);
        expect((await errorOf(() => model.step(feeds, { rates: { E: 0 } }))).code).toBe('unknown-optimizer');
        expect(model.steps).toBe(2);
      }));

    it('takes calls in their order, whether they are awaited or not, and none after their signal', () =>
      withModel(tinySpec(), async (model) => {
        const feeds = tinyBatch(2);
        const name = 'G.conv_img.weight';
        const controller = new AbortController();
        const { signal } = controller;
        const [first, between, second, after] = await Promise.all([
          model.step(feeds),
          model.read([name]),
          model.step(feeds),
          model.read([name]),
        ]);
        expect(model.steps).toBe(2);
        expect(distance(between[name], after[name])).toBeGreaterThan(0);
        expect(distance(first.outputs['G/total'], second.outputs['G/total'])).toBeGreaterThan(0);
        const begun = model.step(feeds, { signal });
        const waiting = model.step(feeds, { signal });
        await Promise.resolve().then(() => controller.abort(new Error('enough')));
        await expect(waiting).rejects.toThrow('enough');
        await begun;
        expect(model.steps).toBe(3);
        // Earlier calls finish before the model is disposed of.
        const last = model.step(feeds);
        await model.dispose();
        await last;
        expect(model.steps).toBe(4);
      }));

    it('draws noise that is not fed from the seed', () =>
      withModel(tinySpec({ latent: true }), async (model) => {
        const { labels } = tinyBatch(1);
        const paint = async (seed: number) =>
          (await model.synthesize({ labels }, { seed })).outputs['picture'];
        expect(distance(await paint(1), await paint(1))).toBe(0);
        expect(distance(await paint(1), await paint(2))).toBeGreaterThan(0);
      }));

    it('refuses feeds that cannot be meant', () =>
      withModel(tinySpec(), async (model) => {
        const { labels, real } = tinyBatch(2);
        const wrong = labels.values.slice(0, 1024);
        wrong[5] = 3;
        expect(await errorOf(() => model.synthesize({ labels: wrong }))).toMatchObject({
          code: 'unknown-class',
          what: "'labels' holds an id that is no class",
          problems: [{ notes: ['found: 3 at entry 5', 'expected: 0 to 2'] }],
        });
        expect(
          (await errorOf(() => model.synthesize({ labels: new Float32Array(1024).fill(0.5) }))).code,
        ).toBe('not-whole');
        expect(
          (await errorOf(() => model.step({ labels: labels.values.subarray(0, 1024), real }))).code,
        ).toBe('unlike-batches');
        expect((await errorOf(() => model.synthesize({ label: labels }))).hint).toBe(
          "did you mean 'labels'?",
        );
        expect((await errorOf(() => model.step({ labels, real, random_state: [1, 2] }))).code).toBe(
          'unknown-input',
        );
      }));

    it('takes a batch in parts to the same end', async () => {
      const feeds = tinyBatch(4);
      const after: Tensor[] = [];
      for (const settings of ['steps: 1', 'steps: 1, accumulate: 2']) {
        // Without batch statistics and power iterations, the parts of a batch are independent.
        const text = tinySpec({ train: settings, rate: '1e-2' })
          .replace('use norms { spade }', 'use norms { spade, layer }')
          .replace('norm: spade(hidden: 4)', 'norm: spade(hidden: 4, base: layer), weight: plain')
          .replace('scales: 1', 'scales: 1, weight: plain')
          .replace('batch: 2', 'batch: 4');
        await withModel(text, async (model) => {
          const before = (await model.read(['G.conv_img.weight']))['G.conv_img.weight'];
          const { outputs } = await model.step(feeds, { exposePictures: true });
          expect(outputs['G/fake']!.shape).toEqual([4, 32, 32, 3]);
          const now = (await model.read(['G.conv_img.weight']))['G.conv_img.weight']!;
          expect(distance(now, before)).toBeGreaterThan(1e-3);
          after.push(now, outputs['G/total']!);
        });
      }
      expect(distance(after[0], after[2])).toBeLessThan(1e-4);
      expect(distance(after[1], after[3])).toBeLessThan(1e-4 * largest(after[1]!.values));
    });

    it('makes edges of instances, whatever their numbers', () =>
      withModel(
        tinySpec({ test: false }).replace('labels: "labels"', 'labels: "labels", instances: "instances"'),
        async (model) => {
          expect(model.inputs('forward/D').map(({ name, role }) => [name, role])).toContainEqual([
            'seg.edges',
            'edges',
          ]);
          const { labels } = tinyBatch(1);
          const instances = labels.values.map((id, i) => 26000 + id + (i % 32 < 20 ? 0 : 7));
          const edges = new Float32Array(instances.length);
          instances.forEach((id, i) => {
            const others = [i % 32 > 0 ? i - 1 : i, i % 32 < 31 ? i + 1 : i, i - 32, i + 32];
            if (others.some((j) => instances[j] !== undefined && instances[j] !== id)) edges[i] = 1;
          });
          const fromEdges = (await model.synthesize({ labels, 'labels.edges': edges })).outputs['picture'];
          const fromIds = (await model.synthesize({ labels, 'labels.instances': instances })).outputs[
            'picture'
          ];
          expect(distance(fromIds, fromEdges)).toBe(0);
        },
      ));

    it('encodes photographs, and paints with a code', () =>
      withModel(
        tinySpec()
          .replace('experiment tiny', 'use encoders { StyleEncoder }\nexperiment tiny')
          .replace('let G', 'let E = StyleEncoder(width: 2, style: 3, size: 32x32, layers: 4)\n  let G')
          .replace('hidden: 4)', 'hidden: 4), z: encoded(E)')
          .replace('loss G =', 'loss G, E =')
          .replace('optimize G with', 'optimize G, E with'),
        async (model) => {
          const { labels, real } = tinyBatch(2);
          const { mean, log_variance: variance } = (await model.encode({ real })).outputs;
          expect([mean?.shape, variance?.shape]).toEqual([
            [2, 3],
            [2, 3],
          ]);
          expect(distance(mean, (await model.forward('E', { image: real })).outputs['output/0'])).toBe(0);
          const painted = (await model.synthesize({ labels, z: mean! })).outputs['picture'];
          const sampled = (await model.synthesize({ labels })).outputs['picture'];
          expect(distance(painted, sampled)).toBeGreaterThan(0);
        },
      ));

    it('lets averages follow what is written', () =>
      withModel(tinySpec().replaceAll('beta2: 0.9)', 'beta2: 0.9, average: 0.5)'), async (model) => {
        const feeds = tinyBatch(2);
        const { labels } = feeds;
        await model.step(feeds);
        expect(model.variables.some(({ role }) => role === 'average')).toBe(true);
        const before = (await model.synthesize({ labels })).outputs['picture'];
        const learned = (await model.forward('G', { seg: labels })).outputs['output'];
        expect(distance(before, learned)).toBeGreaterThan(0);
        await model.write(await model.read());
        expect(distance((await model.synthesize({ labels })).outputs['picture'], learned)).toBeLessThan(1e-6);
      }));
  });

  it('splits official semantics into ids and edges', async () => {
    const values = Float32Array.of(...[1, 0, 0, 0], ...[0, 1, 1, 1], ...[0, 0, 1, 1]); // [1,3,2,2]
    const { labels, edges } = splitSemantics(
      { shape: [1, 3, 2, 2], values },
      { layout: 'NCHW', edges: true },
    );
    expect([...labels.values]).toEqual([0, 1, 1, 1]);
    expect(edges).toEqual({ shape: [1, 1, 2, 2], values: Float32Array.of(0, 0, 1, 1) });
    expect((await errorOf(() => splitSemantics({ shape: [4, 3], values }))).code).toBe('wrong-semantics');
    expect(
      (await errorOf(() => splitSemantics({ shape: [1, 2, 2, 3], values: values.map(() => 0) }))).code,
    ).toBe('wrong-semantics');
  });
}
