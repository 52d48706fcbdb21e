/** The structural similarity of pictures (Wang et al. 2004). */
import { defineMetric } from './define.ts';
import { channels, checkSizes, range, type EightBitPicture } from './pictures.ts';

/** Wang et al. 2004, section 3.B: a Gaussian window of 11x11 pixels. */
const radius = 5;
const sigma = 1.5;
const stabilizers = [(0.01 * range) ** 2, (0.03 * range) ** 2] as const;

const weights = ((): Float64Array => {
  const bell = Float64Array.from({ length: 2 * radius + 1 }, (_, index) =>
    Math.exp(-((index - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = bell.reduce((total, value) => total + value, 0);
  return bell.map((value) => value / sum);
})();

/**
 * Computes the structural similarity (Wang et al. 2004, equation 13), for each channel, in the mean over the places where the window
 * lies inside of the picture, and over channels; null for pictures that the window does not fit into.
 */
function structuralSimilarity(a: EightBitPicture, b: EightBitPicture): number | null {
  checkSizes(a, b);
  const { width, height } = a;
  if (Math.min(width, height) < weights.length) return null;
  let sum = 0;
  for (let channel = 0; channel < channels; channel++)
    sum += similarityOfPlanes(planeOf(a, channel), planeOf(b, channel), width);
  return sum / channels;
}

function planeOf({ data }: EightBitPicture, channel: number): Float64Array {
  return Float64Array.from(
    { length: data.length / channels },
    (_, pixel) => data[channels * pixel + channel]!,
  );
}

function similarityOfPlanes(x: Float64Array, y: Float64Array, width: number): number {
  const smooth = (valueAt: (pixel: number) => number): Float64Array =>
    windowMeans(
      x.map((_, i) => valueAt(i)),
      width,
    );
  const meanX = smooth((pixel) => x[pixel]!);
  const meanY = smooth((pixel) => y[pixel]!);
  const squareX = smooth((pixel) => x[pixel]! ** 2);
  const squareY = smooth((pixel) => y[pixel]! ** 2);
  const product = smooth((pixel) => x[pixel]! * y[pixel]!);
  const [c1, c2] = stabilizers;
  let sum = 0;
  meanX.forEach((mean, index) => {
    const other = meanY[index]!;
    const variances = squareX[index]! - mean ** 2 + squareY[index]! - other ** 2;
    const covariance = product[index]! - mean * other;
    sum +=
      ((2 * mean * other + c1) * (2 * covariance + c2)) / ((mean ** 2 + other ** 2 + c1) * (variances + c2));
  });
  return sum / meanX.length;
}

/** Weighs the pixels of each window that lies inside: along rows, then along columns. */
function windowMeans(plane: Float64Array, width: number): Float64Array {
  const height = plane.length / width;
  const [inner, innerRows] = [width - 2 * radius, height - 2 * radius];
  const rows = new Float64Array(inner * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * plane[y * width + x + k]!;
      rows[y * inner + x] = sum;
    }
  const means = new Float64Array(inner * innerRows);
  for (let y = 0; y < innerRows; y++)
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * rows[(y + k) * inner + x]!;
      means[y * inner + x] = sum;
    }
  return means;
}

export const ssim = defineMetric({
  name: 'SSIM',
  better: 'higher',
  doc: 'how near each picture is to its photograph, pixel by pixel',
  measuredBy: ['evaluation', 'training'],
  decides: true,
  needs: 'photographs',
  compare: structuralSimilarity,
});
