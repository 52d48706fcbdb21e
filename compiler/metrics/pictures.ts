/** Pictures as metrics take them: values of 0 to 255. */

/** An RGB picture, row-major: [height, width, 3]. */
export interface EightBitPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export const channels = 3;

/** The largest value of a channel. */
export const range = 255;

/** Requires two pictures to be of one size. */
export function checkSizes(a: EightBitPicture, b: EightBitPicture): void {
  if (a.width !== b.width || a.height !== b.height)
    throw new RangeError(`pictures of ${a.width}x${a.height} and ${b.width}x${b.height} cannot be compared`);
}
