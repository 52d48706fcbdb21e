/** Tests the commands that train and synthesize, on the portable engine. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTinyExperiment, removeFolder, tinySpec } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';

let folder: string;
const environment = { SPADEWORK_ENGINE: 'portable' };
const run = (...words: string[]) => runCli(words, { folder, environment });
const containing = (text: string): string => expect.stringContaining(text) as string;

beforeAll(async () => {
  ({ folder } = await makeTinyExperiment({ light: true }));
});
afterAll(() => removeFolder(folder));

describe('train', () => {
  it('trains, says how it goes, and ends with the path of the page', async () => {
    const { code, out, err } = await run('train', 'tiny.spade', '--steps', '3');
    expect([code, out]).toEqual([0, 'runs/tiny-1/index.html\n']);
    expect(err).toMatch(
      /^Needs about [\d.]+ [kM]B of memory for .*, [\d.]+ [kM]B of the disk for 3 checkpoints$/m,
    );
    expect(err).toMatch(/^Training on TensorFlow\.js [\d.]+, WebAssembly; the run is in runs\/tiny-1$/m);
    expect(err).toMatch(/^3\/3 steps {2}.* steps\/s {2}loss G [\d.-]+, D [\d.-]+$/m);
    expect(err).toMatch(/^Memory: \d+ MiB and (\d+) tensors after step 3, \d+ MiB and \1 tensors/m);
    const again = await run('train', 'tiny.spade', '--steps', '1', '--quiet');
    expect(again).toEqual({ code: 0, out: 'runs/tiny-2/index.html\n', err: '' });
  });

  it('is interrupted by Ctrl-C after a whole step, and goes on from there', async () => {
    writeFileSync(join(folder, 'long.spade'), tinySpec({ light: true, train: 'steps: 100000' }));
    const words = ['train', 'long.spade', '--out', 'long'];
    const stopped = await runCli(words, { folder, environment, interruptOn: 'Training on' });
    expect(stopped.code).toBe(130);
    const steps = Number(
      /Stopped after step (\d+) of 100000; .* spadework resume long$/m.exec(stopped.err)?.[1],
    );
    const resumed = await run('resume', 'long', '--steps', String(steps + 2));
    expect(resumed).toMatchObject({ code: 0, err: containing(`Going on after step ${steps} on`) });
  });

  it('can be profiled: two tables, and the path of a page', async () => {
    const { code, out } = await run('profile', 'tiny.spade', '--steps', '1', '--warmup', '0', '--lines', '3');
    expect(code).toBe(0);
    expect(out).toMatch(/^line +ms +% +forward +backward +update +kernels$/m);
    expect(out).toMatch(/^op +ms +%/m);
    expect(out).toMatch(/\nprofiles\/tiny\.html\n$/);
    expect(existsSync(join(folder, 'profiles', 'tiny.html'))).toBe(true);
  });

  it('refuses labels that are no declared classes before the first step', async () => {
    mkdirSync(join(folder, 'bad', 'labels'), { recursive: true });
    mkdirSync(join(folder, 'bad', 'photos'));
    const raw = { width: 32, height: 32 } as const;
    const ids = new Uint8Array(32 * 32);
    ids[33] = 9;
    await sharp(ids, { raw: { ...raw, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(join(folder, 'bad/labels/a.png'));
    await sharp(new Uint8Array(3 * 32 * 32), { raw: { ...raw, channels: 3 } })
      .png()
      .toFile(join(folder, 'bad/photos/a.png'));
    writeFileSync(join(folder, 'no-test.spade'), tinySpec({ test: false }));
    const { code, err } = await run('train', 'no-test.spade', '--data', 'bad', '--out', 'never');
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error\[undeclared-values\]: '.*a\.png' holds the value 9 at x 1, y 1, which is not a declared class/,
    );
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  it('refuses missing data and mistakes in the spec with exit code 1', async () => {
    const missing = await run('train', 'tiny.spade', '--data', 'nowhere');
    expect(missing).toMatchObject({
      code: 1,
      err: containing("the folder of the data does not exist: '"),
    });
    writeFileSync(join(folder, 'typo.spade'), tinySpec().replace('SpadeGenerator(', 'SpadGenerator('));
    const typo = await run('train', 'typo.spade');
    expect(typo).toMatchObject({ code: 1, err: containing('SpadeGenerator') });
  });

  it('refuses a folder in the place of which there is a file', async () => {
    // A file in place of a folder stops every user, including root.
    writeFileSync(join(folder, 'file'), '');
    const { code, err } = await run('train', 'tiny.spade', '--out', 'file/run');
    expect(code).toBe(1);
    expect(err).toMatch(
      /error\[in-the-way\]: 'file\/run' is in the way of what is to be written: a part of its path is a file.*\nhint: /,
    );
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('blames the machine for a folder without permission', { tags: 'needs-permissions' }, async () => {
    mkdirSync(join(folder, 'locked'));
    chmodSync(join(folder, 'locked'), 0o500);
    const { code, err } = await run('train', 'tiny.spade', '--out', 'locked/run');
    expect([code, err]).toEqual([3, containing('EACCES')]);
  });
});

describe('synth', () => {
  it('paints a folder and prints the path of the page', async () => {
    // A map may have the same name as the overview.
    mkdirSync(join(folder, 'maps'));
    for (const name of ['test1', 'grid'])
      copyFileSync(join(folder, 'data/test-labels/test1.png'), join(folder, `maps/${name}.png`));
    mkdirSync(join(folder, 'maps/more'));
    copyFileSync(join(folder, 'maps/grid.png'), join(folder, 'maps/more/left-out.png'));
    const { code, out, err } = await run('synth', 'runs/tiny-1', '--labels', 'maps', '--out', 'painted');
    expect([code, out]).toEqual([0, 'painted/index.html\n']);
    expect(err).toContain(
      "1 label map lies in folders within 'maps', which are not searched, and is not painted",
    );
    const widthOf = async (name: string) => (await sharp(join(folder, 'painted', name)).metadata()).width;
    expect(await Promise.all(['test1.png', 'grid.png'].map(widthOf))).toEqual([32, 32]);
    expect(await widthOf('grid-2.png')).toBeGreaterThan(100);
  });

  it('refuses a folder that is no run', async () => {
    const { code, err } = await run('synth', 'data', '--labels', 'data/labels', '--out', 'painted');
    expect([code, err]).toEqual([1, containing("'data' holds no run: spec.json is missing")]);
  });
});
