/** The machines that programs are compiled for: from which sizes on each form of a graph pays there, as it was measured. */
import type { Target } from '../ir/target.ts';

/** A processor with our own kernels. Where no device is known yet, graphs are rewritten for it as well. */
export const cpu: Target = {
  kernels: true,
  fuse: true,
  patches: {
    // Above half, sums and reading cost what products save, all the more as convolutions of pixels need a quarter of theirs.
    share: 0.5,
    // Where nothing looks at the rows but pixels, a convolution of labels is cheap, so rows must be fewer.
    shareOfLabels: 0.25,
  },
  // On 32 to 128 pixels a side a layer of OASIS's discriminator takes 11 to 33 % less time folded, on 16 pixels 29 % more.
  upsampling: { shortestSide: 32 },
  fusion: {
    // Each start of a kernel costs more than computing as many values.
    smallDomain: 2 ** 12,
    largeOperand: 2 ** 10,
    // Of the order of what real maps have.
    rowsOfTable: 4096,
    resultPerFilter: 4,
  },
  winograd: {
    // What winograd.cc is compiled for.
    sides: new Map([
      [1, [3, 4]],
      [2, [4]],
    ]),
    channelMultiple: 16,
    fewest: { channels: 16, tiles: 16, flops: 2e8 },
  },
  memory: {
    bytesInTurn: 2 ** 16,
    rowsOfTable: 2048,
    // TensorFlow's allocator hands out blocks up to twice as large as asked for, and keeps them. Of ten training steps
    // (bench/README.md) it was between a tenth and two thirds.
    allocatorShare: 0.4,
  },
};

/** The same with TensorFlow's ops alone, as on a GPU, or where our kernels could not be compiled. */
export const withoutKernels: Target = { ...cpu, kernels: false, fuse: false };
