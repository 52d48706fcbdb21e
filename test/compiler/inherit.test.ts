/** Tests variants of experiments: each equals the experiment written in full. */
import { describe, expect, it } from 'vitest';
import { check } from '../../compiler/index.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkText, provider, specOf } from '../support/specs.ts';

const imports = `use norms { spade, instance, batch }
use generators { SpadeGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, least_squares, feature_matching, l1 }
use encoders { StyleEncoder }
`;

const data = 'path: "data", images: "a", labels: "b", legend: "c.json", classes: 3, size: 64x64, batch: 2';

const base = `experiment a {
  data tiny { ${data} }
  width = 2
  let G = SpadeGenerator(width: width, norm: spade(hidden: 4))
  let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)
  loss G = gan_generator(D) + 10 * feature_matching(D) - 0.5 * l1()
  loss D = gan_fake(D) + gan_real(D)
  train {
    epochs: 20, decay_from: 10, seed: 7
    optimize G, D with adam(1e-4, beta1: 0)
  }
}
`;

/** A spec without the places of its parts. */
function meaning(spec: Spec): unknown {
  const { name: _name, doc: _doc, sources: _sources, ...rest } = spec;
  return JSON.parse(JSON.stringify(rest, (key, value: unknown) => (key === 'at' ? undefined : value)));
}

const variant = (changes: string): Spec =>
  specOf(`${imports}${base}experiment b = a with {\n${changes}\n}\n`, { name: 'b' });

/** The experiment `a` with a part of its text replaced. */
function written(...replaced: readonly (readonly [string, string])[]): Spec {
  const text = replaced.reduce((all, [from, to]) => {
    expect(all).toContain(from);
    return all.replace(from, to);
  }, base);
  return specOf(imports + text, { name: 'a' });
}

describe('a variant', () => {
  it.each([
    ['an argument', 'G.norm = instance()', [['norm: spade(hidden: 4)', 'norm: instance()']]],
    ['an argument of an argument', 'G.norm.kernel = 1', [['hidden: 4', 'hidden: 4, kernel: 1']]],
    [
      'an argument that has a default',
      'D.norm = batch()\n D.weight = plain',
      [['layers: 2', 'layers: 2, norm: batch(), weight: plain']],
    ],
    ['a name that others are made with', 'width = 3', [['width = 2', 'width = 3']]],
    ['a setting of the data', 'data.size = 128x64', [['64x64', '128x64']]],
    ['a setting of the training', 'train.seed = 1', [['seed: 7', 'seed: 1']]],
    ['one length by another', 'train.steps = 5', [['epochs: 20, decay_from: 10', 'steps: 5']]],
    ['an optional setting by none', 'data.legend = none', [[' legend: "c.json",', '']]],
    ['a factor', 'loss.G.feature_matching = 2.5', [['10 *', '2.5 *']]],
    ['a factor that was not written', 'loss.G.gan_generator = 3', [['= gan_g', '= 3 * gan_g']]],
    ['a factor behind a minus', 'loss.G.l1 = 2', [['0.5 *', '2 *']]],
    ['a summand that is gone', 'loss.G.feature_matching = 0', [[' + 10 * feature_matching(D)', '']]],
    ['a summand as a whole', 'loss.G.l1 = 3 * l1()', [['- 0.5 *', '+ 3 *']]],
    [
      'an argument of a summand',
      'loss.D.gan_fake.kind = least_squares',
      [['gan_fake(D)', 'gan_fake(D, kind: least_squares)']],
    ],
    [
      'the optimizer of one of two networks',
      'optimize.G.rate = 3e-4',
      [
        [
          'optimize G, D with adam(1e-4, beta1: 0)',
          'optimize D with adam(1e-4, beta1: 0)\n optimize G with adam(3e-4, beta1: 0)',
        ],
      ],
    ],
    ['a network', 'let G = SpadeGenerator(width: 5)', [['width: width, norm: spade(hidden: 4)', 'width: 5']]],
    [
      'settings of sections, key by key',
      'data tiny { batch: 1, augment: ["flip"] }\n train { decay_from: none, optimize D with sgd(0.1) }',
      [
        ['batch: 2', 'batch: 1, augment: ["flip"]'],
        [' decay_from: 10,', ''],
        [
          'optimize G, D with adam(1e-4, beta1: 0)',
          'optimize G with adam(1e-4, beta1: 0)\n optimize D with sgd(0.1)',
        ],
      ],
    ],
    [
      'a data set by another one',
      'data other { path: "p", images: "i", labels: "l", classes: 4, size: 128x64, batch: 1 }',
      [
        [
          `tiny { ${data} }`,
          'other { path: "p", images: "i", labels: "l", classes: 4, size: 128x64, batch: 1 }',
        ],
      ],
    ],
    [
      'networks that only it has, before those that use them',
      'let E = StyleEncoder(width: 2)\n G.z = encoded(E)\n loss G, E = l1()\n train { optimize E with adam(1e-3) }',
      [
        ['let G = ', 'let E = StyleEncoder(width: 2)\n let G = '],
        ['hidden: 4)', 'hidden: 4), z: encoded(E)'],
        ['loss G = gan_generator(D) + 10 * feature_matching(D) - 0.5 * l1()', 'loss G, E = l1()'],
        ['beta1: 0)', 'beta1: 0)\n optimize E with adam(1e-3)'],
      ],
    ],
    [
      'a network that is left out with all that belongs to it',
      'let D = none\n loss G = l1()',
      [
        ['let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)', ''],
        ['loss G = gan_generator(D) + 10 * feature_matching(D) - 0.5 * l1()', 'loss G = l1()'],
        ['loss D = gan_fake(D) + gan_real(D)', ''],
        ['G, D with', 'G with'],
      ],
    ],
  ] satisfies [string, string, [string, string][]][])('changes %s', (_what, changes, replaced) => {
    expect(meaning(variant(changes))).toEqual(meaning(written(...replaced)));
  });

  it('varies variants, and counts items before overrides wherever they stand', () => {
    const text = `${imports}experiment c = b with { G.width = 4 }
experiment b = a with {
  G.norm = batch()
  let G = SpadeGenerator(width: 3)
}
${base}`;
    expect(meaning(specOf(text, { name: 'c' }))).toEqual(
      meaning(written(['width: width, norm: spade(hidden: 4)', 'width: 4, norm: batch()'])),
    );
  });

  it('takes names from where they are written, and paths from the folder of their file', () => {
    const files: Record<string, string> = {
      'shared/camvid.spade': imports + base.replace('width = 2', 'width = 2\n  load D from "w.pth"'),
    };
    const source = {
      name: 'mine/b.spade',
      text: `use norms { instance }
use "../shared/camvid.spade" { a }
# Without the label map.
experiment b = a with { G.norm = instance() }
`,
    };
    const { spec, diagnostics } = check(
      source,
      { ...provider(), file: () => ({ name: 'shared/camvid.spade', text: files['shared/camvid.spade']! }) },
      {},
    );
    expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
    expect(spec).toMatchObject({
      name: 'b',
      doc: 'Without the label map.',
      data: { path: '../shared/data' },
    });
    expect(spec?.networks[1]?.weights?.path).toBe('../shared/w.pth');
    expect(spec?.networks[0]?.nodes.map(({ op }) => op)).toContain('instance_norm');
  });
});

describe('what is set from outside', () => {
  const sets = (...texts: string[]) => checkText(imports.replace(', instance', '') + base, { sets: texts });

  it('finds blocks of the library that nothing imports', () => {
    const { spec, diagnostics, sources } = sets('G.norm=instance()', 'train.steps=3', 'train.steps = 4');
    expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
    expect(spec?.train).toMatchObject({ steps: 4 });
    expect(meaning(spec!)).toEqual(
      meaning(
        written(['norm: spade(hidden: 4)', 'norm: instance()'], ['epochs: 20, decay_from: 10', 'steps: 4']),
      ),
    );
    expect(sources.map(({ name }) => name).filter((name) => name === '--set')).toHaveLength(3);
  });

  it('leaves the library alone where everything is known', () => {
    const known = sets().sources.map(({ name }) => name);
    expect(sets('G.norm = spade(base: batch)').sources.map(({ name }) => name)).toEqual([...known, '--set']);
  });

  it('is shown with its own text where it has mistakes', () => {
    const { diagnostics } = sets('G.nrm=batch()', 'G.norm=instnce()', 'G.width=', 'data.batch="x"');
    expect(renderDiagnostics(diagnostics, { color: false })).toMatchInlineSnapshot(`
      "error[unknown-name]: nothing is called 'instnce' here
        --set:1:8
        |
      1 | G.norm=instnce()
        |        ^^^^^^^
        = hint: did you mean 'instance'?

      error[syntax]: expected an expression, found the end of the file
        --set:1:9
        |
      1 | G.width=
        |         ^

      error[unknown-argument]: SpadeGenerator has no parameter 'nrm'
        --set:1:3
        |
      1 | G.nrm=batch()
        |   ^^^
        = there are: seg, z, width, upsampling, norm, weight
        = hint: did you mean 'norm'?

      error[wrong-setting]: batch: expected an integer of at least 1 and at most 65536, found "x"
        --set:1:12
        |
      1 | data.batch="x"
        |            ^^^

      4 errors
      "
    `);
  });

  it('says how a text is written where a shell took its quotes away', () => {
    const [first] = sets('data.images=photos').diagnostics;
    expect(first?.hint).toBe('a text needs quotes that the shell leaves: --set data.images=\'"photos"\'');
  });

  it('asks for an import where several modules of the library have a name', () => {
    const block = 'block twin(x, seg) {\n  return x\n}\n';
    const library = provider();
    const twins = ['one', 'two'].map((name) => [name, { name: `specs/${name}.spade`, text: block }] as const);
    const found = check(
      { name: 'input.spade', text: imports + base },
      {
        ...library,
        libraryModules: [...library.libraryModules, 'one', 'two'],
        library: (name) => new Map(twins).get(name) ?? library.library(name),
      },
      { sets: ['G.norm = twin'] },
    );
    expect(found.diagnostics.map(({ code, notes, hint }) => [code, ...notes, hint])).toEqual([
      [
        'ambiguous-name',
        'there are: one, two',
        'import the one that is meant where the experiment is written: use one { twin }',
      ],
    ]);
  });
});
