/** Segments photographs with the `segment` method, in batches of the size that the method was compiled for. */
import { must } from '../../dsl/errors.ts';
import { realInput } from '../../compiler/format/types.ts';
import { segmentation } from '../../compiler/build/step.ts';
import { runAndRead, type Session } from '../session/session.ts';

/** Tells whether a session can segment. */
export function canSegment({ program }: Pick<Session, 'program'>): boolean {
  return program.methods.some(({ name }) => name === segmentation.method);
}

/**
 * Gives the class of every pixel, the one with the highest score (the first of a tie): ids [H,W] for each photograph
 * (RGB in [-1,1], [H,W,3], of the size of the network's input).
 */
export async function segment(session: Session, photos: readonly Float32Array[]): Promise<Int32Array[]> {
  const method = must(
    session.program.methods.find(({ name }) => name === segmentation.method),
    'the program has a method that segments',
  );
  const made = must(method.outputs.get(segmentation.scores)?.results[0], 'segmenting gives scores');
  const [batch, height, width, classes] = made.shape as [number, number, number, number];
  const pixels = height * width;
  const found: Int32Array[] = [];
  for (let start = 0; start < photos.length; start += batch) {
    const part = photos.slice(start, start + batch);
    // The last batch is padded with black pictures, whose results are discarded.
    const fed = new Float32Array(batch * pixels * 3).fill(-1);
    part.forEach((photo, index) => fed.set(photo, index * pixels * 3));
    const outputs = await runAndRead(session, segmentation.method, { [realInput]: fed });
    const scores = must(outputs.get(segmentation.scores), 'segmenting gives scores');
    part.forEach((_, index) => found.push(highest(scores, index * pixels * classes, pixels, classes)));
  }
  return found;
}

/** Finds the channel with the highest value for every pixel, in a picture that begins at `from`. */
function highest(scores: Float32Array, from: number, pixels: number, channels: number): Int32Array {
  return new Int32Array(pixels).map((_, pixel) => {
    const start = from + pixel * channels;
    let best = 0;
    for (let channel = 1; channel < channels; channel++)
      if ((scores[start + channel] ?? 0) > (scores[start + best] ?? 0)) best = channel;
    return best;
  });
}
