/** Tests layouts of data sets: suffixes, subfolders, lists, color-coded maps, photo and map in one file. */
import { describeDiagnostic } from '../../dsl/diagnostic.ts';
import { SpadeworkError } from '../../dsl/errors.ts';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DataSpec } from '../../compiler/format/types.ts';
import type { Dataset } from '../../runtime/data/dataset.ts';
import { listPairs } from '../../runtime/data/pairs.ts';
import { classesOf, foldersOf, openTestData, openTrainingData } from '../../runtime/run/data.ts';
import { greyPng, rgb, writeFiles } from './data-support.ts';

const SKY = [0, 0, 255];
const ROAD = [128, 64, 128];
const GRASS = [0, 128, 0];

/** Describes data of 2x2 pixels and three classes, with changes. */
function dataSpec(folder: string, more: Partial<DataSpec> = {}): DataSpec {
  return {
    name: 'test',
    path: folder,
    images: 'images',
    labels: 'labels',
    classes: 3,
    size: { width: 2, height: 2 },
    batch: 1,
    ...more,
  };
}

async function opened(dataset: Promise<Dataset> | undefined): Promise<Dataset> {
  if (!dataset) throw new Error('there is no such data');
  const found = await dataset;
  onTestFinished(() => found.close());
  return found;
}

const problemsOf = async (action: Promise<unknown>): Promise<readonly string[]> => {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SpadeworkError) return error.diagnostics.map(describeDiagnostic);
  throw new Error('nothing was refused', { cause: error });
};

const photo = (...values: readonly number[]): Promise<Buffer> =>
  rgb(
    [values[0] ?? 0, values[1] ?? 0, values[2] ?? 0, 9].flatMap((value) => [value, value, value]),
    2,
  )
    .png()
    .toBuffer();

describe('a layout like that of Cityscapes', () => {
  const layout = async () =>
    writeFiles({
      'leftImg8bit/train/aachen/aachen_1_leftImg8bit.png': await photo(1),
      'leftImg8bit/train/ulm/ulm_1_leftImg8bit.png': await photo(2),
      'gtFine/train/aachen/aachen_1_gtFine_labelIds.png': await greyPng([0, 1, 2, 2], 2),
      'gtFine/train/aachen/aachen_1_gtFine_color.png': await greyPng([9, 9, 9, 9], 2),
      'gtFine/train/aachen/aachen_1_gtFine_instanceIds.png': await greyPng([0, 26001, 26002, 26002], 2, 16),
      'gtFine/train/ulm/ulm_1_gtFine_labelIds.png': await greyPng([1, 1, 1, 1], 2),
      'gtFine/train/ulm/ulm_1_gtFine_instanceIds.png': await greyPng([1, 1, 1, 1], 2, 16),
    });
  const settings = {
    images: 'leftImg8bit/train',
    labels: 'gtFine/train',
    instances: 'gtFine/train',
    subfolders: true,
    image_suffix: '_leftImg8bit',
    label_suffix: '_gtFine_labelIds',
    instance_suffix: '_gtFine_instanceIds',
  } as const;

  it('is paired by what names begin with, in subfolders too', async () => {
    const dataset = await opened(openTrainingData(dataSpec(await layout(), settings)));
    expect(dataset.pairs.map(({ name }) => name)).toEqual(['aachen/aachen_1', 'ulm/ulm_1']);
    await dataset.check();
    const { labels, instances, edges } = await dataset.read(0);
    expect([...labels]).toEqual([0, 1, 2, 2]);
    expect([...(instances ?? [])]).toEqual([0, 1, 2, 2]);
    expect([...(edges ?? [])]).toEqual([1, 1, 1, 1]);
  });

  it('is said to need subfolders where these are not searched', async () => {
    const [first] = await problemsOf(
      openTrainingData(dataSpec(await layout(), { ...settings, subfolders: false })),
    );
    expect(first).toContain('expected files ending in _gtFine_labelIds.png, found aachen, ulm');
    expect(first).toContain('hint: files in folders within the folder are found with: subfolders: true');
  });
});

describe('lists of pairs', () => {
  const layout = async (list: string) => {
    const files: Record<string, Buffer | string> = { 'train.txt': list, 'test.txt': 'c\n' };
    for (const name of ['a', 'b', 'c', 'd']) {
      files[`images/${name}.png`] = await photo(1);
      files[`labels/${name}.png`] = await greyPng([0, 1, 2, 2], 2);
    }
    return dataSpec(writeFiles(files), {
      list: 'train.txt',
      test_list: 'test.txt',
      test_images: 'images',
      test_labels: 'labels',
    });
  };

  it('take what they name, with an ending or without, and leave the rest', async () => {
    const data = await layout('d.jpg\r\n\n a \n');
    const [training, test] = [await opened(openTrainingData(data)), await opened(openTestData(data))];
    expect(training.pairs.map(({ name }) => name)).toEqual(['a', 'd']);
    expect(test.pairs.map(({ name }) => name)).toEqual(['c']);
  });

  it('leave all others to train on where only those to test on are named', async () => {
    const { list: _, ...data } = await layout('');
    const training = await opened(openTrainingData({ ...data, images: 'images', labels: 'labels' }));
    expect(training.pairs.map(({ name }) => name)).toEqual(['a', 'b', 'd']);
    const apart = await opened(openTrainingData({ ...data, test_labels: 'elsewhere' }));
    expect(apart.pairs).toHaveLength(4);
  });

  it('are refused with the lines that name nothing', async () => {
    const data = await layout('a\n\ne\nf.png\n');
    const problems = await problemsOf(openTrainingData(data));
    expect(problems).toEqual([
      expect.stringMatching(
        /^2 of 3 names in '.*train\.txt' are not those of label maps in '.*': e \(line 3\), f \(line 4\)/,
      ),
    ]);
  });

  it('say where they cannot be read', async () => {
    const problems = await problemsOf(openTrainingData({ ...(await layout('a')), list: 'absent.txt' }));
    expect(problems[0]).toMatch(/absent\.txt' cannot be read: there is no such file/);
  });
});

describe('masks of colors', () => {
  const layout = async (mask: readonly (readonly number[])[], more: Partial<DataSpec> = {}) =>
    dataSpec(
      writeFiles({
        'images/a.png': await photo(1),
        'labels/a.png': await rgb(mask.flat(), 2).png().toBuffer(),
      }),
      { label_format: 'colors', names: ['sky', 'road', 'grass'], colors: [SKY, ROAD, GRASS], ...more },
    );

  it('become the ids of the classes that have their colors', async () => {
    const dataset = await opened(openTrainingData(await layout([ROAD, GRASS, SKY, SKY])));
    expect([...(await dataset.read(0)).labels]).toEqual([1, 2, 0, 0]);
  });

  it('are read from palettes by their colors', async () => {
    const data = await layout([ROAD, GRASS, SKY, SKY]);
    const palette = await rgb([ROAD, GRASS, SKY, SKY].flat(), 2).png({ palette: true }).toBuffer();
    expect(palette.readUInt8(25), 'the file has a palette').toBe(3);
    const folder = writeFiles({ 'images/a.png': await photo(1), 'labels/a.png': palette });
    const dataset = await opened(openTrainingData({ ...data, path: folder }));
    expect([...(await dataset.read(0)).labels]).toEqual([1, 2, 0, 0]);
  });

  it('are refused with file, pixel and color where no class has it, and with the nearest class', async () => {
    const data = await layout([ROAD, GRASS, [128, 64, 125], SKY]);
    const dataset = await opened(openTrainingData(data));
    const [problem] = await problemsOf(dataset.check());
    expect(problem).toContain(
      `labels${path.sep}a.png' holds the color (128, 64, 125) at x 0, y 1, which no class has`,
    );
    expect(problem).toContain(
      '1 of 4 pixels are wrong; the nearest of 3 classes is road (128, 64, 128), 3 away',
    );
    expect(problem).toContain(
      'hint: all of these are within 3 of a class: colors that were blurred or saved as JPEG are taken for the nearest class with: color_distance: 3',
    );
  });

  it('are refused with all colors that no class has, not only the first', async () => {
    const dataset = await opened(openTrainingData(await layout([[0, 0, 0], [9, 9, 9], [0, 0, 0], SKY])));
    const [problem] = await problemsOf(dataset.check());
    expect(problem).toContain('3 of 4 pixels are wrong, of the colors (0, 0, 0), (9, 9, 9); the nearest');
    expect(problem).toContain(
      'hint: the masks have colors that no class has, (0, 0, 0), (9, 9, 9): give each a class of its own',
    );
  });

  it('may be taken for the nearest class up to a distance', async () => {
    const near = [128, 64, 125];
    const dataset = await opened(
      openTrainingData(await layout([near, GRASS, near, SKY], { color_distance: 3 })),
    );
    expect([...(await dataset.read(0)).labels]).toEqual([1, 2, 1, 0]);
    const stricter = await opened(
      openTrainingData(await layout([near, GRASS, near, SKY], { color_distance: 2.9 })),
    );
    expect(await problemsOf(stricter.check())).toHaveLength(1);
  });

  it('need classes that differ in color', async () => {
    const problems = await problemsOf(
      openTrainingData(await layout([SKY, SKY, SKY, SKY], { colors: [SKY, ROAD, SKY] })),
    );
    expect(problems[0]).toContain('the classes sky and grass have the same color (0, 0, 255)');
  });

  it('need a legend with all colors', async () => {
    const data = await layout([SKY, SKY, SKY, SKY]);
    const { colors: _colors, names: _names, ...rest } = data;
    const classes = {
      classes: [
        { id: 0, name: 'sky', color: SKY },
        { id: 1, name: 'road' },
      ],
    };
    const folder = writeFiles({
      'classes.json': JSON.stringify(classes),
      'labels/a.png': '',
      'images/a.png': '',
    });
    const problems = await problemsOf(openTrainingData({ ...rest, path: folder, legend: 'classes.json' }));
    expect(problems[0]).toContain('class "road" has no color, but label maps hold colors');
  });

  it('that are taken for ids are refused, with how to say it', async () => {
    const { label_format: _format, ...data } = await layout([ROAD, GRASS, SKY, SKY]);
    const [problem] = await problemsOf((await opened(openTrainingData(data))).check());
    expect(problem).toContain('holds colors where one id a pixel is expected: (128, 64, 128) at x 0, y 0');
    expect(problem).toContain('say label_format: "colors"');
  });
});

describe('values of label maps', () => {
  it('become classes as the data says, with void as the last', async () => {
    const folder = writeFiles({
      'images/a.png': await photo(1),
      'labels/a.png': await greyPng([1, 2, 255, 0], 2),
    });
    const data = dataSpec(folder, { ids_from: 1, void: [0, 255], names: ['sky', 'road'] });
    const dataset = await opened(openTrainingData(data));
    await dataset.check();
    expect([...(await dataset.read(0)).labels]).toEqual([0, 1, 2, 2]);
    expect(dataset.classes.map(({ id, name }) => [id, name])).toEqual([
      [0, 'sky'],
      [1, 'road'],
      [2, 'void'],
    ]);
  });

  it('are what the ids of a legend are', () => {
    const classes = {
      classes: [
        { id: 1, name: 'wall', color: [1, 2, 3] },
        { id: 2, name: 'sky' },
      ],
    };
    const folder = writeFiles({ 'classes.json': JSON.stringify(classes) });
    const data = dataSpec(folder, { ids_from: 1, void: [0], legend: 'classes.json' });
    expect(classesOf(data).map(({ id, name }) => [id, name])).toEqual([
      [0, 'wall'],
      [1, 'sky'],
      [2, 'void'],
    ]);
    expect(() => classesOf({ ...data, classes: 2 })).toThrow(
      /names a class with id 2, but the data declares 2 classes \(ids 1 to 2\)/,
    );
  });
});

describe('photograph and label map in one file', () => {
  // [photo, photo, map, map] in each row
  const picture = (left: readonly number[], right: readonly (readonly number[])[]) => {
    const row = (y: number) => [
      ...left.slice(2 * y, 2 * y + 2).flatMap((value) => [value, value, value]),
      ...right.slice(2 * y, 2 * y + 2).flat(),
    ];
    return rgb([...row(0), ...row(1)], 4)
      .png()
      .toBuffer();
  };

  it('are taken apart, colors by those of the classes', async () => {
    const folder = writeFiles({ 'train/a.png': await picture([10, 20, 30, 40], [ROAD, SKY, GRASS, GRASS]) });
    const dataset = await opened(
      openTrainingData(
        dataSpec(folder, {
          images: 'train',
          labels: 'train',
          paired: 'photo_left',
          label_format: 'colors',
          colors: [SKY, ROAD, GRASS],
        }),
      ),
    );
    await dataset.check();
    const { name, labels, image } = await dataset.read(0);
    expect([name, ...labels]).toEqual(['a', 1, 0, 2, 2]);
    expect([...(image ?? [])].map((value) => Math.round(127.5 * (value + 1)))).toEqual(
      [10, 20, 30, 40].flatMap((value) => [value, value, value]),
    );
  });

  it('may hold the photograph on the right, and ids as greys', async () => {
    const ids = [0, 1, 2, 1];
    const right = [ROAD, SKY, GRASS, GRASS];
    const folder = writeFiles({ 'train/a.png': await picture(ids, right) });
    const dataset = await opened(
      openTrainingData(dataSpec(folder, { images: 'train', labels: 'train', paired: 'photo_right' })),
    );
    await dataset.check();
    const { labels, image } = await dataset.read(0);
    expect([...labels]).toEqual(ids);
    expect([...(image ?? [])].map((value) => Math.round(127.5 * (value + 1)))).toEqual(right.flat());
  });
});

describe('pairs', () => {
  it('are made of names without the suffixes, and say who has no partner', async () => {
    const folder = writeFiles({
      'images/a_photo.png': await photo(1),
      'images/b_photo.png': await photo(1),
      'images/c.png': await photo(1),
      'labels/a_ids.png': await greyPng([0, 1, 2, 2], 2),
    });
    const { pairs, problems } = await listPairs({
      images: path.join(folder, 'images'),
      labels: path.join(folder, 'labels'),
      suffixes: { images: '_photo', labels: '_ids' },
    });
    expect(pairs.map(({ name }) => name)).toEqual(['a']);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^1 of 2 photos have no partner among the label maps in .*: b$/),
    ]);
  });
});

describe('photos and maps in one folder', () => {
  const lying = (files: Readonly<Record<string, Buffer>>, more: Partial<DataSpec> = {}): DataSpec => {
    const inFolder = Object.entries(files).map(([name, content]) => [`all/${name}`, content] as const);
    return dataSpec(writeFiles(Object.fromEntries(inFolder)), { images: 'all', labels: './all/', ...more });
  };
  const map = (): Promise<Buffer> => greyPng([0, 1, 2, 2], 2);
  const grey = (): Promise<Buffer> => greyPng([9, 90, 200, 9], 2);
  const jpeg = (): Promise<Buffer> => rgb(Array<number>(12).fill(7), 2).jpeg().toBuffer();

  /** Gives the file names of pairs. */
  async function pairsIn(data: DataSpec) {
    const { pairs, problems } = await listPairs(foldersOf(data).train);
    const nameOf = (file: string | undefined) => file && path.basename(file);
    return {
      pairs: pairs.map(({ image, label, instances }) => [image, label, instances].map(nameOf)),
      problems,
    };
  }

  it('are paired by suffixes, grey photos too', async () => {
    const suffixes = { image_suffix: '_img', label_suffix: '_mask' };
    const data = lying({ '0_img.png': await grey(), '0_mask.png': await map() }, suffixes);
    expect(await pairsIn(data)).toEqual({ pairs: [['0_img.png', '0_mask.png', undefined]], problems: [] });
    const dataset = await opened(openTrainingData(data));
    expect([...(await dataset.read(0)).labels]).toEqual([0, 1, 2, 2]);
  });

  it('are paired where one suffix is longer, or there is only one', async () => {
    const files = { 'a.png': await photo(1), 'a_mask.png': await map(), 'a_mask_inst.png': await map() };
    const data = lying(files, { label_suffix: '_mask', instance_suffix: '_inst', instances: 'all' });
    expect(await pairsIn({ ...data, instance_suffix: '_mask_inst' })).toEqual({
      pairs: [['a.png', 'a_mask.png', 'a_mask_inst.png']],
      problems: [],
    });
    const reverse = lying(
      { 'a_photo.png': await photo(1), 'a.png': await map() },
      { image_suffix: '_photo' },
    );
    expect((await pairsIn(reverse)).pairs).toEqual([['a_photo.png', 'a.png', undefined]]);
  });

  it('are paired by endings', async () => {
    const data = lying({
      '0.jpg': await jpeg(),
      '0.png': await map(),
      '1.JPG': await jpeg(),
      '1.png': await map(),
    });
    expect(await pairsIn(data)).toEqual({
      pairs: [
        ['0.jpg', '0.png', undefined],
        ['1.JPG', '1.png', undefined],
      ],
      problems: [],
    });
    await (await opened(openTrainingData(data))).check();
  });

  it('say what is needed where nothing tells them apart', async () => {
    const data = lying({ '0_img.png': await photo(1), '0_mask.png': await map() });
    const [problem, ...others] = (await pairsIn(data)).problems;
    expect(others).toEqual([]);
    expect(problem?.message).toContain(
      'photos and label maps lie in one folder, and nothing tells them apart',
    );
    expect(problem?.hint).toContain('image_suffix: "_img", label_suffix: "_mask"');
    expect(problem?.hint).toContain('paired: "photo_left"');
    const followed = await pairsIn({ ...data, image_suffix: '_img', label_suffix: '_mask' });
    expect(followed.problems).toEqual([]);
    const instances = lying({ '0.jpg': await jpeg(), '0.png': await map() }, { instances: 'all' });
    expect((await pairsIn(instances)).problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^instance maps and label maps lie in one folder/),
    ]);
  });

  it('are side by side in each file only where the data say so', async () => {
    const wide = rgb([1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1], 4).png();
    const data = lying({ 'a.png': await wide.toBuffer() });
    expect((await pairsIn(data)).problems).toHaveLength(1);
    expect(await pairsIn({ ...data, labels: 'all', paired: 'photo_left' })).toEqual({
      pairs: [['a.png', 'a.png', undefined]],
      problems: [],
    });
  });
});
