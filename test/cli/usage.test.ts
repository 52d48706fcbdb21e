/** Checks that wrong usage (unknown, empty and repeated words) is refused with a hint, before anything is done. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runHere } from './run-here.ts';

const folder = mkdtempSync(join(tmpdir(), 'spadework-usage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Requires that a command line is refused as wrong usage, and gives the message. */
async function refused(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await runHere(words, folder);
  expect([code, out]).toEqual([2, '']);
  expect(readdirSync(folder)).toEqual([]);
  return err;
}

describe('an unknown option', () => {
  it.each<[string, string]>([
    ['train a.spade --lr 1', '--set optimize.G.rate=2e-4'],
    ['train a.spade --lr=1', "unknown option '--lr'\nhint: rates"],
    ['train a.spade --epochs 3', '--set train.epochs=...'],
    ['train a.spade --size 64x64', '--set data.size=...'],
    ['train a.spade --sample-every 5', '--set train.sample_every=...'],
    ['train a.spade --gpu', '--engine says what to run on'],
    ['train a.spade --resume', 'spadework resume RUN'],
    ['train a.spade --batch-size 4', 'did you mean --batch?'],
    ['train a.spade --config b', 'the spec is named without an option'],
    ['eval run --metrics fid', '--segmenter adds mIoU'],
    ['eval run --labels maps', '--maps names the folder'],
    ['eval run --seg other', 'did you mean --segmenter?'],
    ['synth run --label maps --out painted', "unknown option '--label'\nhint: did you mean --labels?"],
    ['synth run --labels maps --output painted', '--out says where to write'],
    ['ablate a.spade --gpu 2', 'did you mean --gpus?'],
    ['data check --dta there', 'did you mean --data?'],
  ])('%s is told with what is meant', async (line, hint) => {
    expect(await refused(...line.split(' '))).toContain(hint);
  });

  it.each([
    'train a.spade --verbose',
    'resume run --lr 1',
    'doctor --fast',
    'data --foo',
    'import a.pth --network G --wide',
  ])('%s gets no option that shares only few letters', async (line) => {
    const said = await refused(...line.split(' '));
    expect(said).toContain('unknown option');
    expect(said).not.toMatch(/hint|mean/i);
  });

  it('is no reason to keep help back', async () => {
    expect(await runHere(['synth', '--foo', '--help'])).toMatchObject({ code: 0 });
  });
});

describe('an empty text', () => {
  it.each<readonly [option: string, ...words: string[]]>([
    ["option '--out <folder>'", 'train', 'a.spade', '--out', ''],
    ["option '--out <folder>'", 'train', 'a.spade', '--out='],
    ["option '--name <experiment>'", 'train', 'a.spade', '--name', ''],
    ["option '--data <folder>'", 'train', 'a.spade', '--data', ''],
    ["option '--steps <n>'", 'train', 'a.spade', '--steps', ''],
    ["option '--set <path=value>'", 'check', 'a.spade', '--set', 'a=1', '--set', ''],
    ["option '--labels <folder>'", 'synth', 'run', '--labels', '', '--out', 'painted'],
    ["option '--run <folder>'", 'import', 'a.pth', '--network', 'G', '--run', ''],
    ["option '--spec <file>'", 'import', 'a.pth', '--network', 'G', '--spec', ''],
    ["option '-o, --out <file>'", 'export', 'run', '--network', 'G', '-o', ''],
    ["option '--ablation [name]'", 'explain', 'a.spade', '--ablation', ''],
    ["argument 'file'", 'train', ''],
    ["argument 'file'", 'check', 'a.spade', ''],
    ["argument 'run'", 'resume', ''],
    ["argument 'folders'", 'compare', 'one', ''],
    ["argument 'words'", 'ablate', 'a.spade', '--eval', '--', '--maps', ''],
    ["argument 'folder'", 'data', 'make', 'shapes', ''],
  ])('for %s is refused', async (what, ...words) => {
    expect(await refused(...words)).toContain(`error: ${what} is empty\nhint: a variable of the shell`);
  });

  it('and a NUL character are no values', async () => {
    expect(await refused('train', 'a\0b')).toContain("argument 'file' holds a NUL character");
    expect(await refused('train', 'a', '--out', 'a\0b')).toContain("option '--out <folder>' holds a NUL");
  });
});

describe('an option that is given twice', () => {
  it('is refused where one value is expected', async () => {
    expect(await refused('train', 'a.spade', '--steps', '1', '--steps=2')).toContain(
      "option '--steps <n>' is given twice",
    );
    expect(await refused('export', 'run', '--network', 'G', '-o', 'a', '--out', 'b')).toContain(
      'given twice',
    );
  });

  it('is taken where it says several things, or nothing more', async () => {
    const twice = ['check', 'gone.spade', '--set', 'a=1', '--set', 'b=2'];
    expect((await runHere(twice, folder)).code).toBe(1);
    expect((await runHere(['fmt', 'gone.spade', '--check', '--check'], folder)).code).toBe(1);
  });
});
