/** Tests reading of files: only regular files are read, others are named by their kind and never block. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPhotos } from '../../runtime/data/photos.ts';
import { readClasses } from '../../runtime/data/classes.ts';
import { mapsWithin } from '../../runtime/data/pairs.ts';
import { mapsNotSearched } from '../../runtime/run/messages.ts';
import { LARGEST_FILE, readRegular } from '../../runtime/data/files.ts';
import { dataSpec, examine } from './data-examine.ts';
import { greyPng, rgb, temporaryFolder, writeFiles } from './data-support.ts';

const map = (): Promise<Buffer> => greyPng([0, 1, 2, 2], 2);
const photo = (value = 9): Promise<Buffer> => rgb(Array<number>(12).fill(value), 2).png().toBuffer();

/** A data set of one pair, a. */
const onePair = async (): Promise<string> =>
  writeFiles({ 'images/a.png': await photo(), 'labels/a.png': await map() });

describe('things that are no regular files', { tags: 'needs-linux' }, () => {
  it('are named with what they are, all at once', async () => {
    const root = await onePair();
    const labels = path.join(root, 'labels');
    execFileSync('mkfifo', [path.join(labels, 'pipe.png')]);
    mkdirSync(path.join(labels, 'folder.png'));
    symlinkSync('/dev/zero', path.join(labels, 'device.png'));
    symlinkSync('nowhere.png', path.join(labels, 'lost.png'));
    symlinkSync('loop.png', path.join(labels, 'loop.png'));
    const socket = createServer();
    await new Promise<void>((resolve) => socket.listen(path.join(labels, 's.png'), resolve));
    try {
      const { errors, names } = await examine(dataSpec(root));
      expect(names).toEqual(['a']);
      expect(errors.map(({ text }) => text)).toEqual([
        `6 of the names of label maps in '${labels}' are not regular files: 'device.png' (a link to a device), ` +
          `'folder.png' (a folder), 'loop.png' (a link that leads back to itself), 'lost.png' (a link that leads nowhere), ` +
          `'pipe.png' (a pipe), 's.png' (a socket)\nhint: pictures are read from files, and from links to files; take the others out`,
      ]);
    } finally {
      await new Promise((resolve) => socket.close(resolve));
    }
  });

  it('are left alone where names are those of something else', async () => {
    const root = await onePair();
    execFileSync('mkfifo', [path.join(root, 'labels', 'notes.txt')]);
    mkdirSync(path.join(root, 'labels', 'more'));
    expect((await examine(dataSpec(root))).errors).toEqual([]);
  });

  it('are refused where they came after the folder was listed, and as lists and styles', async () => {
    const root = await onePair();
    const pipe = path.join(root, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(readRegular(pipe)).rejects.toThrow('it is a pipe, expected a file');
    await expect(readRegular('/dev/null')).rejects.toThrow('it is a device, expected a file');
    await expect(readRegular(root)).rejects.toThrow('it is a folder, expected a file');
    const { errors } = await examine(dataSpec(root, { list: 'pipe' }));
    expect(errors[0]?.text).toBe(`'${pipe}' cannot be read: it is a pipe, expected a file`);
    expect(() => readClasses(pipe)).toThrow('it is a pipe, expected a file');
    await expect(openPhotos(pipe, { width: 2, height: 2 })).rejects.toThrow('it is a pipe');
  });

  it('may be links to files and folders, which are followed once', async () => {
    const root = await onePair();
    const linked = writeFiles({});
    symlinkSync(path.join(root, 'images'), path.join(linked, 'images'));
    mkdirSync(path.join(linked, 'labels'));
    symlinkSync(path.join(root, 'labels/a.png'), path.join(linked, 'labels/a.png'));
    expect(await examine(dataSpec(linked))).toMatchObject({ names: ['a'], errors: [] });
    // Links to folders inside are not followed, so loops are impossible.
    symlinkSync('..', path.join(root, 'labels', 'up'));
    symlinkSync('..', path.join(root, 'images', 'up'));
    expect(await examine(dataSpec(root, { subfolders: true }))).toMatchObject({ names: ['a'], errors: [] });
  });
});

describe('folders within', () => {
  it('are counted where they hold label maps that are not searched', async () => {
    const root = writeFiles({
      'a.png': await map(),
      'b/c.png': await map(),
      'b/d.txt': '',
      'b/e/f.png': await map(),
    });
    expect([...(await mapsWithin(root))]).toEqual([
      ['b', 1],
      ['b/e', 1],
    ]);
    expect(mapsNotSearched('maps', await mapsWithin(root))).toBe(
      "warning[maps-not-searched]: 2 label maps lie in folders within 'maps', which are not searched, and are not painted: 'b' (1), 'b/e' (1)\n" +
        'hint: paint each folder by itself: --labels maps/b --out FOLDER',
    );
  });
});

describe('files', () => {
  it('of no bytes, and of more than any picture, are said to be so', async () => {
    const root = await onePair();
    writeFileSync(path.join(root, 'labels/a.png'), '');
    writeFileSync(path.join(root, 'images/a.png'), 'x');
    truncateSync(path.join(root, 'images/a.png'), LARGEST_FILE + 1); // a sparse file, which uses no disk space
    const { errors } = await examine(dataSpec(root));
    expect(errors.map(({ text }) => text.split('\n')[0])).toEqual([
      `'${path.join(root, 'images/a.png')}' cannot be read: it has ${LARGEST_FILE + 1} bytes, expected at most ${LARGEST_FILE}`,
      `'${path.join(root, 'labels/a.png')}' cannot be decoded: the file is empty`,
    ]);
  });

  it('of one fault are one message, however many there are', async () => {
    const root = temporaryFolder();
    for (const folder of ['images', 'labels']) mkdirSync(path.join(root, folder));
    for (let i = 0; i < 300; i++)
      for (const folder of ['images', 'labels']) writeFileSync(path.join(root, folder, `${i}.png`), 'none');
    const { errors } = await examine(dataSpec(root));
    expect(errors.map(({ text }) => text.split(':')[0])).toEqual([
      '300 label maps cannot be decoded',
      '300 photos cannot be decoded',
    ]);
    for (const { text } of errors) expect(text).toMatch(/and 290 more\nhint: /);
  });
});

describe('names', () => {
  it('cannot pass for lines of a message', { tags: 'needs-linux' }, async () => {
    const root = writeFiles({
      'images/b.png': await photo(),
      'labels/b.png': await map(),
    });
    writeFileSync(path.join(root, 'labels', 'x\nhint: run rm\u001b[2J\u202e.png'), await map());
    const { errors } = await examine(dataSpec(root));
    expect(errors[0]?.text.split('\n')[0]).toContain('x\\u{a}hint: run rm\\u{1b}[2J\\u{202e}');
    expect(errors[0]?.text.split('\n')).toHaveLength(2);
  });

  it('that are not valid UTF-8 are told so', { tags: 'needs-linux' }, async () => {
    const root = await onePair();
    writeFileSync(Buffer.from(`${root}/labels/\xe9.png`, 'latin1'), await map());
    const { errors } = await examine(dataSpec(root));
    expect(errors.map(({ text }) => text).join()).toContain('its name is not valid UTF-8; rename it');
  });

  it('that differ in case or accents are told apart, and told of', { tags: 'needs-linux' }, async () => {
    const root = writeFiles({
      'images/A.png': await photo(1),
      'images/a.png': await photo(2),
      'images/e\u0301.png': await photo(3),
      'images/x.png': await photo(4),
      'labels/A.png': await map(),
      'labels/a.png': await map(),
      'labels/\u00e9.png': await map(),
      'labels/X.png': await map(),
    });
    const { errors, warnings, names } = await examine(dataSpec(root));
    expect(names).toEqual(['A', 'X', 'a', '\u00e9']);
    expect(warnings.map(({ text }) => text.split('\n')[0])).toEqual([
      '1 names of pairs differ from others only in case or in how accents are written: A = a',
    ]);
    for (const { text } of errors) expect(text).toContain('differ in upper and lower case');
  });
});
