/** Answers for how near a picture is to its photograph pixel by pixel, on values of 0 to 255. */

/** An RGB picture, row-major: [height, width, 3]. */
export interface EightBitPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const channels = 3;
const range = 255;
/** Equal pictures have no noise; their ratio is given as this many decibels, more than any others of 8 bits reach. */
const mostDecibels = 100;

/** Computes the peak signal-to-noise ratio in decibels: 10 log10(255^2 / mean squared difference), at most 100. */
export function peakSignalToNoise(a: EightBitPicture, b: EightBitPicture): number {
  checkSizes(a, b);
  const squares = a.data.reduce((sum, value, index) => sum + (value - b.data[index]!) ** 2, 0);
  return Math.min(mostDecibels, 10 * Math.log10(range ** 2 / (squares / a.data.length)));
}

/** Computes the mean absolute difference, in shares of the whole range of a channel. */
export function meanDifference(a: EightBitPicture, b: EightBitPicture): number {
  checkSizes(a, b);
  const sum = a.data.reduce((sum, value, index) => sum + Math.abs(value - b.data[index]!), 0);
  return sum / a.data.length / range;
}

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
export function structuralSimilarity(a: EightBitPicture, b: EightBitPicture): number | null {
  checkSizes(a, b);
  const { width, height } = a;
  if (Math.min(width, height) < weights.length) return null;
  let sum = 0;
  for (let channel = 0; channel < channels; channel++)
    sum += similarityOfPlanes(planeOf(a, channel), planeOf(b, channel), width);
  return sum / channels;
}

function checkSizes(a: EightBitPicture, b: EightBitPicture): void {
  if (a.width !== b.width || a.height !== b.height)
    throw new RangeError(`pictures of ${a.width}x${a.height} and ${b.width}x${b.height} cannot be compared`);
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
