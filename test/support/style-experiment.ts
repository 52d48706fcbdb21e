/** Writes tiny experiments with further features: encoders, loaded networks, optimizers, batches in parts. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { check, type Spec } from '../../compiler/index.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { initialValues } from '../../runtime/session/session.ts';
import { writeOfficial } from '../../runtime/weights/write-official.ts';
import { lightStyled } from './tiny-experiment.ts';

/** Differences to the experiment with a sampled style. */
export interface StyleVariant {
  /** Whether the code is a feature map with one vector per instance, rather than a sampled style. */
  readonly features?: boolean;
  readonly train?: string;
  /** Reads the weights of V, and of others. */
  readonly loads?: string;
}

/** The file of V's weights, relative to the spec. */
export const weightsFile = 'pretrained/features.safetensors';

/** Writes a spec whose generator takes codes of photographs, and whose loss uses an untrained network. */
export function styleSpec(variant: StyleVariant = {}): string {
  const {
    features = false,
    train = 'steps: 6, sample_every: 3, checkpoint_every: 2, seed: 7, accumulate: 2',
    loads = `load V from "${weightsFile}"`,
  } = variant;
  return `use discriminators { MultiscaleDiscriminator }
use encoders { StyleEncoder }
use losses { gan_generator, gan_fake, gan_real, feature_matching, kl }
use norms { spade }

network Features(image: Image) {
  return image |> conv(4, stride: 2) |> relu
}

network Regions(image: Image, seg: LabelMap) {
  return segment_mean(image |> conv(2), seg.instances)
}

${lightStyled('Styled')}
network Painter(seg: LabelMap, code: Image) -> Image {
  return concat(seg, code) |> conv(3) |> tanh
}

block perceive(V: Network) {
  return mean(abs(V(fake()) - V(real())))
}

experiment styled {
  data made_up {
    path: "data", images: "photos", labels: "labels", instances: "instances"
    test_labels: "test-labels", test_instances: "test-instances", test_images: "test-photos"
    classes: 3, size: 32x32, batch: 2, augment: ["flip"]
  }
  let E = ${features ? 'Regions()' : 'StyleEncoder(width: 2, style: 3, size: 32x32, layers: 3)'}
  let G = ${features ? 'Painter(code: encoded(E))' : 'Styled(z: encoded(E))'}
  let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)
  let V = Features()
  ${loads}
  loss G, E = gan_generator(D) + 10 * feature_matching(D) + perceive(V)${features ? '' : ' + 0.05 * kl(E)'}
  loss D = gan_fake(D) + gan_real(D)
  train {
    ${train}
    optimize G, E with rmsprop(rate: 1e-3, clip_norm: 1, average: 0.9, warmup: 3)
    optimize D with sgd(rate: 1e-3, momentum: 0.9)
  }
}
`;
}

/** Parses a valid text. */
export function specOf(text: string): Spec {
  const { spec, diagnostics } = check({ name: 'styled.spade', text }, fileProvider());
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return spec;
}

/** Writes random weights for a network of a spec to a file that it can load; gives the weights. */
export async function writeWeights(
  folder: string,
  spec: Spec,
  name = 'V',
  file = weightsFile,
): Promise<ReadonlyMap<string, Float32Array>> {
  const network = spec.networks.find((one) => one.name === name)!;
  const drawn = initialValues(
    network.variables.map((variable) => ({ ...variable, network: '', type: f32(...variable.shape) })),
    99,
  );
  mkdirSync(join(folder, file, '..'), { recursive: true });
  await writeOfficial(network.variables, drawn, undefined, join(folder, file));
  return drawn;
}
