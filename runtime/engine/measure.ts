/** Measures how fast an engine is at the work that dominates training: 3x3 convolutions of 64 channels. */
import type { Rank } from '@tensorflow/tfjs-core';
import type { PortableTensorFlow } from './portable.ts';

const side = 128;
const channels = 64;
const flopsPerRun = 2 * side * side * 9 * channels * channels;
const shortest = 500;

/** Gives the GFLOP/s of the current backend of `tf`, counting a multiplication and an addition as two. */
export function measureConvolution(tf: Pick<PortableTensorFlow, 'tidy' | 'randomNormal' | 'conv2d'>): number {
  return tf.tidy(() => {
    const images = tf.randomNormal<Rank.R4>([1, side, side, channels]);
    const filter = tf.randomNormal<Rank.R4>([3, 3, channels, channels]);
    // Reading one run's result makes sure that it is done, on devices that work in the background too.
    const run = () => tf.tidy(() => void tf.conv2d(images, filter, 1, 'same').dataSync());
    run();
    const start = performance.now();
    let runs = 0;
    while (performance.now() - start < shortest) {
      run();
      runs++;
    }
    return (runs * flopsPerRun) / (performance.now() - start) / 1e6;
  });
}
