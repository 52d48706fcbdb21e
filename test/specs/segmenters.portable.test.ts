/** Tests that the library's segmenter learns: in a few steps it distinguishes areas by color, and ignores void. */
import { expect, it } from 'vitest';
import { openText } from '../../runtime/index.ts';

const [side, classes, pictures] = [32, 3, 2];
const text = `use losses { cross_entropy }
use segmenters { SegmentationUNet }

experiment areas {
  data any { path: ".", images: "i", labels: "l", classes: ${classes}, size: ${side}x${side}, batch: ${pictures} }
  let S = SegmentationUNet(classes: ${classes}, width: 4, levels: 3)
  loss S = cross_entropy(S(real()), labels(), void: 2)
  train {
    steps: 40
    optimize S with adam(rate: 0.02)
  }
}
`;

/** Pictures of two areas, one light and one dark, with a void margin. */
function batch(): { labels: Int32Array; real: Float32Array } {
  const labels = Int32Array.from({ length: pictures * side * side }, (_, index) => {
    const [x, y, picture] = [index % side, Math.floor(index / side) % side, Math.floor(index / side ** 2)];
    if (y < 2) return 2;
    return x < 12 + 8 * picture ? 0 : 1;
  });
  const real = Float32Array.from({ length: 3 * labels.length }, (_, index) => {
    const light = labels[Math.floor(index / 3)] === 0 ? -0.5 : 0.5;
    return light + 0.3 * Math.sin(0.7 * index);
  });
  return { labels, real };
}

it('SegmentationUNet gives scores of all classes for each pixel, and learns them', async () => {
  const model = await openText(text, { engine: 'portable', seed: 1 });
  try {
    const { labels, real } = batch();
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      const { outputs } = await model.step({ labels, real }, { batch: pictures });
      losses.push(outputs['S/cross_entropy']!.values[0]!);
    }
    expect(losses[39]).toBeLessThan(0.3 * losses[0]!);
    const { shape, values } = (await model.forward('S', { photo: real }, { training: true, batch: pictures }))
      .outputs['output']!;
    expect(shape).toEqual([pictures, side, side, classes]);
    let right = 0;
    let counted = 0;
    labels.forEach((label, pixel) => {
      if (label === 2) return;
      const scores = [...values.subarray(classes * pixel, classes * (pixel + 1))];
      counted++;
      if (scores.indexOf(Math.max(...scores)) === label) right++;
    });
    expect(right / counted).toBeGreaterThan(0.9);
  } finally {
    await model.dispose();
  }
});
