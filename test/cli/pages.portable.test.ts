/**
 * Tests the pages of commands in a real browser: scripts run, pictures load, and nothing violates the content security
 * policy.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage } from '../support/chromium.ts';
import { makeTinyExperiment, removeFolder, tinySpec } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';

const environment = { SPADEWORK_ENGINE: 'portable' };
let folder: string;
/** The page of the data check, by its data. */
let checked: string;

/** Runs a command; gives the path in its last line. */
async function run(...words: string[]): Promise<string> {
  const { code, out, err } = await runCli(words, { folder, environment });
  expect(code, err).toBe(0);
  return out.trimEnd().split('\n').at(-1) ?? '';
}

describe('in Chromium', { tags: ['full', 'needs-chromium'], timeout: 180_000 }, () => {
  beforeAll(async () => {
    ({ folder } = await makeTinyExperiment());
    writeFileSync(join(folder, 'often.spade'), tinySpec({ train: 'steps: 3, sample_every: 1' }));
    for (const out of ['one', 'two']) await run('train', 'often.spade', '--out', out, '--quiet');
    await run('synth', 'one', '--labels', 'data/test-labels', '--out', 'painted');
    await run('compare', 'one', 'two', '--out', 'compared');
    await run('profile', 'often.spade', '--steps', '1', '--warmup', '0');
    checked = await run('data', 'check', 'often.spade');
  }, 180_000);
  afterAll(() => removeFolder(folder));

  it.each([
    ['a run', () => 'one/index.html', '.player'],
    ['paintings', () => 'painted/index.html', 'img'],
    ['a comparison', () => 'compared/index.html', 'table'],
    ['a profile', () => 'profiles/tiny.html', '.flame'],
    ['a check of data', () => checked, 'img'],
  ])('the page of %s has nothing to complain of', (_what, file, part) => {
    const { html, console } = openPage(join(folder, file()));
    expect(console).toEqual([]);
    const { document } = parseHTML(html);
    expect(document.querySelector('meta[http-equiv="Content-Security-Policy"]')).not.toBeNull();
    const found = document.querySelector(part);
    // Elements that need a script are hidden until it has run.
    expect(found?.hasAttribute('hidden')).toBe(false);
  });
});
