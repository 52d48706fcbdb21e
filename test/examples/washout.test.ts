/** Tests the washout example without an engine: its list of networks, its measure, its page. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  connectedAreas,
  groups,
  separationOf,
  specFile,
  uniformSize,
  verdictOf,
  type Washout,
} from '../../examples/washout/measure.ts';
import { writeWashoutPage } from '../../examples/washout/page.ts';
import { numberedClasses } from '../../runtime/data/classes.ts';

it('shows every network of the spec once', () => {
  const inSpec = [...readFileSync(specFile, 'utf8').matchAll(/^network (\w+)/gm)].map(([, name]) => name);
  expect(groups.flatMap(({ networks }) => networks).sort()).toEqual(inSpec.sort());
});

it('measures outputs by their size', () => {
  const [a, b] = [Float32Array.of(3, 0), Float32Array.of(0, 4)];
  // The mean squares are 25 / 2 between the two, and 25 / 4 over both.
  expect(separationOf([a, b]).mean).toBeCloseTo(Math.sqrt(2), 6);
  const three = separationOf([a, b, a]);
  expect(three.least).toBe(0);
  expect(three.most).toBeCloseTo(Math.sqrt(12.5 / (34 / 6)), 6);
  expect(three.mean).toBeCloseTo(Math.sqrt(25 / 3 / (34 / 6)), 6);
  expect(separationOf([a, a])).toEqual({ least: 0, mean: 0, most: 0 });
  expect(verdictOf(separationOf([a, a]))).toBe('lost');
  expect(verdictOf(separationOf([a, b]))).toBe('kept');
  expect(verdictOf(three)).toBe('in part');
});

it('counts areas that hang together', () => {
  const labels = Int32Array.of(...[0, 1, 0, 0], ...[1, 1, 0, 2], ...[0, 1, 0, 0]);
  expect([...connectedAreas(labels, { width: 4, height: 3 })]).toEqual([
    ...[0, 1, 2, 2],
    ...[1, 1, 2, 3],
    ...[4, 1, 2, 2],
  ]);
});

it('writes a page whose pictures are there, with a row for every network', async () => {
  const classes = numberedClasses(2);
  const same = { least: 0, mean: 0, most: 0 };
  const picture = new Float32Array(3 * uniformSize.width * uniformSize.height);
  const washouts = groups.flatMap(({ networks }) =>
    networks.map((network): Washout => ({
      network,
      engine: 'portable',
      call: `norm: of_${network}`,
      note: 'A `note` & more.',
      alone: same,
      together: network === 'Batch' ? { least: 1, mean: 1.25, most: 1.5 } : same,
      inUse: same,
      uniform: [picture, picture],
      real: picture,
    })),
  );
  const folder = mkdtempSync(join(tmpdir(), 'spadework-washout-'));
  try {
    const map = { ...uniformSize, ids: new Uint16Array(uniformSize.width * uniformSize.height) };
    const facts = { map, classes, engine: 'portable', seed: 0, command: 'npm run washout' };
    const page = readFileSync(await writeWashoutPage(folder, washouts, facts), 'utf8');
    const files = readdirSync(folder);
    const shown = [...page.matchAll(/src="([^"]+)"/g)].map(([, path]) => path);
    expect(shown.length).toBeGreaterThan(2 * washouts.length);
    for (const path of shown) expect(files).toContain(path);
    for (const { network } of washouts) expect(shown).toContain(`${network}.png`);
    expect(page).toContain('<code>note</code> &amp; more.');
    expect(page.match(/1\.25/g)).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
