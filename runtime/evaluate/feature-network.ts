/** Applies a network with weights to pictures, to get features or layers for metrics. */
import { must } from '../../dsl/errors.ts';
import { variablesOf } from '../../compiler/build/step.ts';
import type { Engine } from '../engine/choose.ts';
import type { FeatureMap } from '../../compiler/metrics/define.ts';
import type { Picture } from '../report/pixels.ts';
import { whileComputing, withoutUnusedVariables } from '../session/computing.ts';
import { openSession } from '../session/open.ts';
import { runAndRead, type Session } from '../session/session.ts';
import { scalePicture, toUnit } from './pictures.ts';
import {
  channelsOf,
  layersOf,
  picturesAtOnce,
  specOf,
  vectorOf,
  type Leaf,
  type ReadJudge,
} from './read-judge.ts';

/** Reads a result of the network for one picture. */
type Found = (result: Leaf, picture: number) => Float32Array;

/** Opens a network on an engine, compiled for the requested results only. */
async function openLooking(
  { network, weights, method }: ReadJudge,
  leaves: readonly Leaf[],
  engine: Engine,
): Promise<Session> {
  const outputs = new Map(
    leaves.map(
      ({ name }) =>
        [
          name,
          must(method.outputs.get(name), 'a feature that is asked for is a result of its network'),
        ] as const,
    ),
  );
  const program = withoutUnusedVariables({
    variables: variablesOf(specOf(network)),
    methods: [{ ...method, outputs }],
  });
  const session = await openSession(engine, program);
  await session.setVariables(
    new Map(program.variables.map(({ name }) => [name, must(weights.get(name), `${name} was loaded`)])),
  );
  return session;
}

/** A network on an engine. */
abstract class Looking {
  protected constructor(
    protected readonly judge: ReadJudge,
    protected readonly leaves: readonly Leaf[],
    private readonly session: Session,
  ) {}

  dispose(): Promise<void> {
    return this.session.dispose();
  }

  /** Applies the network to pictures in batches. */
  protected async look<T>(
    pictures: readonly Picture[],
    take: (found: Found, picture: number) => T,
  ): Promise<T[]> {
    const { size, network, method } = this.judge;
    const input = must(network.inputs[0], 'a network of features takes a picture').name;
    const length = 3 * size.width * size.height;
    const taken: T[] = [];
    for (let start = 0; start < pictures.length; start += picturesAtOnce) {
      const part = pictures.slice(start, start + picturesAtOnce);
      // The last batch is padded with grey pictures, whose results are dropped.
      const fed = new Float32Array(picturesAtOnce * length);
      const scaled = await Promise.all(part.map((picture) => scalePicture(picture, size)));
      scaled.forEach((picture, index) => fed.set(toUnit(picture), index * length));
      const outputs = await whileComputing(() => runAndRead(this.session, method.name, { [input]: fed }));
      const found: Found = ({ name }, picture) => {
        const values = must(outputs.get(name), `result ${name} was asked for`);
        const numbers = values.length / picturesAtOnce;
        return values.subarray(picture * numbers, (picture + 1) * numbers);
      };
      part.forEach((_, index) => taken.push(take(found, index)));
    }
    return taken;
  }
}

/** A network with a feature vector per picture. */
export class VectorNetwork extends Looking {
  static async open(judge: ReadJudge, engine: Engine): Promise<VectorNetwork> {
    const leaves = [vectorOf(judge)];
    return new VectorNetwork(judge, leaves, await openLooking(judge, leaves, engine));
  }

  vectors(pictures: readonly Picture[]): Promise<Float32Array[]> {
    const leaf = vectorOf(this.judge);
    return this.look(pictures, (found, picture) => meanOfPixels(found(leaf, picture), channelsOf(leaf)));
  }
}

/** A network with several layers per picture. */
export class LayerNetwork extends Looking {
  static async open(judge: ReadJudge, engine: Engine): Promise<LayerNetwork> {
    const leaves = layersOf(judge);
    return new LayerNetwork(judge, leaves, await openLooking(judge, leaves, engine));
  }

  layers(pictures: readonly Picture[]): Promise<FeatureMap[][]> {
    return this.look(pictures, (found, picture) =>
      this.leaves.map((leaf) => ({ values: found(leaf, picture), channels: channelsOf(leaf) })),
    );
  }
}

function meanOfPixels(values: Float32Array, channels: number): Float32Array {
  const pixels = values.length / channels;
  const sums = new Float64Array(channels);
  values.forEach((value, index) => (sums[index % channels]! += value));
  return Float32Array.from(sums, (sum) => sum / pixels);
}
