/** Runs the benchmarks of training and synthesis, and checks the line of JSON that comparisons read. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RandomStream } from '../../compiler/ir/random.ts';
import type { StepMeasurement, SynthesisMeasurement } from '../../bench/measure.ts';
import { describeNative, full } from '../support/engines.ts';

/** Each measurement starts programs, on a machine that may be busy. */
const patience = 240_000;

const root = fileURLToPath(new URL('../..', import.meta.url));
const classes = 5;

/** Writes label maps of random ids with the highest id in a corner, in another size than the benchmark's. */
async function writeLabelMaps(folder: string, count: number): Promise<void> {
  const random = new RandomStream(1, 'label maps');
  const [width, height] = [48, 40];
  for (let index = 0; index < count; index++) {
    const ids = Uint8Array.from({ length: width * height }, () => random.below(classes));
    ids[0] = classes - 1;
    await sharp(ids, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(folder, `map_${index}.png`));
  }
}

/** Runs a benchmark like a user; a failing one rejects with its exit code and streams. */
function runBench(file: string, ...settings: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['--import', 'tsx', `bench/${file}`, ...settings], {
    cwd: root,
  });
}

const runStep = (...settings: string[]) => runBench('step.ts', ...settings);

await describeNative(
  'bench/step.ts',
  () => {
    let folder = '';
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'spadework-bench-'));
      await writeLabelMaps(folder, 3);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it(
      'prints one line of JSON with times, memory and the work that was done',
      { timeout: patience },
      async () => {
        const small = ['--size', '64', '--width', '2', '--batch', '2', '--labels', folder];
        const { stdout } = await runStep(...small, '--steps', '4', '--warmup', '1', '--threads', '1');
        expect(stdout.trimEnd().split('\n')).toHaveLength(1);
        const found = JSON.parse(stdout) as StepMeasurement;
        expect(found).toMatchObject({
          program: 'spadework',
          engine: 'native',
          threads: 1,
          size: '64x64',
          width: 2,
          batch: 2,
          steps: 4,
          warmup: 1,
          classes,
          label_maps: 3,
        });
        expect(found.all_ms).toHaveLength(4);
        expect(found.min_ms).toBeLessThanOrEqual(found.ms);
        expect(found.ms).toBeLessThanOrEqual(found.max_ms);
        expect(found.min_ms).toBeGreaterThan(0);
        expect(found.cpu_ms).toBeGreaterThan(0);
        expect(Object.keys(found.compile_ms)).toEqual(['check', 'choose', 'build', 'lower', 'load']);
        expect(found.peak_rss_mb).toBeGreaterThanOrEqual(found.rss_last_mb);
        expect(found.tensors_last, 'tensors that a step leaves behind').toBe(found.tensors_first);
        // Counted by hand: the generator's fc, conv_img, and the convolutions of seven blocks; the discriminator's two
        // scales.
        expect(found.parameters).toEqual({
          G: expectedGenerator(2, classes),
          D: expectedDiscriminator(2, classes),
        });
        expect(Object.keys(found.losses)).toEqual(expect.arrayContaining(['G/total', 'D/total']));
        for (const loss of Object.values(found.losses)) expect(loss).toBeTypeOf('number');
        expect(found.library).toMatch(/^TensorFlow \d/);
      },
    );

    it('takes noise in place of label maps, other models, and bfloat16', { timeout: patience }, async () => {
      const small = ['--size', '64', '--width', '2', '--batch', '1', '--steps', '1', '--warmup', '0'];
      const noise = ['--labels', 'noise', '--classes', '4', '--precision', 'bfloat16'];
      for (const model of ['pix2pixhd', 'unet']) {
        const { stdout } = await runStep(...small, ...noise, '--model', model);
        const found = JSON.parse(stdout) as StepMeasurement;
        expect(found).toMatchObject({ model, precision: 'bfloat16', label_channels: 4 });
        expect(found.losses['G/total']).toBeGreaterThan(0);
      }
    });

    it(
      'gives edges of instances a channel, and void pixels the last class',
      { timeout: patience },
      async () => {
        const instances = ['--instances', folder, '--void', '4', '--classes', '7'];
        const small = ['--size', '64', '--width', '2', '--batch', '1', '--steps', '1', '--warmup', '0'];
        const { stdout } = await runStep(...small, '--labels', folder, ...instances);
        const found = JSON.parse(stdout) as StepMeasurement;
        expect(found).toMatchObject({ classes: 7, label_channels: 8 });
        expect(found.parameters['G']).toBe(expectedGenerator(2, 8));
      },
    );

    it('times a new map apart from the same map with another style', { timeout: patience }, async () => {
      const small = ['--size', '64', '--width', '2', '--batch', '1', '--steps', '2', '--labels', folder];
      const { stdout } = await runBench('paint.ts', ...small);
      const found = JSON.parse(stdout) as SynthesisMeasurement;
      expect(Object.keys(found.parameters)).toEqual(['G']);
      expect(found.restyle_ms).toBeGreaterThan(0);
      const unstyled = await runBench('paint.ts', ...small, '--model', 'unet');
      expect(JSON.parse(unstyled.stdout)).not.toHaveProperty('restyle_ms');
    });

    it('says what is wrong with the label maps, without a trace', { timeout: patience }, async () => {
      const failed: unknown = await runStep('--size', '64', '--labels', join(folder, 'absent')).catch(
        (error: unknown) => error,
      );
      expect(failed).toMatchObject({ code: 1, stdout: '' });
      const { stderr } = failed as { stderr: string };
      expect(stderr).toContain('the folder of the label maps does not exist');
      expect(stderr).not.toMatch(/^\s+at /m);
    });
  },
  full,
);

const convolution = (kernel: number, before: number, after: number, bias = true): number =>
  kernel * kernel * before * after + (bias ? after : 0);

function expectedGenerator(width: number, labels: number): number {
  const spade = (channels: number): number => convolution(3, labels, 128) + 2 * convolution(3, 128, channels);
  const block = (before: number, after: number): number => {
    const middle = Math.min(before, after);
    const shortcut = before === after ? 0 : spade(before) + convolution(1, before, after, false);
    const main =
      spade(before) + convolution(3, before, middle) + spade(middle) + convolution(3, middle, after);
    return shortcut + main;
  };
  const widths = [16, 16, 16, 16, 8, 4, 2, 1].map((factor) => factor * width);
  const blocks = widths.slice(1).reduce((sum, after, index) => sum + block(widths[index]!, after), 0);
  return convolution(3, labels, 16 * width) + blocks + convolution(3, width, 3);
}

function expectedDiscriminator(width: number, labels: number): number {
  const inner = [1, 2, 3].reduce(
    (sum, n) => sum + convolution(4, width * 2 ** (n - 1), width * 2 ** n, false),
    0,
  );
  return 2 * (convolution(4, labels + 3, width) + inner + convolution(4, 8 * width, 1));
}
