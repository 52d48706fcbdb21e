/** The constants of specs: their version, the ranges of their numbers, and the names of what data give. */

export const specFormat = 'spadework/1';

/** Seeds enter the graph as int32. */
export const largestSeed = 2 ** 31 - 1;

/** Pictures have at most so many pixels on a side: rows of more take gigabytes to scale. */
export const longestSide = 2 ** 16;

/** A batch has at most so many pictures. */
export const mostPictures = 2 ** 16;

/** Label maps hold ids of 16 bits. */
export const mostClasses = 2 ** 16;

/** The names of what data gives: label maps (and `labels.edges`) and photographs. */
export const labelsInput = 'labels';
export const realInput = 'real';

/** The name of the input that holds [seed, step] of random ops; the parts of a step count as steps. */
export const randomStateInput = 'random_state';

/** Orders of axes that PyTorch has for some weights: kernels of transposed convolutions, and tables with a row for each class. */
export const storedOrders = { IOHW: 4, IO: 2 } as const;
