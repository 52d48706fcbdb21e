/** Writes an experiment that starts and steps fast and has state of every kind, for tests that kill processes. */

/** Changes of the plain stateful experiment. */
export interface StatefulVariant {
  readonly steps: number;
  /** Further settings of `train`. */
  readonly train?: string;
  /** Further networks and blocks, and further terms of G's loss. */
  readonly before?: string;
  readonly term?: string;
  readonly rate?: string;
}

/**
 * Writes a spec with variables of every role: weights, running statistics, power iterations, slots of two optimizers,
 * moving averages and gradient sums; with noise, mirrored samples and a rate that changes at every step. Its data is
 * that of a tiny experiment.
 */
export function statefulSpec({
  steps,
  train = '',
  before = '',
  term = '',
  rate = '1e-3',
}: StatefulVariant): string {
  return `use norms { batch, spade, spectral }
use losses { gan_generator, gan_fake, gan_real }
${before}
network Painter(seg: LabelMap, z: Latent) -> Image {
  start = z |> fold(height: 8, width: 8, channels: 1) |> conv(3, weight: spectral)
  x = resize(start, height: 32, width: 32) |> spade(seg, base: batch, hidden: 3)
  return x |> relu |> conv(3) |> tanh
}

network Critic(seg: LabelMap, image: Image) {
  return concat(seg, image) |> conv(3, stride: 2, weight: spectral) |> leaky_relu(0.2) |> conv(1, stride: 2)
}

experiment stateful {
  data made_up {
    path: "data", images: "photos", labels: "labels", test_images: "test-photos", test_labels: "test-labels"
    classes: 3, size: 32x32, batch: 2, augment: ["flip"]
  }
  let G = Painter(z: noise(64))
  let D = Critic()
  loss G = gan_generator(D)${term}
  loss D = gan_fake(D) + gan_real(D)
  train {
    steps: ${steps}, seed: 5, accumulate: 2
    ${train}
    optimize G with adam(rate: ${rate}, beta1: 0.5, beta2: 0.9, average: 0.9, clip_norm: 1, warmup: 100)
    optimize D with sgd(rate: ${rate}, momentum: 0.9)
  }
}
`;
}
