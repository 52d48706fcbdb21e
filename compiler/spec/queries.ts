/** Answers for what follows from a spec by looking at it. */
import {
  labelsInput,
  realInput,
  type DataSpec,
  type InputSpec,
  type NetworkSpec,
  type Spec,
} from './types.ts';

/** Tells whether a network paints: it takes no picture and gives one value. */
export function isGenerator(network: NetworkSpec): boolean {
  return typeof network.outputs === 'string' && network.inputs.every((input) => input.kind !== 'tensor');
}

/** Finds the network that paints. */
export function generatorOf(spec: Spec): NetworkSpec | undefined {
  return spec.networks.find(isGenerator);
}

/** Gives the shape of the data's pictures: [height, width, 3]. */
export function shapeOfPictures({ size }: Pick<DataSpec, 'size'>): readonly [number, number, number] {
  return [size.height, size.width, 3];
}

/** The inputs that data gives to networks and losses. */
export function inputsOfData(data: Pick<DataSpec, 'size' | 'classes' | 'instances'>): {
  readonly labels: InputSpec;
  readonly real: InputSpec;
} {
  const { width, height } = data.size;
  const edges = data.instances !== undefined;
  return {
    labels: { name: labelsInput, kind: 'labels', width, height, classes: data.classes, edges },
    real: { name: realInput, kind: 'tensor', shape: shapeOfPictures(data) },
  };
}
