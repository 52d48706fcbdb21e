/** Makes an experiment that trains in seconds: artificial pictures of 32x32 and networks with few weights. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { check } from '../../compiler/index.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { train, type TrainOptions } from '../../runtime/train/train.ts';
import type { RunResult } from '../../runtime/train/run.ts';

const size = 32;
const classes = 3;
const colors = [
  [200, 220, 250],
  [90, 90, 90],
  [40, 120, 40],
] as const;

/** Differences of a tiny experiment to the plain one. */
export interface TinyVariant {
  readonly train?: string;
  readonly rate?: string;
  readonly test?: boolean;
  readonly latent?: boolean;
  /** A generator of a few layers instead of the library's: it compiles fast, for tests that train many times. */
  readonly light?: boolean;
}

/** A generator of a few layers with a style vector. */
export const lightStyled = (name: string): string => `network ${name}(seg: LabelMap, z: Latent) -> Image {
  start = z |> dense(64) |> fold(height: 8, width: 8, channels: 1) |> resize(height: 32, width: 32)
  return concat(seg, start) |> conv(4) |> spade(seg, hidden: 4) |> leaky_relu(0.2) |> conv(3) |> tanh
}
`;

const lightGenerators = {
  plain: `network Painter(seg: LabelMap) -> Image {
  return seg |> conv(4) |> spade(seg, hidden: 4) |> leaky_relu(0.2) |> conv(3) |> tanh
}
`,
  latent: lightStyled('Painter'),
};

/** Writes the spec of a tiny experiment. */
export function tinySpec(variant: TinyVariant = {}): string {
  const { train: settings = 'steps: 6, sample_every: 3, checkpoint_every: 2, seed: 7', rate = '1e-3' } =
    variant;
  const latent = variant.latent ? 'z: noise(3)' : '';
  const generator = variant.light
    ? `Painter(${latent})`
    : `SpadeGenerator(width: 2, norm: spade(hidden: 4)${latent && `, ${latent}`})`;
  return `use generators { SpadeGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching }
use norms { spade }
${variant.light ? lightGenerators[variant.latent ? 'latent' : 'plain'] : ''}
experiment tiny {
  data made_up {
    path: "data", images: "photos", labels: "labels"
    ${variant.test === false ? '' : 'test_images: "test-photos", test_labels: "test-labels"'}
    classes: ${classes}, size: ${size}x${size}, batch: 2, augment: ["flip"]
  }
  let G = ${generator}
  let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)
  loss G = gan_generator(D) + 10 * feature_matching(D)
  loss D = gan_fake(D) + gan_real(D)
  train {
    ${settings}
    optimize G with adam(rate: ${rate}, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: ${rate}, beta1: 0, beta2: 0.9)
  }
}
`;
}

/** Writes the spec of a tiny segmenter on the same data. */
export function tinySegmenterSpec(scores: number = classes): string {
  return `use losses { cross_entropy }

network Segmenter(photo: Image) {
  return photo |> conv(4, kernel: 3) |> relu |> conv(${scores}, kernel: 1)
}
block segmentation(S: Network) {
  ${scores === classes ? 'return cross_entropy(S(real()), labels())' : 'return mean(square(S(real())))'}
}

experiment segments {
  data made_up {
    path: "data", images: "photos", labels: "labels", test_images: "test-photos", test_labels: "test-labels"
    classes: ${classes}, size: ${size}x${size}, batch: 5
  }
  let S = Segmenter()
  loss S = segmentation(S)
  train {
    steps: 60, sample_every: 30
    optimize S with adam(rate: 0.05)
  }
}
`;
}

/** Writes a label map of two regions, and its photo. */
async function writePair(
  folder: string,
  labels: string,
  photos: string,
  name: string,
  index: number,
): Promise<void> {
  const random = new RandomStream(index, name);
  const border = 8 + random.below(16);
  const ids = Uint8Array.from({ length: size * size }, (_, i) => (i % size < border ? 0 : 1 + (index % 2)));
  const pixels = Uint8Array.from(
    [...ids].flatMap((id) => colors[id]!.map((channel) => channel - random.below(30))),
  );
  const raw = { width: size, height: size } as const;
  await sharp(ids, { raw: { ...raw, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(join(folder, labels, `${name}.png`));
  await sharp(pixels, { raw: { ...raw, channels: 3 } })
    .png()
    .toFile(join(folder, photos, `${name}.png`));
}

/** Makes a folder with a spec, five training pairs and two held-out ones; the caller removes it. */
export async function makeTinyExperiment(
  variant: TinyVariant = {},
): Promise<{ folder: string; spec: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'spadework-tiny-'));
  const data = join(folder, 'data');
  for (const name of ['labels', 'photos', 'test-labels', 'test-photos'])
    mkdirSync(join(data, name), { recursive: true });
  for (let n = 0; n < 5; n++) await writePair(data, 'labels', 'photos', `train${n}`, n);
  for (let n = 0; n < 2; n++) await writePair(data, 'test-labels', 'test-photos', `test${n}`, 10 + n);
  const spec = join(folder, 'tiny.spade');
  writeFileSync(spec, tinySpec(variant));
  return { folder, spec };
}

/** Removes a tiny experiment's folder. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Trains the spec in a file's text, as the command does. */
export function trainText(
  text: string,
  file: string,
  options: Omit<TrainOptions, 'spec' | 'sources' | 'command'>,
): Promise<RunResult> {
  const { spec, sources, diagnostics } = check({ name: file, text }, fileProvider());
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return train({ ...options, spec, sources, command: 'spadework train tiny.spade' });
}
