/** The constants of specs: their version, a text's name, the limits of their numbers, and the names of data inputs. */

export const specFormat = 'spadework/1';

/** What messages call a text that comes without a name. */
export const unnamedSpec = 'spec.spade';

/** The largest seed: seeds enter the graph as int32. */
export const largestSeed = 2 ** 31 - 1;

/** The most pixels on a side of a picture: longer rows take gigabytes to scale. */
export const longestSide = 2 ** 16;

/** The most pictures in a batch. */
export const mostPictures = 2 ** 16;

/** The most classes: label maps hold ids of 16 bits. */
export const mostClasses = 2 ** 16;

/** The names of data inputs: label maps (and `labels.edges`) and photographs. */
export const labelsInput = 'labels';
export const realInput = 'real';

/** The name of the input that holds [seed, step] for random ops; each part of a step counts as a step. */
export const randomStateInput = 'random_state';

/** PyTorch's axis orders of some weights: kernels of transposed convolutions, and tables with a row for each class. */
export const storedOrders = { IOHW: 4, IO: 2 } as const;
