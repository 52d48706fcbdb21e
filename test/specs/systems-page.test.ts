/** Tests docs/systems.md: its facts are right, and it lists everything of the library. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../dsl/index.ts';
import { lossBlocks, networks, normBlocks, weightBlocks } from '../matrix/catalog.ts';
import { findFixture } from '../support/fixtures.ts';
import { checkText, provider } from '../support/specs.ts';
import { draw, fixturesBeside, mentions, swapped, systemsPage } from './systems-page.ts';
import { papers, pictures, sections, swaps } from './systems-rows.ts';

const rows = sections.flatMap((section) => section.rows);
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const images = here('../../docs/images/systems/');

describe('docs/systems.md', () => {
  it('is what the library and the tests say (renew it with vitest --update)', async () => {
    await expect(systemsPage()).toMatchFileSnapshot('../../docs/systems.md');
  });

  it('has a row for every network, norm, weight and loss of the library', () => {
    const named = new Set(rows.map(({ spec: [, name] }) => name));
    // The subject of a row, and the parts of losses.
    const parts =
      /^(plain|class_affine|said_of_|over_scales|predictions|gan_|feature_distance|squared_slopes|slope_penalty|pixel_cross|class_scores|oasis_|fake_cross|mixed_)/;
    const missing = [...networks, ...normBlocks, ...weightBlocks, ...lossBlocks]
      .map(({ name }) => name)
      .filter((name) => !named.has(name) && !parts.test(name));
    expect(missing).toEqual([]);
  });

  it.each(rows.filter(({ spec: [module] }) => module !== 'language'))(
    '$system cites its source where it is declared',
    ({ spec: [module, name], paper }) => {
      const { text } = provider().library(module)!;
      const comment = new RegExp(`((?:^#.*\\n)+)(?:block|network) ${name}(?:\\(| =)`, 'm').exec(text)?.[1];
      expect(comment, `${module}.spade has no commented ${name}`).toBeDefined();
      const [author] = paper === undefined ? [''] : papers[paper][0].split(' ');
      expect(comment).toContain(author);
    },
  );

  it('names fixtures that exist and that the named tests run', () => {
    const evidence = rows.flatMap((row) => row.evidence);
    for (const each of evidence)
      for (const fixture of each.fixtures ?? []) {
        const isThere = existsSync(here(`../fixtures/${fixture}`)) || fixturesBeside.includes(fixture);
        expect(isThere, `fixture ${fixture}`).toBe(true);
        expect(mentions(each, fixture), `${each.tests}: ${fixture}`).toBe(true);
      }
    expect(mentions({ tests: 'specs/losses' }, 'systems/unet')).toBe(false);
  });

  it('shows lines that may be swapped', () => {
    for (const [, example, line] of swaps) {
      const { diagnostics } = checkText(swapped(example, line));
      expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
    }
  });
});

describe('the pictures of docs/systems.md', () => {
  it.each(pictures)('$file is what explain draws (renew it with vitest --update)', async (picture) => {
    await expect(await draw(picture)).toMatchFileSnapshot(`${images}${picture.file}.svg`);
  });

  it('are there for every network, and no others', () => {
    const files = pictures.map(({ file }) => file);
    expect(networks.map(({ name }) => name).filter((name) => !files.includes(name))).toEqual([]);
    expect(readdirSync(images).filter((file) => !files.includes(file.replace('.svg', '')))).toEqual([]);
  });

  it('are small, and hold several boxes each', async () => {
    const drawings = await Promise.all(pictures.map(draw));
    expect(drawings.join('').length).toBeLessThan(600_000);
    for (const drawing of drawings) expect(drawing.match(/<rect /g)!.length).toBeGreaterThan(3);
  });
});

it('says which fixtures are kept beside a checkout', () => {
  for (const name of fixturesBeside) expect(findFixture(name) ?? '').not.toContain('test/fixtures');
});
