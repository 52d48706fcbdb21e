/** Tests the matrix of generators, norms and losses without an engine: completeness, refusals, and its page. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lossBlocks, networks, normBlocks, reachedFrom, weightBlocks, wordsIn } from './catalog.ts';
import {
  cells,
  checkCell,
  nameOf,
  refusals,
  refusalsOf,
  refusedSelection,
  selection,
  surpriseOf,
} from './cells.ts';
import { discriminators, generators, losses, norms, partsOfNorms } from './table.ts';

/**
 * Networks for recognition rather than synthesis; one represents the feature networks, in `perceptual`. Each has its
 * own tests.
 */
const recognizing = ['SqueezeNet11', 'MobileNetV1', 'InceptionV3', 'SegmentationUNet'];

describe('the matrix lists all of the library', () => {
  const texts = [
    ...[...generators, ...losses].flatMap(({ encoder }) => encoder ?? []),
    ...generators.map(({ network }) => network),
    ...discriminators.map(({ network }) => network),
    ...losses.flatMap(({ generator, opponent, judge }) => [generator, opponent ?? '', judge ?? '']),
  ];
  const listed = new Set(texts.flatMap(wordsIn));

  it('its networks', () => {
    const names = networks.map(({ name }) => name).filter((name) => !recognizing.includes(name));
    expect(names.filter((name) => !listed.has(name))).toEqual([]);
  });

  it('its losses', () => {
    const reached = reachedFrom(listed);
    expect(lossBlocks.map(({ name }) => name).filter((name) => !reached.has(name))).toEqual([]);
  });

  it('its norms, but for those that only look like one', () => {
    const names = norms.map(({ declared }) => declared.name);
    expect([...new Set(names), ...partsOfNorms].sort()).toEqual(normBlocks.map(({ name }) => name).sort());
    expect(names).toEqual(
      expect.arrayContaining(['identity', 'batch', 'spade', 'clade', 'positional_clade']),
    );
  });

  it('its weights', () => {
    const names = weightBlocks.map(({ name }) => name);
    expect(names.sort()).toEqual(['plain', 'spectral', 'standardized', 'weight_norm']);
  });
});

describe('combinations that make no sense are refused in words, with a place and a hint', () => {
  it.each(refusedSelection.map((cell) => [nameOf(cell), cell] as const))('%s', (_name, cell) => {
    expect(surpriseOf(cell)).toBeUndefined();
    expect(checkCell(cell).diagnostics).not.toEqual([]);
  });

  it('and every reason is among them', () => {
    const found = new Set(refusedSelection.flatMap(refusalsOf));
    expect(refusals.filter((one) => !found.has(one)).map(({ why }) => why)).toEqual([]);
  });
});

it('every generator, norm and loss is in the selection that tests train', () => {
  const trained = (key: 'generator' | 'norm' | 'loss'): string[] => [
    ...new Set(selection.map((cell) => cell[key].name)),
  ];
  expect(trained('generator')).toEqual(generators.map(({ name }) => name));
  expect(trained('loss').sort()).toEqual(losses.map(({ name }) => name).sort());
  const refused = ['positional_clade'];
  expect(trained('norm').sort()).toEqual(
    norms
      .map(({ name }) => name)
      .filter((name) => !refused.includes(name))
      .sort(),
  );
});

it('docs/matrix.md has all choices and reasons of the last run: npm run matrix', () => {
  const page = readFileSync(new URL('../../docs/matrix.md', import.meta.url), 'utf8');
  const choices = [...generators, ...norms, ...losses, ...discriminators].map(({ name }) => name);
  for (const text of [...choices, ...refusals.map(({ why }) => why)]) expect(page).toContain(text);
  expect(page).toContain(`${cells.length} experiments`);
});
