/**
 * Tests folders that users choose for results: none of their files is replaced, whatever its name and those of their
 * maps.
 */
import { SpadeworkError } from '../../dsl/errors.ts';
import { makeData } from '../../runtime/synthetic/index.ts';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { nameRun } from '../../compiler/ablation/labels.ts';
import { pictureFile } from '../../runtime/evaluate/paint-held-out.ts';
import { checkRunPlace } from '../../runtime/run/folder.ts';
import {
  claimOutputs,
  findClash,
  freeName,
  requireOwnExport,
  requireOwnPage,
} from '../../runtime/run/outputs.ts';
import { planFiles } from '../../runtime/synthesize/synthesize.ts';
import { writeOfficial } from '../../runtime/weights/write-official.ts';
import { removeFolder } from '../support/tiny-experiment.ts';

const root = mkdtempSync(join(tmpdir(), 'spadework-outputs-'));
afterAll(() => removeFolder(root));
let out: string;
let count = 0;
beforeEach(() => {
  out = join(root, String(count++));
});

/** Writes a file of a user, or of a command. */
function put(file: string, text = `of the user: ${file}`): void {
  mkdirSync(dirname(join(out, file)), { recursive: true });
  writeFileSync(join(out, file), text);
}

const plan = (names: readonly string[], photos = false) =>
  planFiles(
    { out },
    names.map((name) => ({ name, image: photos ? 'photo.jpg' : undefined })),
  );

/** Writes maps as the command does: claims the folder, then writes every planned file. */
async function paint(names: readonly string[], photos = false): Promise<ReturnType<typeof plan>> {
  const planned = plan(names, photos);
  await claimOutputs(out, planned.outputs);
  for (const file of planned.outputs.own) put(file, 'ours');
  for (const file of planned.outputs.named) put(file, `painting ${file}`);
  return planned;
}

describe('names of ours step aside for those of maps', () => {
  it.each([
    ['grid.png', [], 'grid.png'],
    ['grid.png', ['grid.png'], 'grid-2.png'],
    ['grid.png', ['GRID.png'], 'grid-2.png'],
    ['grid.png', ['grid.png', 'grid-2.png', 'Grid-3.png'], 'grid-4.png'],
    ['grid.png', ['grid.png/a.png'], 'grid-2.png'],
    ['labels', ['labels/a.png'], 'labels-2'],
    ['labels', ['labels.png', 'a/labels/b.png'], 'labels'],
    ['index.html', ['index.png'], 'index.html'],
    ['index.html', ['index.html/a.png'], 'index-2.html'],
  ])('%s beside %s is %s', (wanted, named, expected) => expect(freeName(wanted, named)).toBe(expected));

  it('and no two files of a painting are one, however maps are called', () => {
    const odd = [
      ...[
        'grid',
        'grid-2',
        'index',
        'page',
        'style',
        'styles',
        'labels',
        'photos',
        'pictures',
        'con',
        'a',
        'a-1',
      ],
      ...[
        'labels/a',
        'labels-2/a',
        'photos/a',
        'Photos/b',
        'GRID-3.png/a',
        'index.html/b',
        'styles/a-2',
        'x/y/z',
      ],
    ];
    const { outputs, items, grid, page } = plan(odd, true);
    const files = [...outputs.named, ...outputs.own];
    expect(findClash(files, true)).toBeUndefined();
    expect(files).toHaveLength(3 * odd.length + 2);
    expect(items.map(({ painted }) => painted)).toEqual(odd.map((name) => `${name}.png`));
    expect([grid, page]).toEqual(['grid-4.png', 'index-2.html']);
  });
});

describe('names of maps', () => {
  it.each([
    [['a.png', 'A.png'], true, ['a.png', 'A.png']],
    [['a.png', 'A.png'], false, undefined],
    [['x/a.png', 'X/A.png'], true, ['x/a.png', 'X/A.png']],
    [['é.png', 'e\u0301.png'], true, ['é.png', 'e\u0301.png']],
    [['a.png', 'a.png/b.png'], false, ['a.png', 'a.png/b.png']],
    [['a.png', 'A.PNG/b.png'], true, ['a.png', 'A.PNG/b.png']],
    [['a', 'a'], false, ['a', 'a']],
    [['a/b.png', 'a/c.png', 'a-1.png', 'b.png'], true, undefined],
  ])('%s clash where case is blind (%s): %s', (files, isCaseBlind, expected) =>
    expect(findClash(files, isCaseBlind)).toEqual(expected),
  );

  it('clash before anything is painted, with both named', async () => {
    await expect(paint(['a', 'a.png/b'])).rejects.toThrow("'a.png' and 'a.png/b.png' cannot both be written");
    expect(existsSync(join(out, 'a.png'))).toBe(false);
  });
});

describe('a folder that holds something', () => {
  it('keeps it, and is refused where a file would be replaced', async () => {
    put('grid.png');
    put('notes.txt');
    const refused = paint(['a']);
    await expect(refused).rejects.toThrow(SpadeworkError);
    await expect(refused).rejects.toThrow(/would be overwritten or mixed up with its own: grid.png\nhint: /);
    expect(readFileSync(join(out, 'grid.png'), 'utf8')).toBe('of the user: grid.png');
    expect(existsSync(join(out, 'index.html'))).toBe(false);
  });

  it.each([
    ['a.png', 'a'],
    ['index.html', 'b'],
    ['labels/other.png', 'b'],
    ['photos/mine/deep.jpg', 'b'],
    ['labels', 'b'],
    ['b.png/c.txt', 'b'],
  ])('is refused for %s when a map is called %s', async (file, name) => {
    put(file);
    await expect(paint([name], true)).rejects.toThrow(SpadeworkError);
    expect(readFileSync(join(out, file), 'utf8')).toBe(`of the user: ${file}`);
  });

  it('is refused for links, whose targets are somewhere else', async () => {
    put('target');
    symlinkSync('target', join(out, 'a.png'));
    await expect(paint(['a'])).rejects.toThrow('a.png');
  });

  it('is painted into beside files that nothing is written to', async () => {
    put('notes.txt');
    await paint(['a']);
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).toBe('of the user: notes.txt');
  });

  it('is painted into again, and keeps the paintings of before from what is ours', async () => {
    await paint(['a', 'grid']);
    await paint(['a', 'grid']);
    const { grid } = await paint(['a', 'b']);
    expect(grid).toBe('grid-2.png');
    expect(readFileSync(join(out, 'grid.png'), 'utf8')).toBe('painting grid.png');
    // Our earlier files that are no longer needed are deleted.
    expect(['a', 'b', 'grid'].map((name) => existsSync(join(out, `labels/${name}.png`)))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('takes a painting where an overview was', async () => {
    await paint(['a']);
    await paint(['grid']);
    await paint(['a']);
    expect(readFileSync(join(out, 'grid.png'), 'utf8')).toBe('painting grid.png');
  });

  it('counts for the user where the list of what was written is damaged', async () => {
    await paint(['a']);
    writeFileSync(join(out, '.spadework-files.json'), '{"format": ');
    await expect(paint(['a'])).rejects.toThrow('a.png');
  });

  it('may be one of ours as a whole', async () => {
    put('compare.md', 'of an ablation');
    const outputs = { named: [], own: ['compare.md'], folders: [] };
    await expect(claimOutputs(out, outputs)).rejects.toThrow(SpadeworkError);
    await claimOutputs(out, outputs, { isOurs: true });
  });
});

describe('files that users name', () => {
  it('are replaced where they are pages or exports of ours alone', async () => {
    const file = (name: string): string => join(out, name);
    put('page.html', '<html><meta name="generator" content="Spadework" />');
    put('my.spade', 'experiment mine {}');
    requireOwnPage(file('page.html'));
    requireOwnPage(file('none.html'));
    expect(() => requireOwnPage(file('my.spade'))).toThrow(/'.*my.spade' is there already, and is no page/);
    expect(() => requireOwnPage(out)).toThrow(SpadeworkError);
    const variable = {
      name: 'c.bias',
      shape: [1],
      role: 'parameter',
      initializer: { kind: 'constant', value: 0 },
    };
    const values = new Map([['c.bias', Float32Array.of(1)]]);
    await writeOfficial([variable], values, undefined, file('ours.safetensors'));
    requireOwnExport(file('ours.safetensors'));
    put('theirs.safetensors', '\0\0\0\0\0\0\0\0{}');
    expect(() => requireOwnExport(file('theirs.safetensors'))).toThrow(SpadeworkError);
  });

  it.each(['', '.'])("are not written over where the folder is '%s', the working one", async (folder) => {
    put('spec.json');
    put('painted.png');
    const before = process.cwd();
    process.chdir(out);
    try {
      for (const overwrite of [false, true])
        expect(() => checkRunPlace({ out: folder, overwrite })).toThrow(SpadeworkError);
      const outputs = { named: ['painted.png'], own: [], folders: [] };
      await expect(claimOutputs(folder, outputs)).rejects.toThrow(SpadeworkError);
      const size = { width: 32, height: 32 };
      const making = makeData({ kind: 'shapes', folder, count: 2, size, classes: 3, seed: 0 });
      await expect(making).rejects.toThrow('is not empty');
    } finally {
      process.chdir(before);
    }
  });

  it('are none where no path can be', () => {
    expect(() => checkRunPlace({ out: 'a\0b' })).toThrow(SpadeworkError);
  });

  it('are no run because they are called like its files', () => {
    put('spec.json', '{"name": "my api"}');
    put('weights/mine.pth');
    expect(() => checkRunPlace({ out, overwrite: true })).toThrow('holds no run');
    put('run.json', '{"scripts": []}');
    expect(() => checkRunPlace({ out, overwrite: true })).toThrow('holds no run');
  });
});

it('pictures of evaluations in further styles lie where no map is', () => {
  const files = ['a', 'a-2', 'styles/a', 'styles/a-2', '2/a'].flatMap((map) =>
    [0, 1, 11].map((style) => pictureFile('eval/id', map, style)),
  );
  expect(findClash(files, true)).toBeUndefined();
});

it('runs of an ablation have names of their own in any case', () => {
  const taken = new Set<string>();
  const names = ['Spade()', 'spade()', 'SPADE', 'plan', 'comparison', 'ablation.json'].map((label) => {
    const name = nameRun([{ axis: 'G.norm', label }], 0, taken);
    taken.add(name.toLowerCase());
    return name;
  });
  expect(findClash([...names, 'plan', 'comparison', 'ablation.json'], true)).toBeUndefined();
});
