/** Tests trainings with encoders, loaded networks, averages, clipping and batches in parts, on any engine. */
import { cpSync, existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf, readRunFolder } from '../../runtime/run/folder.ts';
import { resume } from '../../runtime/train/train.ts';
import { synth } from '../../runtime/synthesize/synthesize.ts';
import { batchNotInParts, noStyleTaken, styleNeeded, stylesMissing } from '../../runtime/run/messages.ts';
import { readSafetensors } from '../../runtime/weights/safetensors.ts';
import { openWeights } from '../../runtime/weights/file.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';
import { specOf, styleSpec, weightsFile, writeWeights } from './style-experiment.ts';
import { makeTinyExperiment, removeFolder, tinySpec, trainText } from './tiny-experiment.ts';

/** Tests training and synthesis on an engine. */
export function testStyleTrainingOn(engine: 'native' | 'portable'): void {
  let folder: string;
  let spec: string;
  const at = (...path: string[]): string => join(folder, ...path);
  const run = (out: string, text: string, options: Partial<Parameters<typeof trainText>[2]> = {}) =>
    trainText(text, spec, { engine, out: at(out), ...options });
  const variablesOf = async (out: string, step: number): Promise<ReadonlyMap<string, Float32Array>> => {
    const file = join(layoutOf(at(out)).checkpoints, stepName(step), 'variables.safetensors');
    const { tensors } = await readSafetensors(file);
    return new Map([...tensors].map(([name, { values }]) => [name, values]));
  };
  const metricsOf = (out: string): MetricRecord[] =>
    readFileSync(layoutOf(at(out)).metrics, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as MetricRecord);
  const paintWith = (from: string, out: string, options: Partial<Parameters<typeof synth>[0]> = {}) =>
    synth({
      run: at(from),
      labels: at('data', 'test-labels'),
      instances: at('data', 'test-instances'),
      out: at(out),
      engine,
      command: 'spadework synth',
      ...options,
    });
  const pixelsOf = (file: string): Promise<Buffer> => sharp(file).raw().toBuffer();

  beforeAll(async () => {
    ({ folder, spec } = await makeTinyExperiment());
    // Each area of a class is an instance.
    cpSync(at('data', 'labels'), at('data', 'instances'), { recursive: true });
    cpSync(at('data', 'test-labels'), at('data', 'test-instances'), { recursive: true });
    await writeWeights(folder, specOf(styleSpec()));
    await run('styled', styleSpec());
  });
  afterAll(() => removeFolder(folder));

  describe('a run with an encoder, a loaded network and accumulation', () => {
    it('saves averages and slots, but neither sums nor what is frozen', async () => {
      const names = [...(await variablesOf('styled', 6)).keys()];
      const ends = (end: string): number => names.filter((name) => name.endsWith(end)).length;
      const weights = (network: string): number =>
        names.filter((name) => name.startsWith(`${network}.`) && !name.includes('/') && !/\.[uv]$/.test(name))
          .length;
      expect(ends('/average')).toBe(ends('/square'));
      expect(ends('/average')).toBeGreaterThan(0);
      expect(ends('/momentum')).toBe(weights('D'));
      expect(ends('/sum')).toBe(0);
      expect(names.filter((name) => name.startsWith('V.'))).toEqual([]);
    });

    it('keeps frozen weights once, in a file that can be loaded again', async () => {
      const layout = layoutOf(at('styled'));
      expect(readdirSync(layout.weights)).toEqual(['SHA256SUMS', 'V.safetensors']);
      const [kept, given] = await Promise.all(
        [join(layout.weights, 'V.safetensors'), at(weightsFile)].map((path) => openWeights(path)),
      );
      expect([...kept!.tensors.keys()]).toEqual([...given!.tensors.keys()]);
      for (const name of given!.tensors.keys()) expect(kept!.read(name)).toEqual(given!.read(name));
      expect(readRunFolder(at('styled')).record.frozen).toEqual(['V']);
      expect(readFileSync(layout.page, 'utf8')).toContain('(frozen)');
    });

    it('records means over parts, rates with their warm-up, and no leak', () => {
      const records = metricsOf('styled');
      expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
      for (const { losses } of records) {
        expect(Object.keys(losses)).toEqual(['G', 'D']);
        for (const value of Object.values(losses).flatMap((terms) => Object.values(terms)))
          expect(value).toSatisfy(Number.isFinite);
      }
      const rates = records.map(({ rate }) => rate!['E']!);
      [1e-3 / 3, 2e-3 / 3, 1e-3, 1e-3, 1e-3, 1e-3].forEach((rate, i) =>
        expect(rates[i]).toBeCloseTo(rate, 12),
      );
      const { memory } = readRunFolder(at('styled')).record;
      expect(memory?.end.tensors).toBe(memory?.early.tensors);
    });

    it('goes on to the same bits when the file of weights is gone', async () => {
      const stop = new AbortController();
      const observer = { stepped: ({ step }: MetricRecord) => step === 3 && stop.abort() };
      await run('halted', styleSpec(), { signal: stop.signal, observer });
      renameSync(at('pretrained'), at('elsewhere'));
      try {
        await resume({ folder: at('halted'), engine });
      } finally {
        renameSync(at('elsewhere'), at('pretrained'));
      }
      expect(await variablesOf('halted', 6)).toEqual(await variablesOf('styled', 6));
      expect(metricsOf('halted').map(({ losses }) => losses)).toEqual(
        metricsOf('styled').map(({ losses }) => losses),
      );
    });

    it('starts a network that has a loss from the weights that it loads', async () => {
      const drawn = await writeWeights(folder, specOf(styleSpec()), 'E', 'pretrained/encoder.safetensors');
      const loads = `load V from "${weightsFile}"\n  load E from "pretrained/encoder.safetensors"`;
      await run('tuned', styleSpec({ loads }), { steps: 1 });
      const { spec: kept, record } = readRunFolder(at('tuned'));
      expect(record.frozen).toEqual(['V']);
      const after = await variablesOf('tuned', 1);
      const network = kept.networks.find(({ name }) => name === 'E')!;
      const parameters = network.variables.filter(
        ({ role, name }) => role === 'parameter' && name.endsWith('weight'),
      );
      expect(parameters.length).toBeGreaterThan(0);
      for (const { name } of parameters) {
        // The first step of RMSprop moves by at most rate / sqrt(1 - decay): a third of 1e-3, times ten.
        const [before, now] = [drawn.get(name)!, after.get(`E.${name}`)!];
        const average = after.get(`E.${name}/average`)!;
        now.forEach((value, i) => {
          expect(Math.abs(value - before[i]!)).toBeLessThan(4e-3);
          expect(average[i]).toBeCloseTo(0.9 * before[i]! + 0.1 * value, 6);
        });
      }
    });

    it('takes a batch in parts to the weights of the whole batch', async () => {
      const plain = `use losses { gan_generator, gan_fake, gan_real }
network Painter(seg: LabelMap) -> Image { return concat(seg) |> conv(4) |> leaky_relu(0.2) |> conv(3) |> tanh }
network Critic(seg: LabelMap, image: Image) { return concat(seg, image) |> conv(4, stride: 2) |> leaky_relu(0.2) |> conv(1) }
experiment parts {
  data made_up { path: "data", images: "photos", labels: "labels", classes: 3, size: 32x32, batch: 4 }
  let G = Painter()
  let D = Critic()
  loss G = gan_generator(D)
  loss D = gan_fake(D) + gan_real(D)
  train { steps: 5, ACCUMULATE optimize G with sgd(rate: 1e-2, momentum: 0.9) optimize D with sgd(rate: 1e-2) }
}
`;
      await run('whole', plain.replace('ACCUMULATE', ''));
      const whole = await variablesOf('whole', 5);
      for (const parts of [2, 4]) {
        await run(`parts-${parts}`, plain.replace('ACCUMULATE', `accumulate: ${parts}`));
        for (const [name, values] of await variablesOf(`parts-${parts}`, 5))
          values.forEach((value, i) =>
            expect(Math.abs(value - whole.get(name)![i]!), name).toBeLessThan(2e-6),
          );
        metricsOf(`parts-${parts}`).forEach(({ losses }, step) => {
          const expected = metricsOf('whole')[step]!.losses;
          for (const [network, terms] of Object.entries(losses))
            for (const [term, value] of Object.entries(terms))
              expect(value).toBeCloseTo(expected[network]![term]!, 4);
        });
      }
      await expect(run('uneven', plain.replace('ACCUMULATE', 'accumulate: 2'), { batch: 3 })).rejects.toThrow(
        batchNotInParts(3, 2).message,
      );
    });
  });

  describe('weights that do not fit', () => {
    it.each([
      ['a missing file', 'load V from "pretrained/none.pth"', /there is no file '.*none\.pth'/],
      [
        'another network’s file',
        'load V from "pretrained/other.safetensors"',
        /^the weights do not fit network 'V'[^]*Missing in the file/,
      ],
    ])('%s ends a training before anything starts', async (_what, loads, message) => {
      await writeWeights(folder, specOf(styleSpec()), 'D', 'pretrained/other.safetensors');
      await expect(run('refused', styleSpec({ loads }))).rejects.toThrow(message);
      expect(existsSync(at('refused'))).toBe(false);
    });

    it('are told by shape, too', async () => {
      const wider = specOf(styleSpec().replace('conv(4, stride: 2) |> relu', 'conv(5, stride: 2) |> relu'));
      await writeWeights(folder, wider, 'V', 'pretrained/wider.safetensors');
      const refused = run('refused', styleSpec({ loads: 'load V from "pretrained/wider.safetensors"' }));
      await expect(refused).rejects.toThrow(/Of another shape[^]*5x3x3x3[^]*4x3x3x3/);
    });
  });

  describe('painting with a style', () => {
    it('draws a style for each map where none is given, as the samples do', async () => {
      const { pictures } = await paintWith('styled', 'drawn');
      for (const [index, picture] of pictures.entries()) {
        const sample = join(layoutOf(at('styled')).samples, 'step-000006', `painted-${index}.png`);
        const [a, b] = await Promise.all([pixelsOf(picture), pixelsOf(sample)]);
        a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(1));
      }
    });

    it('takes the style of a photo, which one for each map may be', async () => {
      const style = at('data', 'test-photos');
      const one = await paintWith('styled', 'one-style', { style: join(style, 'test1.png') });
      const each = await paintWith('styled', 'own-style', { style });
      const drawn = await paintWith('styled', 'drawn-again');
      const [a, b] = await Promise.all([one, each].map(({ pictures }) => pixelsOf(pictures[1]!)));
      expect(b!.equals(a!)).toBe(true);
      // After so few steps most pixels are black or white whatever the style, so all pictures are compared.
      const isOther = await Promise.all(
        one.pictures.map(async (picture, index) => {
          const [styled, other] = await Promise.all([picture, drawn.pictures[index]!].map(pixelsOf));
          return !styled!.equals(other!);
        }),
      );
      expect(isOther).toContain(true);
    });

    it('needs a photo for every map, and a generator that takes one', async () => {
      const style = at('data', 'photos');
      const missing = stylesMissing(style, ['test0', 'test1'], 2).message;
      await expect(paintWith('styled', 'nothing', { style })).rejects.toThrow(missing);
      await run('plain', tinySpec(), { steps: 1 });
      await expect(paintWith('plain', 'nothing', { style })).rejects.toThrow(noStyleTaken('tiny').message);
      expect(existsSync(at('nothing'))).toBe(false);
    });
  });

  describe('codes that are maps of features', () => {
    it('come from the photos of the maps, or from a given one', async () => {
      await run('regions', styleSpec({ features: true }), { steps: 2 });
      await expect(paintWith('regions', 'nothing')).rejects.toThrow(styleNeeded('styled').message);
      const images = at('data', 'test-photos');
      const { pictures } = await paintWith('regions', 'guided', { images });
      for (const [index, picture] of pictures.entries()) {
        const sample = join(layoutOf(at('regions')).samples, 'step-000002', `painted-${index}.png`);
        const [a, b] = await Promise.all([pixelsOf(picture), pixelsOf(sample)]);
        a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(1));
      }
      const own = await paintWith('regions', 'own', { style: images });
      expect(await pixelsOf(own.pictures[1]!)).toEqual(await pixelsOf(pictures[1]!));
      const dark = at('dark.png');
      await sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } }).toFile(dark);
      const other = await paintWith('regions', 'dark', { style: dark });
      expect((await pixelsOf(other.pictures[0]!)).equals(await pixelsOf(pictures[0]!))).toBe(false);
    });
  });
}
