/** Paints label maps with the `synthesize` method, in batches of the size that the method was compiled for. */
import type { Method, Program } from '../../compiler/ir/program.ts';
import { sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { encodedInputs } from '../../compiler/format/queries.ts';
import { labelsInput, randomStateInput, realInput, type NetworkSpec } from '../../compiler/format/types.ts';
import { encodingMethod, encodingOutputs } from '../../compiler/build/step.ts';
import { outerInputs } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import type { Sample } from '../data/dataset.ts';
import { fromFloat, type Picture } from '../report/pixels.ts';
import { runAndRead, type DeviceValue, type Feeds, type Session, type Values } from '../session/session.ts';
import { edgesInput, instancesInput } from '../session/feeds.ts';

export const synthesisMethod = 'synthesize';

/** What is needed to paint samples. */
export interface Painter {
  readonly session: Session;
  readonly generator: NetworkSpec;
  readonly seed: number;
}

/** A sample with the style photo for its painting. */
export interface Styled extends Sample {
  /** RGB in [-1,1], [H,W,3]. Without it, sampled codes are drawn, and other codes come from the sample's own photo. */
  readonly style?: Float32Array | undefined;
}

/** Tells whether a generator needs a photo: it takes codes that are not drawn from a distribution. */
export function needsPhoto(generator: NetworkSpec): boolean {
  return encodedInputs(generator).some(({ sampled }) => !sampled);
}

/**
 * Paints samples. Named noise and sampled codes are drawn from the seed and the sample's name, so the other maps of a
 * batch do not change a picture; a style gives the mean of its code instead. Unnamed noise is drawn from the seed and
 * the position in the batch.
 */
export async function paint(painter: Painter, samples: readonly Styled[]): Promise<Picture[]> {
  const method = methodOf(painter.session, synthesisMethod);
  // The batch size does not come from the label map: a generator that starts from noise alone takes none.
  const made = must(method.outputs.get('picture')?.results[0], 'the method that paints gives a picture');
  const [batch, height, width] = made.shape as [number, number, number];
  const pictures: Picture[] = [];
  for (let start = 0; start < samples.length; start += batch) {
    const part = samples.slice(start, start + batch);
    // The last batch is padded with its last sample, whose further pictures are discarded.
    const full = Array.from({ length: batch }, (_, i) =>
      must(part[i] ?? part.at(-1), 'a batch is not empty'),
    );
    const codes = await codesOf(painter, full);
    const feeds = feedsOf(painter.session.program, method, full, painter.seed, codes);
    const outputs = await runAndRead(painter.session, synthesisMethod, feeds, { outputs: ['picture'] });
    codes.forEach((code) => code.dispose());
    const painted = must(outputs.get('picture'), 'the method that paints gives a picture');
    part.forEach((_, i) => pictures.push(fromFloat(painted, width, height, i * height * width * 3)));
  }
  return pictures;
}

function methodOf({ program }: Session, name: string): Method {
  return must(
    program.methods.find((method) => method.name === name),
    `the program has the method ${name}`,
  );
}

/**
 * Encodes the photos of samples for the inputs that take codes of photos. Gives values by input; they stay on the
 * engine.
 */
async function codesOf(
  { session, generator, seed }: Painter,
  samples: readonly Styled[],
): Promise<Map<string, DeviceValue>> {
  const codes = new Map<string, DeviceValue>();
  for (const input of encodedInputs(generator)) {
    if (input.sampled && samples.some(({ style }) => !style)) continue;
    const method = methodOf(session, encodingMethod(generator, input));
    const output = input.sampled ? encodingOutputs.mean : encodingOutputs.code;
    const feeds = feedsOf(session.program, method, samples, seed, new Map());
    const outputs = await session.run(method.name, feeds, { outputs: [output] });
    codes.set(input.name, must(outputs.get(output), `the method that encodes gives ${output}`));
  }
  return codes;
}

function feedsOf(
  program: Program,
  method: Method,
  samples: readonly Styled[],
  seed: number,
  codes: ReadonlyMap<string, DeviceValue>,
): Feeds {
  const given = new Map<string, Values | DeviceValue>(codes).set(randomStateInput, Int32Array.of(seed, 0));
  const inputs = [...outerInputs(program, method)];
  return Object.fromEntries(
    inputs.map(([name, type]) => [name, given.get(name) ?? gather(name, type, samples, seed)]),
  );
}

function gather(name: string, type: TensorType, samples: readonly Styled[], seed: number): Values {
  const whole =
    type.dtype === 'i32' ? new Int32Array(sizeOf(type.shape)) : new Float32Array(sizeOf(type.shape));
  const length = whole.length / samples.length;
  samples.forEach((sample, i) => {
    const values = valuesOf(name, sample) ?? drawNoise(length, sample.name, name, seed);
    whole.set(values, i * length);
  });
  return whole;
}

/** Gives a sample's value for an input; undefined for inputs of noise. Throws if the sample lacks it. */
function valuesOf(name: string, sample: Styled): Values | undefined {
  const held = new Map<string, Values | undefined>([
    [labelsInput, sample.labels],
    [edgesInput, sample.edges],
    [instancesInput, sample.instances],
    [realInput, sample.style ?? sample.image],
  ]);
  return held.has(name) ? must(held.get(name), `the sample ${sample.name} has ${name}`) : undefined;
}

function drawNoise(length: number, sample: string, input: string, seed: number): Float32Array {
  const random = new RandomStream(seed, `paint/${input}/${sample}`);
  return new Float32Array(length).map(() => random.normal());
}
