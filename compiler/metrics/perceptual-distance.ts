/**
 * How far apart two pictures look to a network (Zhang et al. 2018, equation 1): at each pixel of each layer, feature
 * vectors are brought to length 1 and compared.
 */
import { defineMetric, type FeatureMap } from './define.ts';

/** Added to lengths, so that vectors of zeros can be divided by them. */
const epsilon = 1e-10;

/**
 * Computes the distance of two pictures from their layers: the sum over layers of the mean over pixels of the squared differences
 * of the channels, each counted by its weight where there are `weights` for the layer, else by 1.
 */
export function featureDistance(
  a: readonly FeatureMap[],
  b: readonly FeatureMap[],
  weights?: readonly ArrayLike<number>[],
): number {
  return a.reduce((sum, layer, index) => {
    const other = b[index];
    if (other?.values.length !== layer.values.length || other.channels !== layer.channels)
      throw new RangeError(`layer ${index} is not the same in both pictures`);
    return sum + layerDistance(layer, other, weights?.[index]);
  }, 0);
}

function layerDistance(a: FeatureMap, b: FeatureMap, weights: ArrayLike<number> | undefined): number {
  const { channels } = a;
  const pixels = a.values.length / channels;
  let sum = 0;
  for (let start = 0; start < a.values.length; start += channels) {
    const [lengthA, lengthB] = [lengthOf(a, start), lengthOf(b, start)];
    for (let channel = 0; channel < channels; channel++) {
      const difference = a.values[start + channel]! / lengthA - b.values[start + channel]! / lengthB;
      sum += (weights?.[channel] ?? 1) * difference ** 2;
    }
  }
  return sum / pixels;
}

function lengthOf({ values, channels }: FeatureMap, start: number): number {
  let squares = 0;
  for (let channel = 0; channel < channels; channel++) squares += values[start + channel]! ** 2;
  return Math.sqrt(squares) + epsilon;
}

export const perceptualDistance = defineMetric({
  name: 'perceptual distance',
  better: 'lower',
  doc: 'how unlike each picture and its photograph look',
  measuredBy: ['evaluation'],
  needs: 'layers',
  compare: featureDistance,
});
