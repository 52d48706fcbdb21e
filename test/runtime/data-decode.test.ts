/** Tests decoding: ids are exactly those stored, in every kind of PNG, and scaling follows its rule. */
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeColors, decodeIds, decodePhoto, readHeader } from '../../runtime/data/decode.ts';
import { denseIds, edgesOf, resizeNearest } from '../../runtime/data/maps.ts';
import { greyPng, handMadePng, rgb } from './data-support.ts';

async function idsOf(png: Buffer): Promise<number[]> {
  const map = await decodeIds(png);
  if (!('ids' in map)) throw new Error(`colors found: ${JSON.stringify(map)}`);
  return [...map.ids];
}

describe('ids of a PNG', () => {
  it('are the values of an 8-bit grey file', async () => {
    const ids = Array.from({ length: 256 }, (_, i) => i);
    expect(await idsOf(await greyPng(ids, 32))).toEqual(ids);
  });

  it('are the values of a 16-bit grey file', async () => {
    const ids = [0, 1, 255, 256, 257, 26001, 65534, 65535];
    expect(await idsOf(await greyPng(ids, 4, 16))).toEqual(ids);
  });

  it.each([1, 2, 4, 8])('are the indices of a %i-bit palette file, not its colors', async (bits) => {
    const indices = Array.from({ length: 7 * 5 }, (_, i) => (i * i + i) % 2 ** bits);
    const png = handMadePng(indices, 7, bits, 3);
    const { channels, isPalette } = await sharp(png).metadata();
    expect(isPalette && channels >= 3).toBe(true); // the decoder itself would give colors
    expect(await idsOf(png)).toEqual(indices);
  });

  it.each([1, 2, 4])('are the unscaled values of a %i-bit grey file', async (bits) => {
    const values = Array.from({ length: 7 * 5 }, (_, i) => (i * i + i) % 2 ** bits);
    expect(await idsOf(handMadePng(values, 7, bits, 0))).toEqual(values);
  });

  it('are read from interlaced files and ignore alpha', async () => {
    const ids = Array.from({ length: 64 }, (_, i) => i * 3);
    const grey = await greyPng(ids, 8);
    expect(await idsOf(await sharp(grey).toColourspace('b-w').png({ progressive: true }).toBuffer())).toEqual(
      ids,
    );
    const rgba = sharp(grey).toColourspace('srgb').ensureAlpha(0.5);
    expect(await idsOf(await rgba.png().toBuffer())).toEqual(ids);
    expect(await idsOf(await sharp(grey).ensureAlpha(0.5).toColourspace('b-w').png().toBuffer())).toEqual(
      ids,
    );
  });

  it('are read from an RGB file whose pixels are all grey, and refused with the place if one is not', async () => {
    const grey = [3, 3, 3, 250, 250, 250, 0, 0, 0, 7, 7, 7];
    expect(await idsOf(await rgb(grey, 2).png().toBuffer())).toEqual([3, 250, 0, 7]);
    const mask = [3, 3, 3, 0, 0, 0, 0, 0, 0, 128, 64, 128];
    expect(await decodeIds(await rgb(mask, 2).png().toBuffer())).toMatchObject({
      x: 1,
      y: 1,
      color: [128, 64, 128],
    });
  });

  it('are not invented for a file that is cut off or no PNG', async () => {
    const noise = Array.from({ length: 100 * 100 }, (_, i) => (i * 7919) % 251);
    const png = await greyPng(noise, 100);
    await expect(decodeIds(png.subarray(0, png.length / 2))).rejects.toThrow();
    await expect(decodeIds(png.subarray(0, 20))).rejects.toThrow('not a PNG');
    await expect(decodeIds(await rgb([1, 2, 3], 1).jpeg().toBuffer())).rejects.toThrow('not a PNG');
    const palette = handMadePng(noise, 100, 8, 3);
    await expect(decodeIds(palette.subarray(0, palette.length - 40))).rejects.toThrow();
  });
});

describe('colors of a PNG', () => {
  const colors = [
    [70, 130, 180],
    [0, 0, 0],
    [128, 64, 128],
    [9, 9, 9],
  ];
  const plain = (): Sharp => rgb(colors.flat(), 2);

  it.each<[string, () => Promise<Buffer>]>([
    ['of 8 bits', () => plain().png().toBuffer()],
    ['with a palette', () => plain().png({ palette: true, dither: 0 }).toBuffer()],
    ['with alpha', () => plain().ensureAlpha(0.3).png().toBuffer()],
    ['of 16 bits', () => plain().toColourspace('rgb16').png().toBuffer()],
    ['interlaced, with a profile', () => plain().withIccProfile('p3').png({ progressive: true }).toBuffer()],
  ])('%s are read as they are stored', async (name, make) => {
    const file = await make();
    const { rgb: found } = await decodeColors(file);
    // Attaching a profile to a picture changes its stored values.
    const raw = await sharp(file, { ignoreIcc: true }).removeAlpha().toColourspace('srgb').raw().toBuffer();
    expect([...found]).toEqual(name.includes('profile') ? [...raw] : colors.flat());
  });

  it('of grey files are greys', async () => {
    const { rgb: found } = await decodeColors(await greyPng([0, 128, 255, 7], 2));
    expect([...found]).toEqual([0, 128, 255, 7].flatMap((value) => [value, value, value]));
  });
});

describe('nearest neighbor', () => {
  it('takes source pixel floor(i * in / out)', () => {
    const map = { width: 5, height: 2, ids: Uint16Array.of(0, 1, 2, 3, 4, 10, 11, 12, 13, 14) };
    expect([...resizeNearest(map, { width: 3, height: 2 })]).toEqual([0, 1, 3, 10, 11, 13]);
    expect([...resizeNearest(map, { width: 2, height: 1 })]).toEqual([0, 2]);
    expect([...resizeNearest(map, { width: 7, height: 3 })]).toEqual(
      [
        [0, 0, 1, 2, 2, 3, 4],
        [0, 0, 1, 2, 2, 3, 4],
        [10, 10, 11, 12, 12, 13, 14],
      ].flat(),
    );
  });
});

describe('edges', () => {
  it('are both sides of every border between instances', () => {
    const instances = Uint16Array.of(1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 1, 300);
    expect([...edgesOf(instances, { width: 4, height: 3 })]).toEqual([0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1]);
  });

  it('do not wrap around from one row to the next', () => {
    expect([...edgesOf(Uint16Array.of(1, 1, 2, 2), { width: 2, height: 2 })]).toEqual([1, 1, 1, 1]);
    expect([...edgesOf(Uint16Array.of(1, 2, 1, 2), { width: 1, height: 4 })]).toEqual([1, 1, 1, 1]);
    expect([...edgesOf(Uint16Array.of(1, 1, 2, 1, 1, 2), { width: 3, height: 2 })]).toEqual([
      0, 1, 1, 0, 1, 1,
    ]);
  });
});

describe('photos', () => {
  it('become RGB of exactly the wanted size, the pixels unchanged where the size is', async () => {
    const values = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7];
    const png = await rgb(values, 2).png().toBuffer();
    expect((await readHeader(png)).size).toEqual({ width: 2, height: 2 });
    expect([...(await decodePhoto(png, { width: 2, height: 2 }))]).toEqual(values);
    expect(await decodePhoto(png, { width: 5, height: 3 })).toHaveLength(5 * 3 * 3);
  });

  it('may be grey, 16 bits deep or have alpha', async () => {
    const size = { width: 2, height: 2 };
    const tripled = [0, 0, 0, 50, 50, 50, 100, 100, 100, 200, 200, 200];
    expect([...(await decodePhoto(await greyPng([0, 50, 100, 200], 2), size))]).toEqual(tripled);
    const deep = await greyPng(
      [0, 50, 100, 200].map((v) => v * 257),
      2,
      16,
    );
    expect([...(await decodePhoto(deep, size))]).toEqual(tripled);
    const clear = await rgb(tripled, 2).ensureAlpha(0.25).png().toBuffer();
    expect([...(await decodePhoto(clear, size))]).toEqual(tripled);
  });

  it('in CMYK become RGB, and of animations the first picture is read', async () => {
    const first = Array.from({ length: 64 }, () => [150, 110, 90]).flat();
    const cmyk = await rgb(first, 8).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    const frames = Uint8Array.from([...first, ...first.map((value) => 255 - value)]);
    const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
    const animations = [
      await sharp(frames, { raw }).gif().toBuffer(),
      await sharp(frames, { raw }).webp({ lossless: true }).toBuffer(),
    ];
    for (const [content, tolerance] of [[cmyk, 16] as const, ...animations.map((one) => [one, 4] as const)]) {
      const pixels = await decodePhoto(content, { width: 8, height: 8 });
      expect(pixels).toHaveLength(first.length);
      for (const [i, value] of pixels.entries())
        expect(Math.abs(value - first[i]!)).toBeLessThanOrEqual(tolerance);
    }
  });

  it.each(['png', 'jpeg', 'webp', 'gif'] as const)(
    'in %s that end too early are said to, in plain words',
    async (format) => {
      const noise = Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 7919) % 251);
      const whole = await rgb(noise, 64)[format]().toBuffer();
      for (const length of [40, whole.length / 2, whole.length - 30]) {
        const decoded = decodePhoto(whole.subarray(0, length), { width: 64, height: 64 });
        await expect(decoded).rejects.toThrow(
          /^(it ends in the middle|its (beginning is|pixels are) damaged or cut off)( \([^\n]+\))?$/,
        );
      }
    },
  );

  it('that are cut off are refused', async () => {
    const noise = Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 7919) % 256);
    for (const photo of [rgb(noise, 64).jpeg(), rgb(noise, 64).png(), rgb(noise, 64).webp()]) {
      const file = await photo.toBuffer();
      const half = file.subarray(0, Math.floor(file.length / 2));
      await expect(decodePhoto(half, { width: 8, height: 8 })).rejects.toThrow();
    }
  });
});

describe('ids of instances', () => {
  it('are renumbered from 0 as they are met, whatever their values', () => {
    expect([...denseIds(Uint16Array.of(24000, 7, 7, 24000, 0, 65535))]).toEqual([0, 1, 1, 0, 2, 3]);
  });

  it('are as many as there are, beyond 16 bits', () => {
    const ids = Int32Array.from({ length: 70_000 }, (_, i) => 2 ** 31 - 1 - i);
    expect(denseIds(ids).at(-1)).toBe(69_999);
  });

  it('leave no number out for instances that a smaller map lost', () => {
    const map = { width: 4, height: 1, ids: Uint16Array.of(8, 9, 10, 11) };
    expect([...denseIds(resizeNearest(map, { width: 2, height: 1 }))]).toEqual([0, 1]);
  });
});
