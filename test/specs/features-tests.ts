/** Tests the feature networks: with pretrained weights they give the reference activations of other implementations. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openText } from '../../runtime/index.ts';

const folder = fileURLToPath(new URL('../../../shared/data/weights/', import.meta.url));

interface Layer {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly first8: readonly number[];
}

interface Case {
  /** Its name among the references. */
  readonly reference: string;
  readonly file: string;
  /** The network, and the conversion of a picture of 0 to 255 to its input. */
  readonly network: string;
  /** Layers in the order of the network's list; undefined if the reference lacks one. */
  readonly layers: readonly (string | undefined)[];
}

const vgg = ['relu1_1', 'relu2_1', 'relu3_1'];
const pointwise = Array.from({ length: 13 }, (_, i) => `conv_pw_${i + 1}`);
const cases: readonly Case[] = [
  {
    reference: 'vgg19_normalised_to_conv3_1 (zero padding)',
    file: 'vgg19_normalised_to_conv3_1.safetensors',
    network: 'Vgg19(stages: 3, preprocess: "mean color")',
    layers: vgg,
  },
  {
    reference: 'vgg19_normalised_to_conv3_1 (reflect padding)',
    file: 'vgg19_normalised_to_conv3_1.safetensors',
    network: 'Vgg19(stages: 3, preprocess: "mean color", pad_mode: "reflect")',
    layers: vgg,
  },
  {
    reference: 'squeezenet1_1_features',
    file: 'squeezenet1_1_features.safetensors',
    network: 'SqueezeNet11()',
    layers: ['conv1', ...Array.from({ length: 8 }, (_, i) => `fire${i + 2}`)],
  },
  {
    reference: 'mobilenet_v1_0.75_224',
    file: 'mobilenet_v1_0.75_224.safetensors',
    network: 'MobileNetV1(alpha: 0.75)',
    layers: ['conv1', ...pointwise, 'pool', 'logits'],
  },
];

/**
 * The picture of the references, from -1 to 1: value (7y + 13x + 29c + (yx mod 31)) mod 256 at row y, column x,
 * channel c.
 */
function picture(): Float32Array {
  const side = 64;
  return Float32Array.from({ length: side * side * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / (side * 3)), Math.floor(i / 3) % side, i % 3];
    return ((7 * y + 13 * x + 29 * c + ((y * x) % 31)) % 256) / 127.5 - 1;
  });
}

/** Experiments need a generator to load weights; this one has a single parameter. */
const experimentOf = (network: string, file: string): string => `
use features { Vgg19, SqueezeNet11, MobileNetV1 }
network Painter(seg: LabelMap) -> Image {
  return tanh(resize(seg, height: 64, width: 64) |> conv(3, kernel: 1))
}
experiment features {
  data any { path: ".", images: "i", labels: "l", classes: 2, size: 64x64, batch: 1 }
  let G = Painter()
  let V = ${network}
  load V from "${file}" naming "layer-kernel"
  loss G = mean(V(image: fake())[0])
  train {
    steps: 1
    optimize G with adam(rate: 1e-4)
  }
}`;

/** Tests every feature network whose weights are available. */
export function testFeaturesOn(engine: 'native' | 'portable'): void {
  const references = existsSync(`${folder}reference.json`)
    ? (JSON.parse(readFileSync(`${folder}reference.json`, 'utf8')) as {
        nets: Record<string, Record<string, Layer>>;
      })
    : undefined;
  describe.each(cases)('$reference', ({ reference, file, network, layers }) => {
    const what = 'gives the reference activations';
    if (!references || !existsSync(folder + file)) {
      it.skip(what, { tags: 'needs-weights' }, () => undefined);
      return;
    }
    it(what, async () => {
      const model = await openText(experimentOf(network, folder + file), { engine });
      const { outputs } = await model.forward('V', { image: picture() });
      await model.dispose();
      const expected = references.nets[reference] ?? {};
      let compared = 0;
      layers.forEach((name, index) => {
        const layer = name === undefined ? undefined : expected[name];
        const found = outputs[`output/${index}`];
        if (!layer || !found) return;
        compared++;
        expect(found.shape.slice(1), name).toEqual(layer.shape);
        const mean =
          found.values.reduce((sum: number, value: number) => sum + value, 0) / found.values.length;
        expect(
          Math.abs(mean / layer.mean - 1),
          `mean of ${name}: ${mean}, expected ${layer.mean}`,
        ).toBeLessThan(1e-4);
        const size = Math.max(...layer.first8.map(Math.abs), Math.abs(layer.mean));
        layer.first8.forEach((value, i) =>
          expect(Math.abs(found.values[i]! - value), `${name}, channel ${i}`).toBeLessThan(3e-4 * size),
        );
      });
      expect(compared).toBeGreaterThanOrEqual(3);
    });
  });
}
