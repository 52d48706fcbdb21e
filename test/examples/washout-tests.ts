/** Tests the washout example on an engine: which norms lose a label, exactly, and why the others do not. */
import { describe, expect, it } from 'vitest';
import {
  groups,
  measureWashout,
  openWashout,
  paint,
  uniformMaps,
  uniformSize,
  verdictOf,
  type Washout,
  type WashoutOptions,
} from '../../examples/washout/measure.ts';
import type { Model } from '../../runtime/index.ts';
import { distance } from '../support/samples.ts';

type EngineKind = Model['engine'];

const classes = 5;
const { width, height } = uniformSize;
const map = {
  width: 12,
  height: 8,
  ids: Uint16Array.from({ length: 96 }, (_, i) => (i % 12 < 5 ? 0 : i < 48 ? 3 : 1)),
};

/** The largest difference of a norm that sees one map at a time and nothing else of it. */
const exact = 0;
/** With normalized weights, features have many bits, and the root of epsilon divides their rounding errors. */
const rounding = 5e-3;
const lost: ReadonlyMap<string, number> = new Map([
  ...['Batch', 'SyncBatch', 'Instance', 'InstanceAffine', 'GroupsOfOne'].map(
    (name) => [name, exact] as const,
  ),
  ...['WeightNormInstance', 'SpectralInstance', 'StandardizedInstance'].map(
    (name) => [name, rounding] as const,
  ),
]);
/** These lose a label only if each map is normalized by itself. */
const batchwise = ['Batch', 'SyncBatch'];

/** Tests the washout on an engine. */
export function testWashoutOn(engine: EngineKind): void {
  const options: WashoutOptions = { classes, engine, seed: 2 };

  describe.each(groups)('$title', ({ networks }) => {
    it.each(networks)('%s', async (network) => {
      const washout = await measureWashout(network, map, options);
      const bound = lost.get(network);
      if (bound === undefined) expect(washout.alone.least).toBeGreaterThan(0.05);
      else expect(washout.alone.most).toBeLessThanOrEqual(bound);
      const kept = bound === undefined || batchwise.includes(network);
      for (const separation of [washout.together, washout.inUse])
        expect(verdictOf(separation)).toBe(kept ? 'kept' : 'lost');
      expectRegions(washout);
    });
  });

  /** Applies a network to the map of each label, each as its own training batch; `values` replaces variables. */
  async function paintEach(
    network: string,
    values: (model: Model) => Readonly<Record<string, Float32Array>> = () => ({}),
  ): Promise<{ readonly pictures: Float32Array[]; readonly model: Record<string, Float32Array> }> {
    const model = await openWashout(network, uniformSize, options);
    await model.write(values(model));
    const start = await model.read();
    const pictures: Float32Array[] = [];
    for (const labels of uniformMaps(classes)) {
      await model.write(start);
      pictures.push(...(await paint(model, network, [labels], uniformSize, true)));
    }
    await model.dispose();
    const own = Object.entries(start).map(([name, { values }]) => [
      name.slice(`${network}.paint.`.length),
      values,
    ]);
    return { pictures, model: Object.fromEntries(own) as Record<string, Float32Array> };
  }

  it('instance norm leaves the color of the last bias, whatever the label', async () => {
    for (const network of ['Instance', 'Batch', 'GroupsOfOne']) {
      const { pictures, model } = await paintEach(network);
      const color = model['colors.bias']!.map(Math.tanh);
      const expected = Float32Array.from({ length: 3 * width * height }, (_, i) => color[i % 3]!);
      for (const picture of pictures) expect(distance(picture, expected), network).toBeLessThan(1e-5);
    }
  });

  it('SPADE over a base that loses the label paints its beta', async () => {
    for (const network of ['Spade', 'SpadeSyncBatch', 'SpadeInstance']) {
      const { pictures, model } = await paintEach(network);
      pictures.forEach((picture, label) => {
        // Far from the border, the map is uniform for both of SPADE's convolutions.
        const center = 3 * (width * (height / 2) + width / 2);
        const color = colorsOf(betaOf(label, model), model);
        expect(distance(picture.slice(center, center + 3), color), network).toBeLessThan(1e-5);
      });
    }
  });

  it('layer norm loses the offset and scale that the channels have in common, and nothing else', async () => {
    // For a one-hot map, label k gives the sum of its weights over the taps: here, the weight of one tap.
    const channels = 32;
    const pattern = Float32Array.from({ length: channels }, (_, c) => 8 * Math.cos(c * c));
    const rows = [
      pattern,
      pattern.map((value) => 2 * value + 3),
      pattern.map((value, c) => (c < channels / 2 ? value : 2 * value + 3)),
      Float32Array.from(pattern).reverse(),
      pattern.map((value) => -value),
    ];
    const features = new Float32Array(9 * classes * channels);
    rows.forEach((row, label) => features.set(row, (4 * classes + label) * channels));
    const pictures = async (network: string): Promise<Float32Array[]> => {
      const values = {
        [`${network}.paint.features.weight`]: features,
        [`${network}.paint.features.bias`]: new Float32Array(channels),
      };
      return (await paintEach(network, () => values)).pictures;
    };
    const [layer, group, none] = [await pictures('Layer'), await pictures('Group'), await pictures('None')];
    expect(distance(layer[1]!, layer[0]!)).toBeLessThan(1e-4);
    for (const other of [2, 3, 4]) expect(distance(layer[other]!, layer[0]!)).toBeGreaterThan(0.05);
    // In groups, a label can have an offset and scale per group: two halves of the channels are whole groups.
    for (const other of [1, 2]) expect(distance(group[other]!, group[0]!)).toBeLessThan(1e-4);
    for (const other of [3, 4]) expect(distance(group[other]!, group[0]!)).toBeGreaterThan(0.05);
    for (const other of [1, 2, 3, 4]) expect(distance(none[other]!, none[0]!)).toBeGreaterThan(0.05);
  });
}

/** On a map with several regions, every norm preserves the labels. */
function expectRegions({ real, network }: Washout): void {
  const pixel = (x: number, y: number): Float32Array => real.slice(3 * (12 * y + x), 3 * (12 * y + x) + 3);
  const [first, second, third] = [pixel(2, 4), pixel(8, 2), pixel(8, 6)];
  expect(distance(first, second), network).toBeGreaterThan(0.01);
  expect(distance(second, third), network).toBeGreaterThan(0.01);
}

/** Computes SPADE's beta inside a map of one label, in float64: [C]. */
function betaOf(label: number, model: Record<string, Float32Array>): number[] {
  const classesOnly = Array.from({ length: classes }, (_, id) => (id === label ? 1 : 0));
  const hidden = convolveUniform(classesOnly, model, 'norm.mlp_shared').map((value) => Math.max(value, 0));
  return convolveUniform(hidden, model, 'norm.mlp_beta');
}

/** Computes the layers after the norm: leaky relu, the mixture of channels, tanh. */
function colorsOf(x: readonly number[], model: Record<string, Float32Array>): number[] {
  const active = x.map((value) => Math.max(value, 0.2 * value));
  return convolveUniform(active, model, 'colors').map(Math.tanh);
}

/** Applies a convolution to a picture whose pixels are all `x`: [I] -> [O]. */
function convolveUniform(x: readonly number[], model: Record<string, Float32Array>, name: string): number[] {
  const weight = model[`${name}.weight`]!;
  const sums = Array.from(model[`${name}.bias`]!);
  weight.forEach((value, at) => {
    const out = at % sums.length;
    const input = Math.floor(at / sums.length) % x.length;
    sums[out] = sums[out]! + value * x[input]!;
  });
  return sums;
}
