/** Tests event files: their records and messages and, if it is installed, that TensorBoard reads them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32c } from '../../runtime/base/crc.ts';
import { EventWriter, HistogramCounter } from '../../runtime/train/events.ts';
import { readEvents, readRecords, slowChecksum } from '../support/read-events.ts';
import { findTensorBoard } from '../support/tensorboard.ts';

const weights = Float32Array.of(-2, -1, -0.5, 0, 0.25, 0.25, 1, 3, NaN, Infinity);

function histogram() {
  const counter = new HistogramCounter();
  counter.add(weights.subarray(0, 4));
  counter.add(weights.subarray(4));
  return counter.histogram()!;
}

let folder: string;
let png: Uint8Array;

/** Writes the steps of a run that was killed after step 4 and resumed after step 2. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-events-'));
  const raw = { width: 4, height: 3, channels: 3 } as const;
  png = await sharp(new Uint8Array(36).fill(200), { raw }).png().toBuffer();
  const first = new EventWriter(folder, 1);
  for (const step of [1, 2, 3, 4]) {
    first.write(step, [{ tag: 'loss/G/gan', scalar: step / 4 }]);
    if (step % 2 === 0)
      first.write(step, [
        { tag: 'samples', png },
        { tag: 'weights/G', histogram: histogram() },
      ]);
  }
  first.close();
  const second = new EventWriter(folder, 3);
  for (const step of [3, 4, 5]) second.write(step, [{ tag: 'loss/G/gan', scalar: 10 * step }]);
  second.write(4, [{ tag: 'samples', png }]);
  second.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('CRC-32C', () => {
  it('gives the sums of RFC 3720, appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(slowChecksum(Buffer.from('123456789')));
  });
});

describe('a histogram', () => {
  const { min, max, count, sum, limits, counts } = histogram();
  it('counts all finite values, each below the limit of its bucket and above the one before', () => {
    expect({ min, max, count, sum }).toEqual({ min: -2, max: 3, count: 8, sum: 1 });
    expect(counts.reduce((total, one) => total + one, 0)).toBe(8);
    for (const value of weights.subarray(0, 8)) {
      const bucket = limits.findIndex((limit) => value < limit);
      expect(counts[bucket], `the bucket of ${value}`).toBeGreaterThan(0);
      expect(limits[bucket]! - limits[bucket - 1]!).toBeLessThanOrEqual(
        Math.max(2e-12, 0.1001 * Math.abs(value) * 1.1),
      );
    }
  });

  it('has room for every float32', () => {
    const counter = new HistogramCounter();
    counter.add(Float32Array.of(3.4e38, -3.4e38, 1e-45, -1e-45));
    expect(counter.histogram()).toMatchObject({ count: 4 });
    expect(counter.histogram()!.counts.reduce((total, one) => total + one, 0)).toBe(4);
  });

  it('of nothing is none', () => expect(new HistogramCounter().histogram()).toBeUndefined());
});

describe('event files', () => {
  it('hold every value once, those of the last process for steps that were done again', () => {
    const values = readEvents(folder);
    const scalars = values.filter(({ tag }) => tag === 'loss/G/gan');
    expect(scalars.map(({ step, simple_value: value }) => [step, value])).toEqual([
      [1, 0.25],
      [2, 0.5],
      [3, 30],
      [4, 40],
      [5, 50],
    ]);
    const pictures = values.filter(({ tag }) => tag === 'samples');
    expect(pictures.map(({ step }) => step)).toEqual([2, 4]);
    expect(pictures[0]?.image).toMatchObject({ width: 4, height: 3 });
    expect(Buffer.from(pictures[0]!.image!.encoded_image_string).equals(png)).toBe(true);
    const [counted] = values.filter(({ tag }) => tag === 'weights/G');
    expect(counted?.histo).toMatchObject({ min: -2, max: 3, num: 8, sum: 1 });
  });

  it('are told to be damaged by a single bit', () => {
    const [name] = readdirSync(folder);
    const bytes = readFileSync(join(folder, name!));
    bytes[bytes.length - 10]! ^= 4;
    expect(() => readRecords(bytes)).toThrow('wrong checksum');
  });
});

describe('the real TensorBoard', { tags: 'needs-tensorboard' }, () => {
  it('reads scalars, pictures and histograms, and drops what was done again', () => {
    const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'images': 0, 'histograms': 0})
events.Reload()
histogram = events.Histograms('weights/G')[0].histogram_value
print(json.dumps({
  'tags': {kind: events.Tags()[kind] for kind in ['scalars', 'images', 'histograms']},
  'scalars': [[one.step, one.value] for one in events.Scalars('loss/G/gan')],
  'images': [[one.step, one.width, one.height, len(one.encoded_image_string)] for one in events.Images('samples')],
  'histogram': [histogram.min, histogram.max, histogram.num, histogram.sum, sum(histogram.bucket)],
}))`;
    const { stdout, stderr } = spawnSync(findTensorBoard()!, ['-c', script, folder], { encoding: 'utf8' });
    expect(stdout, stderr).not.toBe('');
    expect(JSON.parse(stdout)).toEqual({
      tags: { scalars: ['loss/G/gan'], images: ['samples'], histograms: ['weights/G'] },
      scalars: [
        [1, 0.25],
        [2, 0.5],
        [3, 30],
        [4, 40],
        [5, 50],
      ],
      images: [
        [2, 4, 3, png.length],
        [4, 4, 3, png.length],
      ],
      histogram: [-2, 3, 8, 1, 8],
    });
  });
});
