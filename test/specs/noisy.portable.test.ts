/** Tests `noisy`, which has no official code: it equals its base plus noise, which this file adds in float64. */
import { afterAll, describe, expect, it } from 'vitest';
import { openText, type InputDeclaration, type Model } from '../../runtime/index.ts';

const [side, classes, channels, pictures] = [8, 3, 4, 2];
const pixels = pictures * side * side;
const wave = (count: number, step: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(step * i + 1));
const x = wave(pixels * channels, 0.7);
const ids = Int32Array.from({ length: pixels }, (_, i) => Math.floor(i / 5) % classes);
const strength = Float32Array.of(0.5, -1, 0, 2);

const inputs: Readonly<Record<string, InputDeclaration>> = {
  x: { kind: 'tensor', shape: [side, side, channels] },
  seg: { kind: 'labels', width: side, height: side, classes, edges: false },
};
const opened: Model[] = [];
afterAll(() => Promise.all(opened.map((model) => model.dispose())));

async function open(norm: string): Promise<Model> {
  const model = await openText(
    `use norms { noisy, spade, instance, identity }
network L(x: Image, seg: LabelMap, norm: Norm = ${norm}) { return x |> norm(seg) as layer }`,
    { engine: 'portable', network: 'L', inputs },
  );
  opened.push(model);
  return model;
}

/** The output of a model for x; its noise may be fed. */
const run = async (model: Model, noise: Readonly<Record<string, Float32Array>> = {}): Promise<Float32Array> =>
  Float32Array.from(
    (await model.forward('L', { x, seg: ids, ...noise }, { batch: pictures })).outputs['output']!.values,
  );

describe('noisy', () => {
  it('is its base and noise times the strength of each channel', async () => {
    const norm = 'spade(base: instance, hidden: 5)';
    const [ours, base] = [await open(`noisy(base: ${norm})`), await open(norm)];
    const kept = Object.entries(await base.read()).map(
      ([name, { values }], index) => [name, wave(values.length, 0.3 + 0.05 * index)] as const,
    );
    await base.write(Object.fromEntries(kept));
    const inside = kept.map(([name, values]) => [name.replace('layer.', 'layer.base.'), values] as const);
    await ours.write({ ...Object.fromEntries(inside), 'L.layer.strength': strength });
    const noise = wave(pixels, 1.3);
    const found = await run(ours, { 'L.layer.noise': noise });
    const wanted = (await run(base)).map(
      (value, i) => value + noise[Math.floor(i / channels)]! * strength[i % channels]!,
    );
    expect(Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-5);
  });

  it('starts as its base, or with factors of the deviation that it is told', async () => {
    expect(await run(await open('noisy(base: identity)'))).toEqual(x);
    const factors = async (std: number): Promise<Float32Array> => {
      const drawn = (await (await open(`noisy(base: identity, std: ${std})`)).read())['L.layer.strength']!;
      return Float32Array.from(drawn.values, (value) => value / std);
    };
    const some = await factors(0.25);
    const same = await factors(2);
    expect(new Set(some).size).toBe(channels);
    expect(some).toEqual(same);
  });

  it('draws one standard normal number per pixel and picture, the same for all channels', async () => {
    const model = await open('noisy(base: identity)');
    await model.write({ 'L.layer.strength': strength });
    const noise = (await run(model)).map((value, i) => (value - x[i]!) / strength[i % channels]!);
    const drawn = Array.from({ length: pixels }, (_, i) => noise[i * channels]!);
    for (const [i, value] of drawn.entries())
      for (const channel of [1, 3]) expect(noise[i * channels + channel]).toBeCloseTo(value, 4);
    expect(new Set(drawn.map((value) => value.toFixed(4))).size).toBeGreaterThan(pixels * 0.95);
    const mean = drawn.reduce((sum, value) => sum + value, 0) / pixels;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels;
    // Four standard errors of 128 standard normal numbers.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(pixels));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / pixels));
  });
});
