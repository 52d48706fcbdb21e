/** Answers for comparisons of specs: differences in meaning are found, grouped and counted; others are none. */
import { describe, expect, it } from 'vitest';
import { diffSpecs, renderDiff } from '../../compiler/index.ts';
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

  it('differ in networks: ops, settings of ops, and shapes of weights, those that changed alike in one line', () => {
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
        feature_matching  x 10     x 2.5
        l1                x -1     -
      loss D
        gan_fake          one way  computed otherwise"
    `);
  });
});
