/** Tests whole evaluations with tiny networks: every metric is recomputed from the written pictures. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { featureSet } from '../../compiler/metrics/features.ts';
import { fid } from '../../compiler/metrics/fid.ts';
import { perceptualDistance } from '../../compiler/metrics/perceptual-distance.ts';
import type { EightBitPicture } from '../../compiler/metrics/pictures.ts';
import { psnr } from '../../compiler/metrics/psnr.ts';
import { ssim } from '../../compiler/metrics/ssim.ts';
import { evaluate } from '../../runtime/evaluate/evaluate.ts';
import type { EvalRecord } from '../../runtime/evaluate/record.ts';
import type { EvaluateOptions } from '../../runtime/evaluate/options.ts';
import { openText } from '../../runtime/index.ts';
import { resume } from '../../runtime/train/train.ts';
import { makeEvalExperiment, type EvalExperiment } from '../support/eval-experiment.ts';
import { removeFolder, tinySpec, trainText } from '../support/tiny-experiment.ts';

let experiment: EvalExperiment;
beforeAll(async () => {
  experiment = await makeEvalExperiment();
});
afterAll(() => removeFolder(experiment.folder));

const run = (options: Partial<EvaluateOptions> = {}): Promise<EvalRecord> =>
  evaluate({ run: experiment.run, engine: 'portable', ...options });
/** On the training pairs, which are enough for covariances. */
const onTraining = (): Pick<EvaluateOptions, 'maps' | 'images'> => ({
  maps: experiment.maps,
  images: experiment.images,
});

async function pictureOf(file: string): Promise<EightBitPicture> {
  const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}
const pictures = (record: EvalRecord, folder: string): Promise<EightBitPicture[]> =>
  Promise.all(record.maps.map((name) => pictureOf(join(folder, `${name}.png`))));
const paintedOf = (record: EvalRecord): Promise<EightBitPicture[]> =>
  pictures(record, join(experiment.run, record.pictures));

const metric = (record: EvalRecord, name: string) => {
  const found = record.metrics.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name} among ${record.metrics.map((one) => one.name).join(', ')}`);
  return found;
};

describe('an evaluation', () => {
  it('without networks compares the held-out maps, painted, with their photographs', async () => {
    const record = await run();
    expect(record).toMatchObject({
      step: 4,
      maps: ['test0', 'test1'],
      protocol: { maps: 2, styles: 1, seed: 0 },
    });
    expect(record.metrics.map(({ name }) => name)).toEqual(['PSNR', 'SSIM']);
    const photos = await pictures(record, join(experiment.folder, 'data/test-photos'));
    const painted = await paintedOf(record);
    const noise = painted.map((picture, index) => psnr.compare(picture, photos[index]!));
    expect(metric(record, 'PSNR').perMap).toEqual(noise);
    expect(metric(record, 'PSNR').value).toBeCloseTo((noise[0]! + noise[1]!) / 2, 10);
    const structure = painted.map((picture, index) => ssim.compare(picture, photos[index]!));
    expect(metric(record, 'SSIM').perMap).toEqual(structure);
  });

  it('leaves its record in the run, and is not done twice', async () => {
    const first = await run();
    const file = join(experiment.run, 'eval', `${first.protocolId}.json`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(first);
    const said: string[] = [];
    expect(await run({ log: (line) => said.push(line) })).toEqual(first);
    expect(said.join()).toContain('was evaluated under this protocol before');
    const again = await run({ again: true });
    expect(again.created).not.toBe(first.created);
    expect(again.metrics).toEqual(first.metrics);
    expect((await run({ seed: 1 })).protocolId).not.toBe(first.protocolId);
  });

  it('paints with the checkpoint asked for', async () => {
    const [last, before] = [await run(), await run({ checkpoint: 2 })];
    expect([last.step, before.step, before.protocolId]).toEqual([4, 2, last.protocolId]);
    expect(before.metrics).not.toEqual(last.metrics);
    await expect(run({ checkpoint: 3 })).rejects.toThrow('has no checkpoint of step 3');
    await expect(run({ checkpoint: 'best' })).rejects.toThrow('has no best checkpoint');
  });

  it('scores what a segmenter finds, beside what it finds in the photographs', async () => {
    const record = await run({ segmenter: experiment.segmenter });
    const names = [
      'mIoU (segments)',
      'pixel accuracy (segments)',
      'class accuracy (segments)',
      'boundary F1 (segments)',
    ];
    expect(record.metrics.slice(0, names.length).map(({ name }) => name)).toEqual(names);
    for (const name of names) {
      const { ceiling, value, perMap } = metric(record, name);
      expect(ceiling).toBeGreaterThan(0.9);
      expect(value).toBeLessThan(0.9);
      expect(perMap).toHaveLength(2);
    }
    expect(metric(record, 'mIoU (segments)').perClass).toHaveLength(3);
    const pixels = record.counts?.map((ofMap) => ofMap.reduce((sum, [, inMap]) => sum + inMap, 0));
    expect(pixels).toEqual([32 * 32, 32 * 32]);
    const right = record.counts!.flat().reduce((sum, [, , , count]) => sum + count, 0);
    expect(right / (2 * 32 * 32)).toBeCloseTo(metric(record, 'pixel accuracy (segments)').value, 12);
    const boundary = metric(record, 'boundary F1 (segments)');
    expect(boundary.score).toBeUndefined();
    expect(boundary.value).toBeCloseTo((boundary.perMap![0]! + boundary.perMap![1]!) / 2, 12);
    // Results of photographs now come from the cache.
    expect((await run({ segmenter: experiment.segmenter, again: true })).metrics).toEqual(record.metrics);
    const withoutZero = await run({ segmenter: experiment.segmenter, void: [0] });
    expect(withoutZero.protocol.voidIds).toEqual([0]);
    expect(metric(withoutZero, 'mIoU (segments)').perClass?.[0]).toBeNull();
  });

  it('scales pictures for a segmenter that was trained on smaller ones', async () => {
    const record = await run({ segmenter: experiment.smallSegmenter });
    expect(metric(record, 'pixel accuracy (segments)').ceiling).toBeGreaterThan(0.8);
  });

  it('compares features of paintings and photographs, which the network gives by other means, too', async () => {
    const { judge, judgeText, judgeWeights } = experiment;
    const record = await run({ ...onTraining(), features: judge, perceptual: judge });
    expect(record.metrics.slice(0, 3).map(({ name }) => name)).toEqual([
      'FID (tiny)',
      'KID (tiny)',
      'perceptual distance (tiny)',
    ]);
    const image = { kind: 'tensor', shape: [32, 32, 3] } as const;
    const model = await openText(judgeText, { network: 'Tiny', inputs: { image }, engine: 'portable' });
    await model.write(
      Object.fromEntries(Object.entries(judgeWeights).map(([name, values]) => [`Tiny.${name}`, values])),
    );
    const look = async (picture: EightBitPicture) => {
      const fed = Float32Array.from(picture.data, (value) => value / 127.5 - 1);
      const { outputs } = await model.forward('Tiny', { image: fed });
      return ['output/0', 'output/1'].map((name) => {
        const { values, shape } = outputs[name]!;
        return { values, channels: shape[3]! };
      });
    };
    const painted = await Promise.all((await paintedOf(record)).map(look));
    const real = await Promise.all((await pictures(record, experiment.images)).map(look));
    await model.dispose();
    const setOf = (found: typeof painted) =>
      featureSet(
        Float64Array.from(
          found.flatMap(([, last]) => {
            const sums = new Array<number>(6).fill(0);
            last!.values.forEach((value, index) => (sums[index % 6]! += value / (last!.values.length / 6)));
            return sums;
          }),
        ),
        6,
      );
    const distance = (await fid.distance(setOf(painted), setOf(real))).value;
    expect(metric(record, 'FID (tiny)').value / distance).toBeCloseTo(1, 3);
    painted.forEach((layers, index) => {
      const found = metric(record, 'perceptual distance (tiny)').perMap?.[index];
      expect(found! / perceptualDistance.compare(layers, real[index]!)).toBeCloseTo(1, 3);
    });
    expect(metric(record, 'KID (tiny)').deviation).toBeGreaterThan(0);
  });

  it('keeps what it found in photographs, and believes it only as long as nothing has changed', async () => {
    const cache = join(experiment.folder, 'cache');
    const options = { ...onTraining(), features: experiment.judge, cache, again: true };
    const first = await run(options);
    const [rows] = readdirSync(cache).filter((file) => file.endsWith('.safetensors'));
    const file = join(cache, rows!);
    const written = statSync(file).mtimeMs;
    expect((await run(options)).metrics).toEqual(first.metrics);
    expect(statSync(file).mtimeMs).toBe(written);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    expect((await run(options)).metrics).toEqual(first.metrics);
    expect(statSync(file).mtimeMs).not.toBe(written);
  });

  it('tells how far styles of one map are apart, in colors or through a network', async () => {
    const colors = await run({ styles: 3 });
    expect(metric(colors, 'diversity (colors)').value).toBeGreaterThan(0);
    const folder = join(experiment.run, `${colors.pictures}.styles`);
    for (const style of ['2', '3'])
      expect(readdirSync(join(folder, style)).sort()).toEqual(['test0.png', 'test1.png']);
    const seen = await run({ styles: 2, perceptual: experiment.judge });
    expect(metric(seen, 'diversity (tiny)').value).toBeGreaterThan(0);
    expect(seen.metrics.map(({ name }) => name)).not.toContain('diversity (colors)');
  });

  it('of maps without photographs says what is left out', async () => {
    const said: string[] = [];
    const { maps, segmenter } = experiment;
    const record = await run({ maps, segmenter, log: (line) => said.push(line) });
    expect(record.metrics.map(({ name }) => name)).toEqual([
      'mIoU (segments)',
      'pixel accuracy (segments)',
      'class accuracy (segments)',
      'boundary F1 (segments)',
    ]);
    expect(record.metrics.some(({ ceiling }) => ceiling !== undefined)).toBe(false);
    expect(said).toContain('No photographs are given, so there is no PSNR, SSIM, ceiling.');
  });

  it('knows changed pictures, weights and networks by their digests', async () => {
    const options = { maps: experiment.maps, images: experiment.images };
    const all = await run(options);
    const some = await run({ ...options, limit: 4 });
    expect(some.protocol.imageSet).not.toBe(all.protocol.imageSet);
    expect(some.maps).toEqual(all.maps.slice(0, 4));
    const { judge } = experiment;
    const before = await run({ ...options, features: judge });
    const bytes = readFileSync(judge.weights);
    writeFileSync(judge.weights, Buffer.concat([bytes.subarray(0, -4), Buffer.from([0, 0, 128, 63])]));
    const after = await run({ ...options, features: judge });
    writeFileSync(judge.weights, bytes);
    expect(after.protocol.judges.features?.sha256).not.toBe(before.protocol.judges.features?.sha256);
  });
});

describe('an evaluation is refused', () => {
  it('where what is asked for cannot be had, before anything is painted', async () => {
    const { judge, folder, run: generator } = experiment;
    const refusals: readonly (readonly [Partial<EvaluateOptions>, string])[] = [
      [{ segmenter: generator }, 'trains no network that segments'],
      [{ features: judge }, 'FID and KID need 4 label maps or more, and there are 2'],
      [{ maps: experiment.maps, features: judge }, '--features compares with photographs'],
      [{ void: [3] }, 'void is 3, but ids run from 0 to 2'],
      [
        { ...onTraining(), features: { ...judge, network: 'mobilenet_v1' } },
        "did you mean 'mobilenet_v1_075'?",
      ],
      [
        { ...onTraining(), features: { ...judge, network: join(folder, 'none.json') } },
        'there is no such file',
      ],
      [{ ...onTraining(), features: { ...judge, network: 'squeezenet11' } }, 'do not fit network'],
      [{ perceptual: { ...judge, linear: judge.weights } }, "no linear layers are known for 'tiny'"],
    ];
    const before = readdirSync(join(generator, 'eval')).length;
    for (const [options, message] of refusals) await expect(run(options)).rejects.toThrow(message);
    expect(readdirSync(join(generator, 'eval'))).toHaveLength(before);
  });

  it('of several styles where the generator knows one', async () => {
    const out = join(experiment.folder, 'plain');
    await trainText(tinySpec({ light: true, train: 'steps: 1' }), join(experiment.folder, 'plain.spade'), {
      out,
      engine: 'portable',
    });
    await expect(run({ run: out, styles: 2 })).rejects.toThrow('paints a map in one way only');
  });
});

it('a run that goes on is evaluated anew, and one that is replaced has no evaluations', async () => {
  const before = await run();
  await resume({ folder: experiment.run, steps: 5, engine: 'portable' });
  const after = await run();
  expect([before.step, after.step]).toEqual([4, 5]);
  expect(after.protocolId).toBe(before.protocolId);
  await trainText(
    tinySpec({ latent: true, light: true, train: 'steps: 1' }),
    join(experiment.folder, 'run.spade'),
    {
      out: experiment.run,
      overwrite: true,
      engine: 'portable',
    },
  );
  expect(existsSync(join(experiment.run, 'eval'))).toBe(false);
});
