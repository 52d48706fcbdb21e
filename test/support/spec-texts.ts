/** Texts of specs that several tests start from. */

/** The SPADE experiment on CamVid, of full width. */
export const camvid = `use generators { SpadeGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching }

# SPADE on CamVid.
experiment camvid_spade {
  data camvid { path: "data", images: "train", labels: "trainannot", classes: 12, size: 256x256, batch: 2 }
  let G = SpadeGenerator(width: 64)
  let D = MultiscaleDiscriminator(scales: 2, layers: 4, width: 64)
  loss G = gan_generator(D) + 10 * feature_matching(D)
  loss D = gan_fake(D) + gan_real(D)
  train {
    epochs: 200, decay_from: 100
    optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: 4e-4, beta1: 0, beta2: 0.9)
  }
}
`;

/** Writes a network with a body; `before` may have imports and declarations. */
export function network(body: string, before = ''): string {
  return `${before}\nnetwork Painter(seg: LabelMap) -> Image {\n${body}\n}\n`;
}
