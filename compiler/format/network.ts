/** The schema of networks: inputs, variables, nodes and outputs. */
import { mostClasses, storedOrders } from './limits.ts';
import { initializerSchema } from '../ir/initializer.ts';
import { nodeRef } from './node.ts';
import { axisOf, calledWith, idRef, placeRef, shape, valuesRef } from './shared.ts';
import {
  boolean,
  choice,
  integerFrom,
  keysOf,
  listOf,
  literal,
  object,
  text,
  union,
  type ValueOf,
} from '../json/schema.ts';

const shapeOfOne = shape('Shape for one picture.');

const inputSchema = union('kind', 'What a network is given.', [
  object(
    'A label map: ids, and optionally instances: their edges as input <name>.edges, their ids as <name>.instances.',
    {
      name: idRef,
      kind: literal('labels'),
      width: axisOf('Columns.'),
      height: axisOf('Rows.'),
      classes: integerFrom(1, 'Number of ids, which run from 0.', { maximum: mostClasses }),
      /** Instances are counted from 0 in each picture. */
      edges: boolean({ description: 'Whether the map carries instances and their edges.' }),
    },
  ),
  object('A tensor, such as a picture [height, width, 3].', {
    name: idRef,
    kind: literal('tensor'),
    shape: shapeOfOne,
  }),
  object('Standard normal noise, drawn anew at every use in training.', {
    name: idRef,
    kind: literal('noise'),
    shape: shapeOfOne,
  }),
  object(
    'What another network makes of the photograph; losses give it, and synthesis takes it from outside.',
    {
      name: idRef,
      kind: literal('encoded'),
      shape: shapeOfOne,
      encoder: text('The name of the network, which stands before this one.'),
      /** Samples are drawn anew at every use in training. */
      sampled: boolean({
        description:
          'Whether it gives [mean, log variance] of a normal distribution that is sampled, not one tensor.',
      }),
    },
  ),
]);

/** An input of a network or an objective. */
export type InputSpec = ValueOf<typeof inputSchema>;

/** An input that a network gets from an encoder. */
export type EncodedInput = Extract<InputSpec, { kind: 'encoded' }>;

const variableSchema = object(
  'A variable.',
  {
    name: text('Its path, such as up_0.conv_0.weight; nodes refer to it as @<path>.', {
      pattern: '^[A-Za-z_0-9]+(\\.[A-Za-z_0-9]+)*$',
    }),
    role: choice(['parameter', 'state'], {
      description: 'Whether it is trained, or moved by ops such as batch_norm.',
    }),
    shape: shape('Its shape.'),
    initializer: initializerSchema,
  },
  {
    /** The default order is OIHW for [h,w,I,O], CHW for [h,w,C], OI for [I,O]. */
    stored: choice(keysOf(storedOrders), {
      description: "PyTorch's order of axes, where it is not the usual one for the rank.",
    }),
  },
);

export type VariableSpec = ValueOf<typeof variableSchema>;

const weightsSchema = object(
  'Where its weights are read from before training. Without a loss of its own it stays as they say.',
  {
    path: text('A file of safetensors or PyTorch, relative to the spec.', { title: 'the path of a file' }),
  },
  {
    mapping: text("The mapping from the file's names to ours: its name, or a JSON file.", {
      title: 'the name of a mapping, or the path of one',
    }),
  },
);

export type WeightsSpec = ValueOf<typeof weightsSchema>;

export const networkSchema = object(
  'A network: nodes in order of computation, over its inputs and its own variables.',
  {
    name: idRef,
    definition: text('The block that it is an instance of.'),
    inputs: listOf(inputSchema, { description: 'What it is given.' }),
    variables: listOf(variableSchema, { description: 'What it learns and keeps.' }),
    nodes: listOf(nodeRef, { description: 'Its nodes; each may use only what stands before it.' }),
    outputs: valuesRef,
  },
  { arguments: calledWith, doc: text('What it is.'), weights: weightsSchema, at: placeRef },
);

export type NetworkSpec = ValueOf<typeof networkSchema>;
