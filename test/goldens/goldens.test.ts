/**
 * Tests that examples compile byte for byte to the specs, graphs and plans in examples/compiled. After an intended
 * change, `npm run goldens` writes them again, and the commit gives the reason.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { full } from '../support/engines.ts';
import { ablationCases, experimentCases, shown, type GoldenCase } from './cases.ts';
import { compiled, readDigests, readTexts } from './folder.ts';
import { digestsOf, mainDigestsOf, textsOf } from './stages.ts';

const megabytes = 3;
const digests = readDigests();
const experiments = experimentCases();
const namesOf = (cases: readonly GoldenCase[]): string[] => cases.map(({ name }) => name);

describe('examples that are kept as text', () => {
  it.each(experiments.filter(({ name }) => shown.includes(name)).map((one) => [one.name, one] as const))(
    '%s compiles to the same spec, graph, plan and stages',
    (name, one) => {
      const [kept, now] = [readTexts(name), textsOf(one)];
      for (const file of ['spec.json', 'step.ir', 'plan.txt', 'stages.txt'] as const)
        // Line by line, so that a failure shows what differs.
        expect(now[file].split('\n'), `examples/compiled/${name}/${file}`).toEqual(kept[file].split('\n'));
    },
  );
});

describe('examples by their digests', () => {
  it.each(experiments.map((one) => [one.name, one] as const))(
    '%s has the same spec and graph',
    (name, one) => {
      expect(digests[name]).toMatchObject(mainDigestsOf(one));
    },
  );

  for (const one of experiments)
    it(`${one.name} compiles to the same`, shown.includes(one.name) ? {} : full, () => {
      expect(digestsOf(one)).toEqual(digests[one.name]);
    });

  const ablations = ablationCases();
  it.each(ablations.map((one) => [one.name, one] as const))('%s compiles to the same', full, (name, one) => {
    expect(digestsOf(one)).toEqual(digests[name]);
  });

  it('are all there, and no others', () => {
    expect(Object.keys(digests)).toEqual(namesOf([...experiments, ...ablations]));
  });
});

describe('the folder', () => {
  it('holds what is shown, in few bytes', () => {
    const files = readdirSync(compiled, { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(join(compiled, file)).isFile(),
    );
    expect(files.filter((file) => file.endsWith('plan.txt')).sort()).toEqual(
      shown.map((name) => join(name, 'plan.txt')).sort(),
    );
    const bytes = files.reduce((sum, file) => sum + statSync(join(compiled, file)).size, 0);
    expect(bytes).toBeLessThan(megabytes * 1e6);
  });
});
