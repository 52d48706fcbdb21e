/** Tests that a generator, norm, discriminator or loss can be swapped by one line of a spec. */
import { expect, it } from 'vitest';
import { checkText } from '../support/specs.ts';
import { importsOf, lossBlocks, networks, normBlocks } from './catalog.ts';

const base = `experiment swapped {
  data camvid {
    path: ".", images: "images", labels: "labels", classes: 12, size: 64x64, batch: 2
  }
  norm = spade(hidden: 8)
  kind = hinge
  let G = SpadeGenerator(width: 4, norm: norm)
  let D = MultiscaleDiscriminator(scales: 1, layers: 3, width: 4)
  loss G = gan_generator(D, kind: kind) + 10 * feature_matching(D)
  loss D = gan_fake(D, kind: kind) + gan_real(D, kind: kind)
  train {
    steps: 10
    optimize G with adam(rate: 1e-4)
    optimize D with adam(rate: 1e-4)
  }
}
`;

/** The names that a spec may use, imported once for all swaps. */
const imports = importsOf([...networks, ...normBlocks, ...lossBlocks].map(({ name }) => name).join(' '));

/** Replaces the line with the same beginning. */
function swap(line: string): string {
  const start = /^\w+( [A-Z])? =/.exec(line)?.[0] ?? line;
  const lines = base.split('\n');
  const at = lines.findIndex((one) => one.trim().startsWith(start));
  expect(at, line).toBeGreaterThan(0);
  return imports + lines.with(at, `  ${line}`).join('\n');
}

it.each([
  ['generator', 'let G = UNet(width: 4, reductions: 5, norm: norm)'],
  ['generator', 'let G = Pix2PixHDPlusPlus(width: 4, reductions: 2, blocks: 1, norm: norm)'],
  ['generator', 'let G = CascadedRefinement(width: 4, doublings: 4, norm: norm)'],
  ['norm', 'norm = batch(affine: true)'],
  ['norm', 'norm = instance'],
  ['norm', 'norm = clade'],
  ['norm', 'norm = spade(base: instance, kernel: 5, hidden: 8)'],
  ['norm', 'norm = with_map(base: layer)'],
  ['discriminator', 'let D = Pix2PixHDDiscriminator(scales: 2, layers: 2, width: 4)'],
  ['discriminator', 'let D = MultiscaleDiscriminator(layers: 2, width: 4, norm: batch, weight: plain)'],
  ['loss', 'kind = least_squares'],
  ['loss', 'kind = non_saturating'],
  ['loss', 'loss G = gan_generator(D, kind: kind) + 5 * l1()'],
  ['loss', 'loss D = gan_fake(D, kind: kind) + gan_real(D, kind: kind) + 10 * r1(D)'],
])('a %s is swapped by one line: %s', (_what, line) => {
  const { spec, diagnostics } = checkText(swap(line));
  expect(diagnostics).toEqual([]);
  const same = checkText(imports + base).spec;
  expect(spec?.networks).toHaveLength(2);
  const shown = ({ networks: of, objectives }: NonNullable<typeof spec>): string =>
    JSON.stringify([of.map(({ nodes }) => nodes), objectives]);
  expect(spec && shown(spec)).not.toBe(same && shown(same));
});
