/** Tests the messages about bad data: every mistake has one, and all are reported at once. */
import { error, type Diagnostic } from '../../dsl/diagnostic.ts';
import { SpadeworkError } from '../../dsl/errors.ts';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDataset, type Dataset } from '../../runtime/data/dataset.ts';
import { readClasses } from '../../runtime/data/classes.ts';
import { listPairs } from '../../runtime/data/pairs.ts';
import type { DatasetFolders } from '../../runtime/data/pair.ts';
import { plainCoding } from '../../runtime/data/coding.ts';
import type { Fault } from '../../runtime/data/findings.ts';
import * as messages from '../../runtime/data/messages.ts';
import { faultProblems } from '../../runtime/data/problems.ts';
import { sampleReader } from '../../runtime/data/sample.ts';
import { classesUpTo, greyPng, numberedFiles, rgb, temporaryFolder, writeFiles } from './data-support.ts';

const SIZE = { width: 4, height: 2 };

/** Gives the diagnostics of a refused action. */
async function problemsOf(action: () => unknown): Promise<readonly Diagnostic[]> {
  try {
    await action();
  } catch (error) {
    if (error instanceof SpadeworkError) return error.diagnostics;
    throw error;
  }
  throw new Error('nothing was refused');
}

const foldersOf = (root: string): DatasetFolders & { images: string } => {
  return { images: path.join(root, 'images'), labels: path.join(root, 'labels') };
};

async function open(folders: DatasetFolders, classes = 4, cacheBytes?: number): Promise<Dataset> {
  const dataset = await openDataset({
    folders,
    classes: classesUpTo(classes),
    size: SIZE,
    workers: 1,
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  });
  onTestFinished(() => dataset.close());
  return dataset;
}

describe('a data set whose folders are wrong', () => {
  it('names every folder that is missing, a file, or empty', async () => {
    const root = writeFiles({ 'images/notes.txt': '', labels: 'a file', 'instances/a.jpg': '' });
    const [images, labels] = [path.join(root, 'images'), path.join(root, 'labels')];
    const [instances, gone] = [path.join(root, 'instances'), path.join(root, 'gone')];
    expect(await problemsOf(() => open({ images, labels, instances }))).toEqual([
      messages.notAFolder('label maps', labels),
      messages.emptyFolder('photos', images, ['.jpg', '.jpeg', '.png', '.webp'], ['notes.txt']),
      messages.emptyFolder('instance maps', instances, ['.png'], ['a.jpg']),
    ]);
    expect(await problemsOf(() => open({ images: undefined, labels: gone }))).toEqual([
      messages.noFolder('label maps', gone),
    ]);
    const empty = temporaryFolder();
    expect(await problemsOf(() => open({ images: undefined, labels: empty }))).toEqual([
      messages.emptyFolder('label maps', empty, ['.png'], []),
    ]);
  });

  it('lists the files without a partner, both ways, ten of them and the count of the rest', async () => {
    const map = await greyPng([0], 1);
    const files: Record<string, Buffer> = { 'labels/both.png': map, 'images/both.png': map };
    const letters = [...'abcdefghijkl'];
    for (const letter of letters) files[`labels/${letter}.png`] = map;
    files['images/z.png'] = map;
    const folders = foldersOf(writeFiles(files));
    const problems = await problemsOf(() => open(folders));
    expect(problems).toEqual([
      messages.noPartner('photos', folders.images, 'label maps', letters, 13, undefined),
      messages.noPartner('label maps', folders.labels, 'photos', ['z'], 2, undefined),
    ]);
    expect(problems[0]?.message).toContain('12 of 13 label maps');
    expect(problems[0]?.message).toContain('i, j, and 2 more');
  });

  it('names files that would both be the photo of one label map', async () => {
    const files = await numberedFiles(1);
    files['images/s0.JPG'] = Buffer.from('');
    expect(await problemsOf(() => open(foldersOf(writeFiles(files))))).toEqual([
      messages.filesOfOneStem('photos', [['s0', ['s0.JPG', 's0.png']]]),
    ]);
  });
});

// With a cache for everything, check() decodes the photos too; without one it reads only their headers.
describe.each([
  ['with a cache', 2 ** 20],
  ['without a cache', 0],
])('check() %s', (_, cacheBytes) => {
  it('accepts what is right, and reports its progress', async () => {
    const dataset = await open(foldersOf(writeFiles(await numberedFiles(3))), 4, cacheBytes);
    const reported: number[][] = [];
    await dataset.check((done, total) => reported.push([done, total]));
    expect(reported).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it('names file, pixel, value and count of values that no class declares, in all files', async () => {
    const files = await numberedFiles(3);
    files['labels/s0.png'] = await greyPng([0, 1, 2, 3, 0, 255, 255, 3], 4);
    files['labels/s2.png'] = await greyPng([4, 1, 2, 3, 0, 0, 1000, 3], 4, 16);
    const folders = foldersOf(writeFiles(files));
    const problems = await problemsOf(async () => (await open(folders, 4, cacheBytes)).check());
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(
      `${path.join(folders.labels, 's0.png')}' holds the value 255 at x 1, y 1`,
    );
    expect(problems[0]?.message).toContain(
      `and so does 1 more of the label maps: '${path.join(folders.labels, 's2.png')}'`,
    );
    expect(problems[0]?.message).toContain(
      '4 of 16 pixels are wrong (values 4, 255, 1000); declared: 0..3 (4 classes)',
    );
  });
});

describe.each(['decode', 'examine'] as const)('the files of a sample, to %s,', (kind) => {
  /** Gives the faults of the samples in some folders. */
  async function problemsIn(folders: DatasetFolders): Promise<Diagnostic[]> {
    const { pairs } = await listPairs(folders);
    const classes = classesUpTo(4);
    const meaning = { coding: plainCoding(classes), classes };
    const reader = sampleReader(meaning);
    const faults: Fault[] = [];
    for (const pair of pairs) {
      const outcome =
        kind === 'decode'
          ? await reader.decode(pair, SIZE)
          : (await reader.examine(pair, undefined)).findings;
      if ('faults' in outcome) faults.push(...outcome.faults);
    }
    return faultProblems(faults, meaning).map(({ settings: _settings, ...problem }) => problem);
  }

  it('are refused for a color mask in place of ids', async () => {
    const files = await numberedFiles(1);
    const mask = Array.from({ length: 8 }, () => [128, 64, 128]).flat();
    files['labels/s0.png'] = await rgb(mask, 4).png().toBuffer();
    const folders = foldersOf(writeFiles(files));
    expect(await problemsIn(folders)).toEqual([
      messages.coloredMaps(
        [
          {
            kind: 'colored',
            file: path.join(folders.labels, 's0.png'),
            role: 'label maps',
            x: 0,
            y: 0,
            color: [128, 64, 128],
          },
        ],
        undefined,
      ),
    ]);
  });

  it('are all named if damaged', async () => {
    const files = await numberedFiles(3);
    const noise = Array.from({ length: 64 * 32 }, (_value, i) => (i * 7919) % 4);
    const map = await greyPng(noise, 64);
    files['labels/s0.png'] = map.subarray(0, map.length - 60);
    files['images/s0.png'] = Buffer.from('not a picture');
    files['labels/s1.png'] = Buffer.from('');
    const folders = foldersOf(writeFiles(files));
    const problems = await problemsIn(folders);
    expect(problems.map(({ message }) => message.replaceAll(/\([^,]*\)/g, '(…)'))).toEqual([
      `2 label maps cannot be decoded: '${path.join(folders.labels, 's0.png')}' (…), '${path.join(folders.labels, 's1.png')}' (…)`,
      `'${path.join(folders.images, 's0.png')}' cannot be decoded: it is no JPEG, PNG, WebP, GIF or TIFF file`,
    ]);
  });

  it('may differ in size, but not in shape: then both sizes are named', async () => {
    const files = await numberedFiles(2);
    files['images/s0.png'] = await greyPng([0, 0, 0, 0, 0, 0, 0, 0, 0], 3);
    files['images/s1.png'] = await greyPng(
      Array.from({ length: 8 * 4 }, () => 7),
      8,
    );
    const folders = foldersOf(writeFiles(files));
    expect(await problemsIn(folders)).toEqual([
      messages.differentShapes(
        [
          {
            first: { file: path.join(folders.images, 's0.png'), width: 3, height: 3 },
            second: { file: path.join(folders.labels, 's0.png'), width: 4, height: 2 },
          },
        ],
        undefined,
      ),
    ]);
  });

  it('include an instance map of the same shape', async () => {
    const files = await numberedFiles(1);
    files['instances/s0.png'] = await greyPng([0, 0, 0], 1);
    const root = writeFiles(files);
    const folders = { ...foldersOf(root), instances: path.join(root, 'instances') };
    expect(await problemsIn(folders)).toEqual([
      messages.differentShapes(
        [
          {
            first: { file: path.join(folders.labels, 's0.png'), width: 4, height: 2 },
            second: { file: path.join(folders.instances, 's0.png'), width: 1, height: 3 },
          },
        ],
        undefined,
      ),
    ]);
  });
});

describe('a damaged photo', () => {
  it('is found by check() where everything is decoded, and by the step that needs it where not', async () => {
    const files = await numberedFiles(1);
    const noise = Array.from({ length: 3 * 64 * 32 }, (_, i) => (i * 7919) % 256);
    const jpeg = await rgb(noise, 64).jpeg().toBuffer();
    delete files['images/s0.png'];
    files['images/s0.jpg'] = jpeg.subarray(0, jpeg.length / 2);
    const folders = foldersOf(writeFiles(files));
    const message = `'${path.join(folders.images, 's0.jpg')}' cannot be decoded: `;
    const cached = await open(folders);
    await expect(cached.check()).rejects.toThrow(message);
    const uncached = await open(folders, 4, 0);
    await uncached.check();
    await expect(uncached.read(0)).rejects.toThrow(message);
    const loader = uncached.loader({ batch: 1, seed: 1, augment: { flip: false } });
    await expect(loader.next()).rejects.toThrow(message);
  });
});

describe('the error of data', () => {
  it('says one problem as it is, and counts several', () => {
    const problem = (name: string) => error('odd', name, undefined, { hint: 'try' });
    expect(messages.dataError(problem('one')).message).toBe('one\nhint: try');
    const { message, problems } = messages.dataError(problem('one'), problem('two'));
    expect(problems).toHaveLength(2);
    expect(message).toBe('error[odd]: one\nhint: try\n\nerror[odd]: two\nhint: try\n\n2 errors');
  });

  it('writes ids as ranges', () => {
    expect(messages.idRanges([255, 0, 2, 1, 7])).toBe('0..2, 7, 255');
  });
});

describe('classes.json', () => {
  const write = (content: unknown): string =>
    path.join(
      writeFiles({ 'classes.json': typeof content === 'string' ? content : JSON.stringify(content) }),
      'classes.json',
    );

  it('gives ids, names and colors, and colors of their own to classes without one', () => {
    const taken = readClasses(write({ classes: [{ id: 0, name: 'a' }] }))[0]?.color;
    const classes = readClasses(
      write({
        classes: [
          { id: 3, name: 'sky', color: taken },
          ...Array.from({ length: 200 }, (_, i) => ({ id: 10 + i, name: `n${i}` })),
        ],
      }),
    );
    expect(classes[0]).toEqual({ id: 3, name: 'sky', color: taken });
    expect(new Set(classes.map(({ color }) => color.join())).size).toBe(201);
    expect(classes.every(({ color }) => color.every((v) => Number.isInteger(v) && v >= 0 && v < 256))).toBe(
      true,
    );
  });

  it('is refused with all its mistakes', async () => {
    const file = write({
      classes: [
        { id: 0, name: 'a' },
        { id: 0, name: 'a' },
        { id: -1, name: '' },
        { id: 1.5 },
        { id: 2, name: 'b', color: [1, 2, 256] },
        7,
      ],
    });
    const id = 'needs an integer "id" of 0..65535';
    const name = 'needs a "name", a text';
    expect(await problemsOf(() => readClasses(file))).toEqual([
      messages.repeatedClass(file, 'id', 0),
      messages.repeatedClass(file, 'name', 'a'),
      messages.badClass(file, 2, id, -1),
      messages.badClass(file, 2, name, ''),
      messages.badClass(file, 3, id, 1.5),
      messages.badClass(file, 3, name, undefined),
      messages.badClass(file, 4, 'needs a "color" of three integers of 0..255', [1, 2, 256]),
      messages.badClass(file, 5, 'has to be an object', 7),
    ]);
  });

  it('is refused if it is missing, no JSON, or without classes', () => {
    const missing = path.join(temporaryFolder(), 'classes.json');
    expect(() => readClasses(missing)).toThrow(
      `the classes cannot be read from '${missing}': there is no such file`,
    );
    const broken = write('{"classes": [');
    expect(() => readClasses(broken)).toThrow(`'${broken}' is not valid JSON: `);
    for (const content of [{}, { classes: [] }, { classes: {} }, 'null']) {
      const file = write(content);
      expect(() => readClasses(file)).toThrow(messages.noClassList(file).message);
    }
  });
});
