/** Tests hints about label maps: they follow from all maps, and data with the hint applied is valid. */
import { follow, areas, dataSpec, examine, pairsOf, requireMended } from './data-examine.ts';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DataSpec } from '../../compiler/format/types.ts';
import { classOfValue, voidIds } from '../../compiler/format/labels.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { adviceOnValues } from '../../runtime/data/value-advice.ts';
import { emptyTally } from '../../runtime/data/tally.ts';
import { classesOf, readingOf } from '../../runtime/run/data.ts';
import { greyPng, handMadePng, rgb } from './data-support.ts';

const WIDTH = 32;

/** Draws a map whose pixels have the colors of their ids. */
const drawn = (ids: readonly number[], colors: readonly (readonly number[])[]): Sharp =>
  rgb(
    ids.flatMap((id) => [...colors[id]!]),
    WIDTH,
  );

const grey = (ids: readonly number[]): Promise<Buffer> => greyPng(ids, WIDTH);

/** Examines data whose maps have these ids in areas, one list per map. */
async function ofAreas(maps: readonly (readonly number[])[], more: Partial<DataSpec>): Promise<DataSpec> {
  return dataSpec(await pairsOf(await Promise.all(maps.map((ids) => grey(areas(ids))))), more);
}

/** Applies the hint of the only error. */
async function mended(data: DataSpec): Promise<DataSpec> {
  const { errors } = await examine(data);
  expect(errors.map(({ text }) => text)).toHaveLength(1);
  return requireMended(data, errors[0]);
}

describe('wrong values', () => {
  it('of 0 and 255 alone are two classes, and none is void', async () => {
    const data = await mended(await ofAreas([[0, 255], [0, 255, 255], [0]], { classes: 2 }));
    expect(data.colors).toEqual([
      [0, 0, 0],
      [255, 255, 255],
    ]);
    expect(voidIds(data)).toEqual([]);
  });

  it('of 0 and 255 alone are two classes whatever was counted, and with names', async () => {
    expect((await mended(await ofAreas([[0, 255]], { classes: 1 }))).classes).toBe(2);
    expect((await mended(await ofAreas([[0, 255]], { classes: 4 }))).classes).toBe(2);
    const named = await ofAreas([[0, 255]], { classes: 2, names: ['ground', 'thing'] });
    expect((await mended(named)).names).toEqual(['ground', 'thing']);
  });

  it('of 0 and 255 are not read by colors where a palette has others', async () => {
    const map = handMadePng(areas([0, 255]), WIDTH, 8, 3);
    const { errors } = await examine(dataSpec(await pairsOf([map]), { classes: 2 }));
    expect(errors.map(({ settings }) => settings)).toEqual([undefined]);
    expect(errors[0]?.text).toContain('255 is a class, not void');
  });

  it.each<[string, Partial<DataSpec>, readonly number[], Partial<DataSpec>]>([
    ['one more than were counted', { classes: 4 }, [0, 1, 2, 3, 4], { classes: 5 }],
    ['as many as were counted, but for void', { classes: 4, void: [255] }, [0, 1, 2, 3, 255], { classes: 5 }],
    ['too many, beside void', { classes: 4 }, [0, 1, 2, 3, 4, 255], { classes: 6, void: [255] }],
    ['of 16 bits', { classes: 4 }, [300, 301, 302, 303], { ids_from: 300, classes: 4 }],
    ['of 1 on, beside void', { classes: 3 }, [1, 2, 3, 255], { ids_from: 1, classes: 4, void: [255] }],
    ['of 0 on where 1 was said', { classes: 4, ids_from: 1 }, [0, 1, 2, 3], { ids_from: 0, classes: 4 }],
  ])('%s make no class void', async (_, said, values, expected) => {
    const bits = Math.max(...values) > 255 ? 16 : 8;
    const maps = [values.slice(0, 4), values.slice(4)].filter((some) => some.length > 0);
    const files = await Promise.all(maps.map((some) => greyPng(areas(some), WIDTH, bits)));
    const data = await mended(dataSpec(await pairsOf(files), said));
    expect(data).toMatchObject(expected);
    const classes = values.filter((value) => value !== 255).map((value) => classOfValue(data, value));
    expect(new Set(classes).size).toBe(classes.length);
    for (const id of classes) expect(voidIds(data)).not.toContain(id);
  });

  it('one more than were counted may be those from 1 on, with 0 unknown, or the last unknown: both are told', async () => {
    const data = await ofAreas([[0, 1, 2, 3], [4]], { classes: 4 });
    const { errors } = await examine(data);
    expect(errors[0]?.text).toContain(
      'say classes: 5; where 0 stands for pixels without a label, say instead ids_from: 1, classes: 5, void: 0; ' +
        'where 4 does, say instead classes: 5, void: 4',
    );
    for (const settings of [
      { ids_from: 1, classes: 5, void: [0] },
      { classes: 5, void: [4] },
    ])
      expect((await examine(follow(data, settings))).errors).toEqual([]);
  });

  it('one more than were named start at 1: names are not shifted', async () => {
    const names = ['a', 'b', 'c'];
    const data = await mended(await ofAreas([[0, 1, 2, 3]], { classes: 3, names }));
    expect([data.names, data.ids_from, voidIds(data)]).toEqual([names, 1, [3]]);
  });

  it('equal to the number of classes, and no 0, start at 1', async () => {
    const data = await mended(await ofAreas([[1, 2], [3]], { classes: 3 }));
    expect([data.ids_from, data.classes, data.void]).toEqual([1, 3, undefined]);
  });

  it('that go on from the classes are more classes, with names where there are some', async () => {
    expect(
      (
        await mended(
          await ofAreas(
            [
              [0, 1, 2, 3],
              [4, 5],
            ],
            { classes: 3 },
          ),
        )
      ).classes,
    ).toBe(6);
    const named = await ofAreas(
      [
        [0, 1],
        [2, 3, 255],
      ],
      { classes: 2, names: ['a', 'b'] },
    );
    const data = await mended(named);
    expect([data.classes, data.void, data.names?.length]).toEqual([5, [255], 4]);
    expect((await mended(await ofAreas([[0, 1]], { classes: 1 }))).classes).toBe(2);
  });

  it('of 255 beside ids are void', async () => {
    const data = await mended(await ofAreas([[0, 1, 2, 255], [255]], {}));
    expect([data.classes, data.void, voidIds(data)]).toEqual([4, [255], [3]]);
    expect((await mended(await ofAreas([[1, 2, 0]], { classes: 3, ids_from: 1, void: [9] }))).void).toEqual([
      9, 0,
    ]);
  });

  it('of two greys are two classes, whatever the grey', async () => {
    expect((await mended(await ofAreas([[0, 128]], { classes: 2 }))).classes).toBe(2);
    const deep = await greyPng(areas([0, 65535]), WIDTH, 16);
    const { errors } = await examine(dataSpec(await pairsOf([deep]), { classes: 2 }));
    expect(errors[0]?.text).toContain('65535 is a class, not void');
  });

  it('of 255 are the class that is named for void and that no map has', async () => {
    const names = ['a', 'b', 'unlabelled'];
    const data = await mended(await ofAreas([[0, 1, 255]], { names }));
    expect([data.classes, data.void]).toEqual([3, [255]]);
  });

  it('of few greys far from each other are as many classes', async () => {
    expect((await mended(await ofAreas([[0, 127], [255]], { classes: 2 }))).classes).toBe(3);
  });

  it('of as many greys as classes stand for these in order', async () => {
    const data = await mended(await ofAreas([[0, 128], [255]], {}));
    expect(data.colors).toEqual([0, 128, 255].map((value) => [value, value, value]));
  });

  it('that are alone may be void or a class: both are told, and people choose', async () => {
    const data = await ofAreas(
      [
        [0, 1, 2, 40],
        [40, 2],
      ],
      { classes: 5 },
    );
    const { errors } = await examine(data);
    expect(errors[0]?.text).toContain(
      'hint: if 40 marks void (unlabelled) pixels, say classes: 6, void: 40; ' +
        'if it is a class, count all ids up to the last: say classes: 41; if not, repair the map',
    );
    expect(errors[0]?.settings).toBeUndefined();
    for (const settings of [{ classes: 6, void: [40] }, { classes: 41 }])
      expect((await examine(follow(data, settings))).errors).toEqual([]);
    const most = await ofAreas([[40], [0, 40, 40, 40]], { classes: 5 });
    expect((await examine(most)).errors[0]?.text).toContain('hint: if 40 is a class, count all ids up to');
  });

  it.each([
    ['256', [0, 256, 512, 768]],
    ['257', [0, 257, 514, 771]],
    ['257', [257, 514, 771, 65535]],
    ['1000', [1000, 2000, 3000]],
    ['40', [0, 40, 80, 120]],
  ])('of 16 bits that are ids times %s are told so, and none is void', async (factor, values) => {
    const map = await greyPng(areas(values), WIDTH, 16);
    const { errors } = await examine(dataSpec(await pairsOf([map]), { classes: 4 }));
    expect(errors[0]?.text).toContain(
      `hint: all values are multiples of ${factor}: ids seem to be multiplied`,
    );
    expect(errors[0]?.text).not.toContain('void');
    expect(errors[0]?.settings).toBeUndefined();
  });

  it('of all labels of Cityscapes are classes of their own', async () => {
    const maps = [
      [0, 1, 4, 7],
      [8, 11],
      [24, 26, 33],
    ];
    expect((await mended(await ofAreas(maps, { classes: 19 }))).classes).toBe(34);
    const withVoid = await mended(await ofAreas([...maps, [255]], { classes: 19 }));
    expect([withVoid.classes, withVoid.void]).toEqual([35, [255]]);
    expect((await mended(await ofAreas([[0, 26]], { classes: 20, void: [255] }))).classes).toBe(35);
    const names = Array.from({ length: 19 }, (_, i) => `n${i}`);
    const { errors } = await examine(await ofAreas(maps, { classes: 19, names }));
    expect(errors[0]?.text).toContain('take the data as preset: "cityscapes"');
    expect(errors[0]?.settings).toBeUndefined();
  });

  it('that are several and far apart are no void', async () => {
    const { errors } = await examine(await ofAreas([[0, 1, 2, 3], [30, 41], [90]], { classes: 9 }));
    expect(errors[0]?.text).toContain(
      'hint: if 30, 41, 90 are classes, count all ids up to the last: say classes: 91',
    );
    expect(errors[0]?.text).not.toContain('void');
    expect(errors[0]?.settings).toBeUndefined();
  });

  it('keep what fills areas apart, and out of void, whatever they are', () => {
    const random = new RandomStream(1, 'values of label maps');
    const draw = (end: number): number => random.below(end);
    const area = { pixels: 64, inner: 36 };
    let followed = 0;
    for (let trial = 0; trial < 4000; trial++) {
      const highest = [6, 20, 40, 256, 800, 65536][draw(6)]!;
      const scale = [1, 1, 1, 10, 256, 257][draw(6)]!;
      const values = new Set(
        Array.from({ length: 1 + draw(8) }, () => Math.min(65535, draw(highest) * scale)),
      );
      if (draw(3) === 0) values.add(255);
      const data = dataSpec('.', {
        classes: 1 + draw(20),
        ...(draw(4) === 0 && { ids_from: 1 + draw(3) }),
        ...(draw(4) === 0 && { void: [255] }),
      });
      const reading = readingOf(data, classesOf(data));
      const declared = new Set(reading.coding.values.map(([value]) => value));
      if ([...values].every((value) => declared.has(value))) continue;
      const isDeep = Math.max(...values) > 255;
      const tally = {
        ...emptyTally,
        values: new Map([...values].map((v) => [v, area])),
        others: isDeep ? 1 : 0,
      };
      const { settings } = adviceOnValues(tally, reading);
      if (settings === undefined) continue;
      followed++;
      const after = follow(data, settings);
      const isFree = (value: number): boolean =>
        value === 255 || value === 65535 || (value === 0 && (after.ids_from ?? 0) > 0);
      const kept = [...values].filter((value) => after.label_format === 'colors' || !isFree(value));
      const ids = kept.map((value) =>
        after.label_format === 'colors'
          ? after.colors!.findIndex(([red]) => red === value)
          : classOfValue(after, value),
      );
      const seen = JSON.stringify({ values: [...values], data, settings });
      expect(new Set(ids).size, seen).toBe(kept.length);
      for (const id of ids) expect(voidIds(after), seen).not.toContain(id);
    }
    expect(followed).toBeGreaterThan(200);
  });

  it('are one message for all files, which names the first', async () => {
    const { errors } = await examine(
      await ofAreas(
        Array.from({ length: 14 }, () => [0, 1, 2, 255]),
        {},
      ),
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toMatch(/0\.png' holds the value 255 .* and so do 13 more of the label maps: /);
    expect(errors[0]?.text).toContain(', and 3 more; 3584 of 14336 pixels are wrong (values 255)');
  });

  it('that a legend does not know are not mended by a number', async () => {
    const data = await ofAreas([[0, 1, 2, 3]], { legend: '../legend.json' });
    const classes = [0, 1, 2].map((id) => ({ id, name: `n${id}` }));
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${data.path}/legend.json`, JSON.stringify({ classes }));
    const { errors } = await examine({ ...data, legend: 'legend.json' });
    expect(errors.map(({ settings }) => settings)).toEqual([undefined]);
  });
});

describe('values that scatter', () => {
  const noisy = async (format: 'jpeg' | 'webp'): Promise<Buffer> => {
    const clean = sharp(Uint8Array.from(areas([0, 40, 80])), {
      raw: { width: WIDTH, height: WIDTH, channels: 1 },
    });
    const ids = (
      await sharp(await clean[format]({ quality: 60 }).toBuffer())
        .greyscale()
        .raw()
        .toBuffer()
    ).map(
      // Squares alone give little noise.
      (value, i) => (i % 8 === 0 ? Math.max(0, value + ((i * 7919) % 5) - 2) : value),
    );
    return grey([...ids]);
  };

  it('are noticed where all are declared, and are taken for the nearest id where that is said', async () => {
    const data = dataSpec(await pairsOf([await noisy('jpeg'), await noisy('webp')]), { classes: 256 });
    const { errors, warnings } = await examine(data);
    expect(errors).toEqual([]);
    expect(warnings[0]?.text).toMatch(
      /^values of label maps scatter around a few ids: \d+ values, of which 3/,
    );
    const followed = await requireMended(data, warnings[0]);
    expect(followed.classes).toBe(3);
  });

  it('are told so where some are not declared', async () => {
    const data = dataSpec(await pairsOf([await noisy('jpeg')]), { classes: 81 });
    expect((await examine(data)).errors[0]?.text).toMatch(
      /hint: values scatter around a few ids \(0, \d+, \d+\)/,
    );
    await mended(data);
  });

  it('everywhere are those of a photograph', async () => {
    const photo = await grey(Array.from({ length: WIDTH * WIDTH }, (_, i) => (i * 37 + (i >> 3)) % 200));
    const { warnings } = await examine(dataSpec(await pairsOf([photo]), { classes: 256 }));
    expect(warnings[0]?.text).toMatch(/^label maps look like pictures: they have \d+ values, and none/);
  });

  it('are not taken for the nearest id where they may be those of thin things', async () => {
    const thin = [5, 8, 17, 19, 20, 24, 25, 26, 33];
    const ids = areas([7, 23]).map((id, i) => (i % WIDTH === 3 ? thin[(i >> 5) % thin.length]! : id));
    for (const classes of [34, 20]) {
      const { errors, warnings } = await examine(dataSpec(await pairsOf([await grey(ids)]), { classes }));
      for (const { settings } of [...errors, ...warnings]) expect(settings?.color_distance).toBeUndefined();
    }
  });

  it('are not those of many classes, nor of thin things', async () => {
    const many = Array.from({ length: 150 }, (_, i) => i);
    const maps = many.flatMap((id) => (id % 4 === 0 ? [[id, id + 1, id + 2, id + 3]] : []));
    const { errors, warnings } = await examine(await ofAreas(maps, { classes: 152 }));
    expect([errors, warnings]).toEqual([[], []]);
    const poles = areas([0, 1, 2]).map((id, i) => (i % 32 === 3 ? 3 + (i % 5) : id));
    const data = dataSpec(await pairsOf([await grey(poles)]), { classes: 8 });
    expect((await examine(data)).warnings).toEqual([]);
  });
});

describe('wrong colors', () => {
  const [SKY, ROAD, CAR] = [
    [70, 130, 180],
    [128, 64, 128],
    [0, 0, 142],
  ] as const;
  const colors = [SKY, ROAD, CAR];
  const names = ['sky', 'road', 'car'];
  const masks = { label_format: 'colors', names, colors } as const;
  const inColors = (ids: readonly number[], more: readonly (readonly number[])[] = []): Sharp =>
    drawn(areas(ids), [...colors, ...more]);

  it('of blurred borders have one distance for all files', async () => {
    const blurred = await Promise.all(
      [
        [0, 1],
        [1, 2],
        [0, 2],
      ].map((ids) => inColors(ids).resize(48, 48, { kernel: 'cubic' }).png().toBuffer()),
    );
    const data = dataSpec(await pairsOf(blurred), masks);
    const { errors } = await examine(data);
    expect(errors).toHaveLength(1);
    const followed = await mended(data);
    // The distance is the smallest that fits all.
    const less = { ...followed, color_distance: followed.color_distance! - 2 };
    expect((await examine(less)).errors).toHaveLength(1);
  });

  it('of JPEG noise have one distance for all files', async () => {
    const noisy = await Promise.all(
      [
        [0, 1],
        [2, 0],
      ].map((ids) => inColors(ids).jpeg({ quality: 70 }).toBuffer()),
    );
    const pngs = await Promise.all(noisy.map((file) => sharp(file).png().toBuffer()));
    await mended(dataSpec(await pairsOf(pngs), masks));
  });

  it('of areas are a class, and a black one is void', async () => {
    const data = dataSpec(
      await pairsOf([
        await inColors([0, 1, 3], [[0, 0, 0]])
          .png()
          .toBuffer(),
      ]),
      masks,
    );
    const followed = await mended(data);
    expect([followed.names?.at(-1), followed.void, voidIds(followed)]).toEqual(['unlabelled', [3], [3]]);
    const other = await inColors(
      [0, 3, 4],
      [
        [220, 20, 60],
        [250, 170, 30],
      ],
    )
      .png()
      .toBuffer();
    expect((await mended(dataSpec(await pairsOf([other]), masks))).classes).toBe(5);
  });

  it('that are ids are read as ids', async () => {
    const unnamed = { label_format: 'colors', colors: [[0, 0, 0], ROAD, CAR] } as const;
    const cases: readonly (readonly [Partial<DataSpec>, readonly number[], Partial<DataSpec>])[] = [
      [{ ...unnamed, names }, [0, 1, 2], {}],
      [unnamed, [0, 1, 2, 255], { classes: 4, void: [255] }],
    ];
    for (const [said, values, expected] of cases) {
      const data = await mended(dataSpec(await pairsOf([await grey(areas(values))]), said));
      expect(data).toMatchObject({ label_format: 'ids', ...expected });
    }
  });

  it('of thin things are classes where no blur makes them, and no distance swallows them', async () => {
    const between = [99, 97, 154] as const; // halfway from sky to road
    const far = [250, 170, 30] as const;
    for (const thin of [between, far]) {
      const at = (i: number): readonly number[] => (i % WIDTH === 8 ? thin : colors[i % WIDTH < 8 ? 0 : 1]!);
      const map = rgb(Array.from({ length: WIDTH * WIDTH }, (_, i) => at(i)).flat(), WIDTH);
      const data = dataSpec(await pairsOf([await map.png().toBuffer()]), masks);
      const { errors } = await examine(data);
      expect(errors[0]?.text).not.toContain('color_distance');
      expect((await mended(data)).colors).toEqual([...colors, thin]);
      // Also where ids are expected, whether the colors are those of the classes or none are given.
      expect(await mended(dataSpec(data.path, { colors, names }))).toMatchObject({
        colors: [...colors, thin],
        classes: 4,
      });
      const unnamed = await mended(dataSpec(data.path, {}));
      expect([unnamed.classes, unnamed.color_distance]).toEqual([3, undefined]);
    }
  });

  it('of exchanged channels are told so, and are the classes in their order', async () => {
    const saved = colors.map(([red, green, blue]) => [blue, green, red] as const);
    const map = (ids: readonly number[]): Sharp => drawn(areas(ids), saved);
    for (const said of [masks, { names, colors }]) {
      const exact = dataSpec(await pairsOf([await map([0, 1, 2]).png().toBuffer()]), said);
      expect((await mended(exact)).colors).toEqual(saved);
    }
    const jpeg = await sharp(await map([0, 2]).jpeg({ quality: 80 }).toBuffer())
      .png()
      .toBuffer();
    const noisy = await mended(dataSpec(await pairsOf([jpeg]), masks));
    expect(noisy.colors).toEqual(saved);
    expect(noisy.color_distance).toBeGreaterThan(0);
    // A single color may as well be that of one more class.
    const one = {
      label_format: 'colors',
      classes: 2,
      colors: [
        [0, 0, 0],
        [255, 0, 0],
      ],
    } as const;
    const blue = drawn(areas([0, 1]), [
      [0, 0, 0],
      [0, 0, 255],
    ]);
    const { errors } = await examine(dataSpec(await pairsOf([await blue.png().toBuffer()]), one));
    expect(errors[0]?.text).toContain('red and blue are exchanged');
    expect(errors[0]?.settings).toBeUndefined();
  });

  it('that were divided by 255 are told so', async () => {
    const strong = [
      [0, 0, 0],
      [255, 0, 0],
      [0, 255, 0],
      [255, 255, 255],
    ] as const;
    const divided = strong.map((color) => color.map((channel) => channel / 255));
    const map = drawn(areas([0, 1, 2, 3]), divided);
    const said = { label_format: 'colors', classes: 4, colors: strong } as const;
    const followed = await mended(dataSpec(await pairsOf([await map.png().toBuffer()]), said));
    expect(followed.colors).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [1, 1, 1],
    ]);
    // Masks that were compared with 0 only show whether a channel is 0.
    const half = strong.map((color) => color.map((channel) => Math.round(channel / 2)));
    const flagged = await mended(
      dataSpec(await pairsOf([await map.png().toBuffer()]), { ...said, colors: half }),
    );
    expect(flagged.colors).toEqual(followed.colors);
    // This loses half of a channel.
    const weak = [
      [0, 0, 0],
      [255, 0, 0],
      [0, 255, 0],
      [255, 128, 0],
    ] as const;
    const lost = dataSpec(await pairsOf([await map.png().toBuffer()]), { ...said, colors: weak });
    expect((await examine(lost)).errors[0]?.settings).toBeUndefined();
  });

  it('of whole areas are no blur: no distance takes them for a class', async () => {
    const shifted = [
      [70, 130, 180],
      [128, 64, 128],
      [0, 0, 110],
    ] as const;
    const near = [
      [70, 130, 180],
      [128, 64, 128],
      [0, 0, 142],
      [0, 0, 134],
    ] as const;
    for (const saved of [shifted, near]) {
      const ids = areas(saved.map((_, id) => id));
      const map = await drawn(ids, saved).png().toBuffer();
      const { errors } = await examine(dataSpec(await pairsOf([map]), masks));
      expect(errors[0]?.text).toContain('whole areas have these colors, so they are no blur');
      expect(errors[0]?.settings).toBeUndefined();
    }
  });

  it('are never all taken for one class', async () => {
    const dim = [
      [0, 0, 0],
      [3, 0, 0],
      [0, 3, 0],
      [2, 2, 0],
    ] as const;
    const ids = areas([0, 1, 2]).map((id, i) => (i === 5 ? 3 : id));
    const map = await drawn(ids, dim).png().toBuffer();
    const said = {
      label_format: 'colors',
      colors: [
        [0, 0, 0],
        [255, 0, 0],
        [0, 255, 0],
      ],
    } as const;
    const { errors } = await examine(dataSpec(await pairsOf([map]), said));
    expect(errors[0]?.text).toContain('whole areas have these colors');
    expect(errors[0]?.settings).toBeUndefined();
  });

  it('of many thin things are swallowed by no distance', async () => {
    const at = (i: number): readonly number[] =>
      i % WIDTH === 8 ? [250, 20 * (i >> 6), 30] : colors[i % WIDTH < 8 ? 0 : 1]!;
    const map = rgb(Array.from({ length: WIDTH * WIDTH }, (_, i) => at(i)).flat(), WIDTH);
    const files = await pairsOf([await map.png().toBuffer()]);
    for (const said of [masks, { colors, names }, {}]) {
      const { errors } = await examine(dataSpec(files, said));
      for (const { settings } of errors) expect(settings?.color_distance ?? 0).toBeLessThan(120);
    }
  });

  it('where ids are expected are those of the classes, or are listed', async () => {
    const files = await pairsOf([await inColors([0, 1, 2]).png().toBuffer()]);
    expect((await mended(dataSpec(files, { names, colors }))).label_format).toBe('colors');
    expect((await mended(dataSpec(files))).colors).toHaveLength(3);
    const { errors } = await examine(dataSpec(files, { names }));
    expect(errors[0]?.text).toContain('it holds (70, 130, 180), (128, 64, 128), (0, 0, 142)');
  });

  it('of photographs are told so', async () => {
    const photo = await rgb(
      Array.from({ length: 3 * WIDTH * WIDTH }, (_, i) => (i * 7919 + ((i * i) % 251)) % 256),
      WIDTH,
    )
      .png()
      .toBuffer();
    const files = await pairsOf([photo]);
    for (const settings of [{}, masks]) {
      const { errors } = await examine(dataSpec(files, settings));
      expect(errors[0]?.text).toContain('whether images and labels are exchanged');
    }
  });
});
