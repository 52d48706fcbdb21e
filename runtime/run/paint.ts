/** Answers for painting label maps with the `synthesize` method, in batches of the size that it was compiled for. */
import { inputsOf } from '../../compiler/ir/program.ts';
import { must, sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { RandomStream } from '../../compiler/random.ts';
import { labelsInput } from '../../compiler/spec/types.ts';
import type { Sample } from '../data/index.ts';
import { fromFloat, type Picture } from '../report/index.ts';
import type { Session, Values } from '../session/session.ts';

export const synthesisMethod = 'synthesize';

const edgesInput = `${labelsInput}.edges`;

/**
 * Paints samples; what their photos are does not matter. Noise inputs get numbers drawn from the seed and the sample's
 * name, so that a map looks the same whatever it is painted together with.
 */
export function paint(session: Session, samples: readonly Sample[], seed: number): Picture[] {
  const method = must(
    session.program.methods.find(({ name }) => name === synthesisMethod),
    'the program has no method to paint with',
  );
  const inputs = inputsOf(method);
  // The label map tells nothing about sizes: a generator that starts from noise alone takes none.
  const made = must(method.outputs.get('picture')?.results[0], 'painting gives no picture');
  const [batch, height, width] = made.shape as [number, number, number];
  const pictures: Picture[] = [];
  for (let start = 0; start < samples.length; start += batch) {
    const part = samples.slice(start, start + batch);
    // The last batch is filled up with its last sample, which is painted in vain.
    const full = Array.from({ length: batch }, (_, i) =>
      must(part[i] ?? part.at(-1), 'a batch is not empty'),
    );
    const feeds = Object.fromEntries(
      [...inputs].map(([name, type]) => [name, feedOf(name, type, full, seed)]),
    );
    const painted = must(session.run(synthesisMethod, feeds).get('picture'), 'painting gives no picture');
    part.forEach((_, i) => pictures.push(fromFloat(painted, width, height, i * height * width * 3)));
  }
  return pictures;
}

function feedOf(name: string, type: TensorType, samples: readonly Sample[], seed: number): Values {
  const whole =
    type.dtype === 'i32' ? new Int32Array(sizeOf(type.shape)) : new Float32Array(sizeOf(type.shape));
  const length = whole.length / samples.length;
  samples.forEach((sample, i) => {
    const values =
      name === labelsInput
        ? sample.labels
        : name === edgesInput
          ? sample.edges
          : drawNoise(length, sample.name, name, seed);
    whole.set(must(values, `sample ${sample.name} has no ${name}`), i * length);
  });
  return whole;
}

function drawNoise(length: number, sample: string, input: string, seed: number): Float32Array {
  const random = new RandomStream(seed, `paint/${input}/${sample}`);
  return new Float32Array(length).map(() => random.normal());
}
