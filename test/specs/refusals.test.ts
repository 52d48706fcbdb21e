/** Tests that the library refuses invalid combinations, each with one message that says what to use instead. */
import { expect, it } from 'vitest';
import { check } from '../../compiler/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';

const imports = `use generators { SpadeGenerator, ConcatDecoder, UNet, OasisGenerator }
use pix2pixhd { GlobalGenerator, Pix2PixHDPlusPlus }
use encoders { StyleEncoder }
use discriminators { MultiscaleDiscriminator, OasisDiscriminator, PatchDiscriminator }
use features { Vgg19 }
use norms { standardized, spade, instance, group, clade, positional_clade, edge_aware_spade, with_map }
use losses { gan_generator, gan_fake, gan_real, feature_matching, kl, l1, perceptual, cross_entropy, oasis_generator }
network Plain(seg: LabelMap, image: Image) {
  return concat(seg, image) |> conv(1, kernel: 4)
}
network Code(image: Image) {
  return image |> avg_pool(size: 64, stride: 64) |> flatten |> dense(4)
}
network Zero(z: Latent) -> Image {
  return z |> dense(64 * 64 * 3) |> fold(height: 64, width: 64, channels: 3)
}
`;

const experimentOf = (networks: string, loss: string, trained: string, more = ''): string => `${imports}
experiment refused {
  data any { path: ".", images: "i", labels: "l", ${more} classes: 5, size: 64x64, batch: 1 }
  ${networks}
  loss ${trained} = ${loss}
  train {
    steps: 1
    optimize ${trained} with adam(rate: 1e-4)
  }
}`;

const codesOf = (text: string): string[] =>
  check({ name: 'refused.spade', text }, fileProvider()).diagnostics.map(
    ({ code, message }) => `${code}: ${message}`,
  );

const small = 'let G = SpadeGenerator(width: 2, norm: spade(base: instance, hidden: 4))';
const instances = 'instances: "e",';

it.each([
  [
    'feature matching by a discriminator without features',
    experimentOf(`${small}\n let D = Plain()`, 'feature_matching(D) + 0 * l1()', 'G'),
    'feature_matching compares the layers of a discriminator',
  ],
  [
    'a GAN loss by a discriminator that classifies',
    experimentOf(`${small}\n let D = OasisDiscriminator(width: 1)`, 'gan_generator(D)', 'G'),
    'this loss wants one number for each place',
  ],
  [
    "OASIS's loss by a PatchGAN",
    experimentOf(`${small}\n let D = MultiscaleDiscriminator(width: 2)`, 'oasis_generator(D)', 'G'),
    'the oasis_ losses want a discriminator that gives each pixel scores',
  ],
  [
    'standardized weights in a discriminator without norms',
    experimentOf(`${small}\n let D = OasisDiscriminator(width: 1, weight: standardized)`, 'l1()', 'G'),
    'standardized weights need a norm behind each convolution',
  ],
  [
    'a divergence of a code',
    experimentOf('let E = Code()\n let G = Zero(z: encoded(E))', 'l1() + kl(E)', 'G, E'),
    'kl is of an encoder that gives a mean and a log variance',
  ],
  [
    'a perceptual loss of other layers than there are weights',
    experimentOf(`${small}\n let V = Vgg19(stages: 2)\n load V from "v.pth"`, 'perceptual(V)', 'G'),
    'perceptual needs one weight for each layer',
  ],
  [
    'cross entropy of other channels than classes',
    experimentOf(`${small}`, 'cross_entropy(fake(), labels())', 'G'),
    'cross_entropy needs a score and a weight for each class',
  ],
  [
    'a norm that adds channels in residual blocks that add up',
    experimentOf('let G = GlobalGenerator(width: 2, reductions: 2, norm: clade)', 'l1()', 'G', instances),
    'the residual blocks of pix2pixHD cannot take a norm that adds channels',
  ],
  [
    'positions in instances that are not there',
    experimentOf('let G = SpadeGenerator(width: 2, norm: positional_clade)', 'l1()', 'G'),
    'positional_clade needs instances',
  ],
  [
    'a decoder that never sees the map',
    experimentOf('let G = ConcatDecoder(z: noise(4), width: 2, everywhere: false)', 'l1()', 'G'),
    'a decoder that starts from z and gets the map nowhere else never sees it',
  ],
])('%s is refused', (_, text, message) => {
  const found = codesOf(text);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`refused: ${message}`);
});

it.each([
  [
    'instance normalization of one pixel',
    'SpadeGenerator(width: 4, upsampling: 6, norm: instance)',
    'larger',
  ],
  ['groups that do not divide the channels', 'SpadeGenerator(width: 4, norm: group)', 'fewer groups'],
  ['more halvings than the picture allows', 'UNet(width: 2, reductions: 7)', 'fewer stages'],
  [
    'classes of a map that is channels',
    'OasisGenerator(z: noise(2), width: 2, norm: clade)',
    'the label map',
  ],
])('%s: the hint says what to do', (_, network, hint) => {
  const text = experimentOf(`let G = ${network}`, 'l1()', 'G');
  const [found, ...others] = check({ name: 'refused.spade', text }, fileProvider()).diagnostics;
  expect(others).toEqual([]);
  expect(found?.span).toBeDefined();
  expect(found?.hint).toContain(hint);
});

it('a map without noise stays one in OasisGenerator, so that norms find its classes', () => {
  expect(codesOf(experimentOf('let G = OasisGenerator(width: 2, norm: clade)', 'l1()', 'G'))).toEqual([]);
});

it.each(['clade', 'positional_clade', 'edge_aware_spade', 'spade', 'with_map'])(
  '%s takes maps with instances',
  (norm) => {
    const text = experimentOf(`let G = SpadeGenerator(width: 2, norm: ${norm})`, 'l1()', 'G', instances);
    expect(codesOf(text)).toEqual([]);
  },
);
