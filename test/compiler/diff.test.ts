/** Tests the comparison of specs: differences in meaning are found, grouped and counted; others are ignored. */
import { describe, expect, it } from 'vitest';
import { diffSpecs, renderDiff, type Spec } from '../../compiler/index.ts';
import { specOf } from '../support/specs.ts';

const text = `use norms { spade, instance, batch }
use generators { SpadeGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching, least_squares, l1 }

experiment one {
  data d { path: "data", images: "a", labels: "b", classes: 3, size: 64x64, batch: 1 }
  let G = SpadeGenerator(width: 2, norm: spade(hidden: 4))
  let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)
  loss G = gan_generator(D) + 10 * feature_matching(D) - l1()
  loss D = gan_fake(D) + gan_real(D)
  train {
    epochs: 5
    optimize G, D with adam(1e-4)
  }
}
`;
const one = specOf(text);
const changed = (...sets: string[]) =>
  renderDiff(diffSpecs(one, specOf(text, { sets })))
    .split('\n')
    .slice(1);

/** A spec from another tool: without the arguments of its networks. */
const unwritten = (spec: Spec): Spec => ({
  ...spec,
  networks: spec.networks.map(({ arguments: _, ...network }) => network),
});

describe('two specs', () => {
  it('mean the same where layout, comments, names of experiments and ways of writing differ', () => {
    const other = specOf(
      text
        .replace('experiment one', '# Documented.\nexperiment other')
        .replace('width: 2, norm: spade(hidden: 4)', 'norm: spade(hidden: 2 * 2), width: 2')
        .replace('    epochs', '\n\n    epochs'),
    );
    expect(diffSpecs(one, other)).toEqual({ before: 'one', after: 'other', sections: [] });
    expect(renderDiff(diffSpecs(one, other))).toBe('one and other mean the same');
  });

  it('differ in settings of data, training and optimizers', () => {
    expect(
      changed(
        'data.augment = ["flip"]',
        'data.size = 128x64',
        'train.steps = 3',
        'optimize.D = sgd(0.1)',
      ).map((line) => line.split(/ {2,}/).map((cell) => cell.trim())),
    ).toEqual(
      expect.arrayContaining([
        ['data'],
        ['', 'size', '64x64', '128x64'],
        ['', 'augment', '-', '[flip]'],
        ['train'],
        ['', 'epochs', '5', '-'],
        ['', 'steps', '-', '3'],
        ['optimizer D'],
        ['', 'rate', '0.0001', '0.1'],
        ['', 'kind', 'adam', 'sgd'],
      ]),
    );
  });

  it('differ in what networks are given, as it is written, and only then in numbers of ops', () => {
    expect(changed('G.width = 4').join('\n')).toMatchInlineSnapshot(`
      "network G
        G.width     2       4
        parameters  93,685  315,663"
    `);
    expect(changed('G.norm.hidden = 2 * 4', 'D.layers = 3').join('\n')).toMatchInlineSnapshot(`
      "network G
        G.norm            spade(hidden: 4)                          spade(hidden: 8)
        parameters        93,685                                    120,325
      network D
        D.layers          2                                         3
        parameters        387                                       963
        ops               conv2d 3 times, leaky_relu 2 times, spe…  conv2d 4 times, leaky_relu 3 times, spe…
      loss G
        gan_generator     one way                                   computed otherwise
        feature_matching  one way                                   computed otherwise
      loss D
        gan_fake          one way                                   computed otherwise
        gan_real          one way                                   computed otherwise"
    `);
    expect(changed('G.norm = instance()').join('\n')).toMatchInlineSnapshot(`
      "network G
        G.norm      spade(hidden: 4)                          instance
        parameters  93,685                                    66,361
        ops         resize_nearest 21 times, one_hot 17 tim…  resize_nearest 6 times, one_hot once, c…"
    `);
    expect(changed('G = GlobalGenerator(width: 4)').join('\n')).toMatchInlineSnapshot(`
      "network G
        G           SpadeGenerator(width: 2, norm: spade(hidden: 4))  GlobalGenerator(width: 4)
        parameters  93,685                                            715,027
        ops         resize_nearest 21 times, one_hot 17 tim…          one_hot once, conv2d 24 times, add 37 t…"
    `);
  });

  it('differ from a default by its value', () => {
    const other = specOf(text.replace('width: 2, norm: spade(hidden: 4)', 'width: 2'));
    expect(renderDiff(diffSpecs(one, other))).toContain('G.norm      spade(hidden: 4)  spade\n');
  });

  it('mean the same where an argument says what is the default', () => {
    const bare = specOf(text.replace('spade(hidden: 4)', 'spade'));
    const full = specOf(text.replace('spade(hidden: 4)', 'spade(hidden: 128, kernel: 3)'));
    expect(diffSpecs(bare, full).sections).toEqual([]);
  });

  it('differ in ops, settings of ops and shapes of weights where specs do not say what networks were given', () => {
    const changed = (set: string) =>
      renderDiff(diffSpecs(unwritten(one), specOf(text, { sets: [set] })))
        .split('\n')
        .slice(1);
    expect(changed('G.norm = instance()').join('\n')).toMatchInlineSnapshot(`
      "network G
        parameters      93,685     66,361
        resize_nearest  21 times   6 times
        one_hot         17 times   once
        conv2d          74 times   20 times
        add             113 times  23 times
        leaky_relu      33 times   15 times
        batch_norm      18 times   -
        constant        18 times   -
        mul             18 times   -
        instance_norm   -          18 times"
    `);
    expect(changed('G.norm.kernel = 5').join('\n')).toMatchInlineSnapshot(`
      "network G
        parameters                    93,685            140,917
        conv2d pad (54 times)         1                 2
        mlp_shared.weight (18 times)  [3, 3, 3, 4]      [5, 5, 3, 4]
        mlp_gamma.weight (18 times)   [3, 3, 4, 32], …  [5, 5, 4, 32], …
        mlp_beta.weight (18 times)    [3, 3, 4, 32], …  [5, 5, 4, 32], …"
    `);
  });

  it('differ in what summands of losses are given, as it is written, beside their factors', () => {
    const kinds = ['loss.G.gan_generator.kind', 'loss.D.gan_fake.kind', 'loss.D.gan_real.kind'];
    expect(changed(...kinds.map((kind) => `${kind} = least_squares`)).join('\n')).toMatchInlineSnapshot(`
      "loss G
        loss.G.gan_generator.kind  hinge  least_squares
      loss D
        loss.D.gan_fake.kind       hinge  least_squares
        loss.D.gan_real.kind       hinge  least_squares"
    `);
    const both = text.replace('10 * feature_matching(D)', '5 * feature_matching(D, apart: true)');
    expect(renderDiff(diffSpecs(one, specOf(both)))).toMatchInlineSnapshot(`
      "                                 one    one
      loss G
        feature_matching               x 10   x 5
        loss.G.feature_matching.apart  false  true"
    `);
    const written = text.replace('gan_generator(D)', 'gan_generator(apart: false, D: D)');
    expect(diffSpecs(one, specOf(written)).sections).toEqual([]);
    const wider = text.replace('layers: 2', 'layers: 3').replace('10 *', '5 *');
    expect(renderDiff(diffSpecs(one, specOf(wider)))).toMatch(
      /feature_matching +x 10 +x 5, computed otherwise/,
    );
  });

  it('differ in networks that only one of them has', () => {
    const other = specOf(
      text
        .replace(/let D = .*\n/, '')
        .replace(/loss G = .*\n/, 'loss G = l1()\n')
        .replace(/loss D.*\n/, '')
        .replace('G, D', 'G'),
    );
    expect(renderDiff(diffSpecs(one, other))).toMatchInlineSnapshot(`
      "                    one                                      one
      network D
        network           MultiscaleDiscriminator, 387 parameters  -
      loss G
        gan_generator     present                                  -
        feature_matching  x 10                                     -
        l1                x -1                                     present
      loss D
        gan_fake          present                                  -
        gan_real          present                                  -
      optimizer D
        optimizer         adam                                     -"
    `);
  });

  it('differ in losses: summands, factors, and how they are computed', () => {
    expect(
      changed('loss.G.feature_matching = 2.5', 'loss.G.l1 = 0', 'loss.D.gan_fake.kind = least_squares').join(
        '\n',
      ),
    ).toMatchInlineSnapshot(`
      "loss G
        feature_matching      x 10   x 2.5
        l1                    x -1   -
      loss D
        loss.D.gan_fake.kind  hinge  least_squares"
    `);
  });
});
