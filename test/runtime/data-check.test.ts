/** Tests the check of data: all mistakes are found at once, and counts match the pixels. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DataSpec } from '../../compiler/format/types.ts';
import { checkDatasets } from '../../runtime/data/dataset.ts';
import { openTestData, openTrainingData } from '../../runtime/run/data.ts';
import { checkData } from '../../runtime/check-data/check.ts';
import { writeDataCheck } from '../../runtime/check-data/write.ts';
import { runCli } from '../cli/run-cli.ts';
import { runHere } from '../cli/run-here.ts';
import { greyPng, rgb, temporaryFolder, writeFiles } from './data-support.ts';

const dataSpec = (path: string, more: Partial<DataSpec> = {}): DataSpec => ({
  name: 'mine',
  path,
  images: 'train/images',
  labels: 'train/labels',
  test_images: 'test/images',
  test_labels: 'test/labels',
  names: ['sky', 'road', 'car'],
  classes: 3,
  size: { width: 4, height: 4 },
  batch: 1,
  ...more,
});

const photo = (value: number, width = 4, height = 4): Promise<Buffer> =>
  rgb(
    Array.from({ length: 3 * width * height }, (_, i) => (value + i) % 256),
    width,
  )
    .png()
    .toBuffer();

const map = (...ids: readonly number[]): Promise<Buffer> =>
  greyPng(
    Array.from({ length: 16 }, (_, i) => ids[i % ids.length]!),
    4,
  );

/** A data set without mistakes: three training pairs, one held out. */
async function sound(): Promise<Record<string, Buffer>> {
  return {
    'train/images/a.png': await photo(1),
    'train/images/b.png': await photo(2),
    'train/images/c.png': await photo(3),
    'train/labels/a.png': await map(0, 1),
    'train/labels/b.png': await map(0, 1, 2, 2),
    'train/labels/c.png': await map(0),
    'test/images/d.png': await photo(4),
    'test/labels/d.png': await map(1),
  };
}

describe('a data set without mistakes', () => {
  it('is counted, and nothing is said against it', async () => {
    const { errors, warnings, classes, splits } = await checkData(dataSpec(writeFiles(await sound())));
    expect([errors, warnings]).toEqual([[], []]);
    const [train, test] = splits.map(({ survey }) => survey);
    expect([train?.pairs.length, test?.pairs.length]).toEqual([3, 1]);
    expect(Object.fromEntries(train!.labelSizes)).toEqual({ '4x4': 3 });
    expect(classes.map(({ name, splits: found }) => [name, found.train, found.test])).toEqual([
      ['sky', { share: (8 + 4 + 16) / 48, maps: 3 }, { share: 0, maps: 0 }],
      ['road', { share: (8 + 4) / 48, maps: 2 }, { share: 1, maps: 1 }],
      ['car', { share: 8 / 48, maps: 1 }, { share: 0, maps: 0 }],
    ]);
    // In a map of one class, only the part of the window outside distinguishes patches: corners, sides and the middle.
    expect(test?.patches[0]).toEqual({ window: 3, share: 9 / 16 });
  });
});

describe('mistakes', () => {
  it('are all found at once, in both splits', async () => {
    const files = await sound();
    files['train/labels/a.png'] = await map(0, 7);
    files['train/labels/b.png'] = await rgb(
      [...Array(16).keys()].flatMap((i) => [i, 0, 0]),
      4,
    )
      .png()
      .toBuffer();
    files['train/images/c.png'] = files['train/images/c.png']!.subarray(0, 50);
    files['train/images/e.png'] = await photo(5);
    files['train/labels/f.png'] = await map(1);
    files['test/images/d.png'] = await photo(4, 8, 2);
    const { errors } = await checkData(dataSpec(writeFiles(files)));
    const found = errors.map(({ message }) => message);
    expect(found).toEqual([
      expect.stringMatching(/^1 of 4 label maps have no partner among the photos in .*: f$/),
      expect.stringMatching(/^1 of 4 photos have no partner among the label maps in .*: e$/),
      expect.stringMatching(/c\.png' cannot be decoded/),
      expect.stringMatching(
        /b\.png' holds colors where one id a pixel is expected: \(1, 0, 0\) at x 1, y 0$/,
      ),
      expect.stringMatching(
        /a\.png' holds the value 7 at x 1, y 0, which is not a declared class; 8 of 16 pixels/,
      ),
      expect.stringMatching(/a pair differs in shape: .*d\.png' is 8x2, .*d\.png' is 4x4/),
    ]);
  });

  it('are no photos in both splits: a check and training warn of these alike', async () => {
    const files = await sound();
    files['test/images/d.png'] = files['train/images/a.png']!;
    const data = dataSpec(writeFiles(files));
    const { errors, warnings } = await checkData(data);
    const said: unknown = expect.objectContaining({
      message: '1 photo is in both splits: train/a = test/d',
    });
    expect(errors).toEqual([]);
    expect(warnings).toContainEqual(said);
    const [train, test] = await Promise.all([openTrainingData(data), openTestData(data)]);
    try {
      expect(await checkDatasets([train, test!])).toContainEqual(said);
    } finally {
      await Promise.all([train.close(), test?.close()]);
    }
  });

  it('that are none but odd are warned of', async () => {
    const files = await sound();
    files['train/images/b.png'] = files['train/images/a.png']!;
    files['train/labels/b.png'] = await map(0);
    files['test/labels/d.png'] = await map(2);
    files['train/images/c.png'] = await photo(3, 2, 2);
    const { errors, warnings } = await checkData(
      dataSpec(writeFiles(files), { size: { width: 4, height: 3 } }),
    );
    expect(errors).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual([
      '1 photos of train come more than once: train/a = train/b',
      '1 of 3 classes are in no training map: car',
      '1 classes are in test maps, but in no training map: car',
      '1 of 3 photos of train are smaller than 4x3 and will be enlarged',
      '3 of 3 photos of train differ in width : height from 4x3 and will be stretched or squeezed',
      '1 of 1 photos of test differ in width : height from 4x3 and will be stretched or squeezed',
    ]);
  });

  it('are warned of where nothing is held out', async () => {
    const { test_images: _images, test_labels: _labels, ...data } = dataSpec(writeFiles(await sound()));
    const { warnings } = await checkData(data);
    expect(warnings.map(({ code }) => code)).toEqual(['nothing-held-out']);
  });
});

describe('training', () => {
  const blurred = (distance: number): Promise<Buffer> =>
    rgb(Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? [distance, 0, 0] : [0, 0, 0])).flat(), 4)
      .png()
      .toBuffer();

  it('refuses what a check refuses, in the same words, with one number for both parts', async () => {
    const files = await sound();
    for (const name of ['train/labels/a', 'train/labels/b', 'train/labels/c'])
      files[`${name}.png`] = await blurred(10);
    files['test/labels/d.png'] = await blurred(40);
    files['train/images/c.png'] = files['train/images/c.png']!.subarray(0, 60);
    const colors = [0, 100, 200].map((value) => [0, value, 0]);
    const data = dataSpec(writeFiles(files), { label_format: 'colors', colors });
    const { errors } = await checkData(data);
    expect(errors).toHaveLength(2);
    expect(errors[1]?.hint).toContain('color_distance: 40');
    const parts = await Promise.all([openTrainingData(data), openTestData(data)!]);
    onTestFinished(async () => void (await Promise.all(parts.map((part) => part.close()))));
    const refused: unknown = await checkDatasets(parts).catch((error: unknown) => error);
    expect(refused instanceof SpadeworkError && refused.diagnostics).toEqual(errors);
  });

  it('tells what a check warns of in the files', async () => {
    const files = await sound();
    const turned = rgb(Array<number>(48).fill(9), 4).withMetadata({ orientation: 3 });
    files['train/images/c.png'] = await turned.png().toBuffer();
    const data = dataSpec(writeFiles(files));
    const training = await openTrainingData(data);
    onTestFinished(() => training.close());
    const warnings = await training.check();
    expect(warnings).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('1 photo has an EXIF orientation tag') as string,
        settings: { orientation: 'exif' },
      }),
    ]);
    const report = await checkData(data);
    expect(report.warnings).toEqual(warnings);
  });
});

describe('instance maps', () => {
  it('are counted by their bits', async () => {
    const files = await sound();
    for (const name of ['train/labels/a', 'train/labels/b', 'train/labels/c', 'test/labels/d'])
      files[`${name.replace('labels', 'instances')}.png`] = await greyPng(
        Array.from({ length: 16 }, (_, i) => 26000 + (i % 5)),
        4,
        16,
      );
    files['train/instances/b.png'] = await map(1, 2);
    const data = dataSpec(writeFiles(files), {
      instances: 'train/instances',
      test_instances: 'test/instances',
    });
    const { errors, splits } = await checkData(data);
    expect(errors).toEqual([]);
    const { instances } = splits[0]!.survey;
    expect([Object.fromEntries(instances!.bits), instances!.most]).toEqual([{ 8: 1, 16: 2 }, 5]);
  });
});

describe('the page', () => {
  it('shows problems, classes and labels over photographs, all files beside it', async () => {
    const files = await sound();
    files['train/labels/c.png'] = await map(0, 9);
    const data = dataSpec(writeFiles(files), { names: ['sky', 'road', '<car>'] });
    const out = join(temporaryFolder(), 'page');
    const page = await writeDataCheck(out, data, await checkData(data), 'spadework data check mine.spade');
    const { document } = parseHTML(readFileSync(page, 'utf8'));
    expect(document.querySelector('.lead')?.textContent).toBe('1 error, 0 warnings');
    expect(document.querySelectorAll('.problems li')).toHaveLength(1);
    const sources = Array.from(document.querySelectorAll('#pictures img'), (image) =>
      image.getAttribute('src')!,
    );
    expect(sources, 'of the pairs without mistakes').toHaveLength(3 * 3);
    for (const source of sources) expect(existsSync(join(out, source)), source).toBe(true);
    expect(document.querySelector('#classes svg')?.textContent).toContain('<car>');
    expect(document.querySelectorAll('.scroll > table')).toHaveLength(1);
    const overlay = await sharp(join(out, sources[1]!)).metadata();
    expect([overlay.width, overlay.height]).toEqual([4, 4]);
  });

  it('gives a hint once where one problem after the other has it', async () => {
    const files = await sound();
    // In both splits and all maps: as many messages as splits.
    for (const name of ['a', 'b', 'c']) files[`train/images/${name}.gif.png`] = await photo(1);
    for (const name of ['d', 'e']) files[`test/labels/${name}x.png`] = await map(1);
    const out = join(temporaryFolder(), 'page');
    const data = dataSpec(writeFiles(files));
    const page = await writeDataCheck(out, data, await checkData(data), 'spadework data check mine.spade');
    const { document } = parseHTML(readFileSync(page, 'utf8'));
    const errors = Array.from(document.querySelectorAll('.problems .error'));
    expect(errors.map((one) => one.querySelector('.note') !== null)).toEqual([false, true]);
  });

  it('leaves out what it has nothing to show of', async () => {
    const data = dataSpec(writeFiles({}));
    const out = join(temporaryFolder(), 'page');
    const page = await writeDataCheck(out, data, await checkData(data), 'spadework data check mine.spade');
    const { document } = parseHTML(readFileSync(page, 'utf8'));
    expect(Array.from(document.querySelectorAll('h2'), ({ textContent }) => textContent)).toEqual([
      'Errors',

      'In numbers',
    ]);
  });
});

describe('spadework data check', () => {
  const painter = (settings: string): string => `network Painter(seg: LabelMap) -> Image {
  return seg |> conv(3) |> tanh
}
experiment mine {
  data mine { ${settings} }
  let G = Painter()
  loss G = mean(abs(fake() - real()))
  train { steps: 1 optimize G with adam(rate: 1e-4) }
}
`;
  const settings = `path: "data", images: "train/images", labels: "train/labels", test_images: "test/images"
    test_labels: "test/labels", classes: 3, size: 4x4, batch: 1`;

  function folderWith(files: Record<string, Buffer>): string {
    const folder = writeFiles(
      Object.fromEntries(Object.entries(files).map(([name, content]) => [`data/${name}`, content])),
    );
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'mine.spade'), painter(settings));
    return folder;
  }

  it('ends with 0 and the path of a page where there are no errors', async () => {
    const folder = folderWith(await sound());
    const { code, out } = await runCli(['data', 'check', 'mine.spade'], { folder });
    expect([code, out.trim().split('\n').at(-1)]).toEqual([0, join('checks', 'mine', 'index.html')]);
    expect(existsSync(join(folder, 'checks/mine/index.html'))).toBe(true);
    expect(out).toContain('train: 3 pairs');
  });

  it('ends with 1 and every error, as JSON too', async () => {
    const files = await sound();
    files['train/labels/a.png'] = await map(0, 7);
    files['test/labels/d.png'] = await map(0, 8);
    const folder = folderWith(files);
    const shown = await runHere(['data', 'check', 'mine.spade'], folder);
    expect(shown.code).toBe(1);
    expect(shown.err).toContain('holds the value 7 at x 1, y 0');
    const { code, out } = await runHere(
      ['data', 'check', '../mine.spade', '--json'],
      join(folder, 'elsewhere'),
    );
    const report = JSON.parse(out) as { errors: string[]; splits: { name: string; pairs: number }[] };
    expect([code, report.errors.length]).toEqual([1, 1]);
    expect(report.errors[0]).toContain("and so does 1 more of the label maps: '");
    expect(report.splits).toMatchObject([
      { name: 'train', pairs: 3 },
      { name: 'test', pairs: 1 },
    ]);
    expect(existsSync(join(folder, 'elsewhere/checks'))).toBe(false);
  });

  it('checks a known data set without a spec', async () => {
    const mini = fileURLToPath(new URL('../../examples/data/camvid-mini', import.meta.url));
    const { code, err } = await runHere(['data', 'check', '--preset', 'camvid', '--data', mini, '--json']);
    expect(code).toBe(1); // the excerpt has other folders than the full data set
    expect(err).toBe('');
    const unknown = await runHere(['data', 'check', '--preset', 'camvd', '--data', mini]);
    expect([unknown.code, unknown.err]).toEqual([
      1,
      "error[unknown-preset]: there is no preset 'camvd'\nhint: there are: ade20k, camvid, cityscapes, coco_stuff, facades\n",
    ]);
    expect((await runHere(['data', 'check'])).err).toContain('nothing says what to check');
  });
});
