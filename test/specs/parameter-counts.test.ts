/** Tests that networks of the library have exactly as many parameters as the code that they follow. */
import { expect, it } from 'vitest';
import { check, type GivenInput } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { sizeOf } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';

const imports = `use generators { SpadeGenerator }
use pix2pixhd { GlobalGenerator, LocalEnhancer }
use discriminators { MultiscaleDiscriminator, OasisDiscriminator }
use features { Vgg19, SqueezeNet11, MobileNetV1, InceptionV3 }
use norms { spade }
`;

/** Maps of `channels` semantic channels, 256x256, and pictures of that size. */
const inputsOf = (channels: number): Readonly<Record<string, GivenInput>> => ({
  seg: { kind: 'labels', width: 256, height: 256, classes: channels, edges: false },
  image: { kind: 'tensor', shape: [256, 256, 3] },
});

function parametersOf(network: string, channels: number): number {
  const takesMap = /Generator|Enhancer|Discriminator/.test(network);
  const takesImage = !/Generator|Enhancer/.test(network);
  const parameters = [...(takesMap ? ['seg: LabelMap'] : []), ...(takesImage ? ['image: Image'] : [])];
  const names = [...(takesMap ? ['seg'] : []), ...(takesImage ? ['image'] : [])];
  const text = `${imports}network N(${parameters.join(', ')}) { let it = ${network}
    return it(${names.join(', ')}) }`;
  const all = inputsOf(channels);
  const inputs = Object.fromEntries(names.map((name) => [name, must(all[name], 'an input')]));
  const { spec, diagnostics } = check({ name: 'count.spade', text }, fileProvider(), { inputs });
  expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
  return must(must(spec, 'a spec').networks[0], 'a network')
    .variables.filter(({ role }) => role === 'parameter')
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Semantic channels: COCO-Stuff has 182 classes, one for unlabeled, and edges; ADE20K 151; Cityscapes 35 and edges. */
const [coco, ade, cityscapes] = [184, 151, 36];

// Millions in the released code, rounded to two decimal places.
it.each([
  ['SpadeGenerator()', coco, 97.48],
  ['SpadeGenerator()', ade, 96.49],
  ['SpadeGenerator()', cityscapes, 93.05],
  ['SpadeGenerator(width: 48)', ade, 60.64],
  ['SpadeGenerator(width: 80)', ade, 140.68],
  ['SpadeGenerator(norm: spade(kernel: 1))', ade, 71.3],
  ['SpadeGenerator(norm: spade(kernel: 5))', ade, 146.89],
  ['GlobalGenerator()', cityscapes, 182.55],
  ['GlobalGenerator()', coco, 183.01],
])('%s of %i channels has %f million parameters', (network, channels, millions) => {
  expect((parametersOf(network, channels) / 1e6).toFixed(2)).toBe(millions.toFixed(2));
});

it.each([
  // torchvision `models/inception.py`: with its side branch, and without.
  ['InceptionV3()', 27_161_264],
  ['InceptionV3(aux: false)', 23_834_568],
  // torchvision `models/vgg.py`: its convolutions up to conv5_1.
  ['Vgg19()', 12_944_960],
  ['SqueezeNet11()', 722_496],
  ['MobileNetV1(alpha: 0.75)', 2_577_352],
])('%s has %i parameters', (network, count) => {
  expect(parametersOf(network, coco)).toBe(count);
});
