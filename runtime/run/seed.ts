/** The seed of a training without one. */
export const defaultSeed = 0;
