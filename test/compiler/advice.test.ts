/** Tests warnings: they are given for the right specs, and do not invalidate them. */
import { describe, expect, it } from 'vitest';
import { checkJson } from '../../compiler/index.ts';
import { checkText } from '../support/specs.ts';

interface Variant {
  readonly generator?: string;
  readonly discriminator?: string;
  readonly lossOfG?: string;
  readonly lossOfD?: string;
  readonly train?: string;
}

const wasserstein = 'gan_fake(D, kind: wasserstein) + gan_real(D, kind: wasserstein)';

function textOf({
  generator = 'Painter()',
  discriminator = 'Judge()',
  lossOfG = 'gan_generator(D)',
  lossOfD = 'gan_fake(D) + gan_real(D)',
  train = '',
}: Variant): string {
  return `use norms { spectral }
use losses {
  gan_generator, gan_fake, gan_real, gradient_penalty, r1, wasserstein, l1, cross_entropy, oasis_generator, oasis_real, label_mix
}
network Painter(seg: LabelMap) -> Image { return seg |> conv(3) |> tanh }
network FreePainter(seg: LabelMap) -> Image { return seg |> conv(3) }
network Judge(seg: LabelMap, image: Image, weight: Weight = plain) {
  return concat(seg, image) |> conv(2, weight: weight) |> leaky_relu(0.2) |> conv(1, weight: weight)
}
network Bounded(seg: LabelMap, image: Image) { return concat(seg, image) |> conv(1) |> sigmoid }
network Segmenter(image: Image) { return image |> conv(4) }
experiment advised {
  data d { path: ".", images: "a", labels: "b", classes: 3, size: 16x16, batch: 4 }
  let G = ${generator}
  let D = ${discriminator}
  loss G = ${lossOfG}
  loss D = ${lossOfD}
  train {
    steps: 1 ${train}
    optimize G, D with adam(rate: 1e-4)
  }
}`;
}

const codesOf = (variant: Variant): string[] => {
  const { spec, diagnostics } = checkText(textOf(variant));
  expect(spec, diagnostics.map(({ message }) => message).join('\n')).toBeDefined();
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
};

describe('a loss that falls without end', () => {
  const warned = ['warning loss-without-bottom'];

  it.each([
    ['is that of Wasserstein alone', { lossOfD: wasserstein }],
    ['is any other that is linear in what a network says', { lossOfD: '0.5 * mean(D(image: real())) / 4' }],
    ['keeps falling beside a term that is constant', { lossOfD: `${wasserstein} + 0 * l1()` }],
    [
      'is not held by spectral norm of some weights',
      { lossOfD: wasserstein, discriminator: 'Judge(weight: plain)' },
    ],
    ['is found of the network that paints as well', { generator: 'FreePainter()', lossOfG: 'mean(fake())' }],
  ] satisfies [string, Variant][])('%s', (_what, variant) => {
    expect(codesOf(variant)).toEqual(warned);
  });

  it.each([
    ['hinge', {}],
    ['a gradient penalty', { lossOfD: `${wasserstein} + 10 * gradient_penalty(D)` }],
    ['R1', { lossOfD: `${wasserstein} + 10 * r1(D)` }],
    ['spectral norm of all weights', { lossOfD: wasserstein, discriminator: 'Judge(weight: spectral)' }],
    ['predictions within bounds', { lossOfD: wasserstein, discriminator: 'Bounded()' }],
    ['a picture within bounds', { lossOfG: 'mean(fake())' }],
    ['the discriminator, for the generator', { lossOfG: 'gan_generator(D, kind: wasserstein)' }],
  ] satisfies [string, Variant][])('is not one with %s', (_what, variant) => {
    expect(codesOf(variant)).toEqual([]);
  });
});

describe('a loss in parts', () => {
  const train = ', accumulate: 2';
  const warned = ['warning sum-over-part'];

  it.each([
    ['sums over the pictures', { lossOfG: 'sum(abs(fake() - real()))' }],
    ['sums over all positions', { lossOfG: 'mean(sum(abs(fake() - real()), over: "positions"))' }],
    ['multiplies a sum', { lossOfG: '0.05 * sum(square(fake())) / 3' }],
    ['takes the root of a sum', { lossOfG: 'sqrt(sum(square(fake())) + 1)' }],
  ] satisfies [string, Variant][])('is warned of where it %s', (_what, variant) => {
    expect(codesOf({ ...variant, train })).toEqual(warned);
    expect(codesOf(variant), 'in one piece').toEqual([]);
  });

  it.each([
    ['means', { lossOfG: 'gan_generator(D) + l1()' }],
    ['sums for each picture', { lossOfG: 'mean(sum(square(fake()), over: "picture"))' }],
    ['shares of sums', { lossOfG: 'sum(abs(fake())) / sum(abs(real()))' }],
    ['penalties', { lossOfD: 'gan_fake(D) + 10 * gradient_penalty(D) + 10 * r1(D)' }],
    ['cross entropies', { lossOfG: 'cross_entropy(fake(), labels(), void: 1)' }],
    [
      'cross entropies that count classes alike',
      {
        discriminator: 'Segmenter()',
        lossOfG: 'oasis_generator(D) + 0 * l1()',
        lossOfD: 'oasis_real(D, void: 1) + 10 * label_mix(D)',
      },
    ],
  ] satisfies [string, Variant][])('is fine where it is made of %s', (_what, variant) => {
    expect(codesOf({ ...variant, train })).toEqual([]);
  });
});

it('a spec that is written as JSON is warned of as well', () => {
  const { spec } = checkText(textOf({ lossOfD: wasserstein }));
  const result = checkJson({ name: 'spec.json', text: JSON.stringify(spec) });
  expect(result.diagnostics.map(({ code }) => code)).toEqual(['loss-without-bottom']);
  expect(result.spec).toBeDefined();
});
