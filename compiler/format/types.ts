/**
 * The types of the spec: the flat, declarative node graph as JSON. The language expands to it, other tools may write it
 * directly (specs/schema/spec.schema.json), and all later stages depend on it alone. Shapes leave the batch out: a spec
 * serves any batch size. The types are inferred from the schemas, one file for each part.
 */
import { listOf, literal, object, string, text, type ValueOf } from '../json/schema.ts';
import { dataSchema } from './data.ts';
import { specFormat } from './limits.ts';
import { networkSchema } from './network.ts';
import { objectiveSchema } from './objective.ts';
import { trainSchema } from './train.ts';

export * from './limits.ts';
export type { DataSpec, PhotoSide } from './data.ts';
export type { EncodedInput, InputSpec, NetworkSpec, VariableSpec, WeightsSpec } from './network.ts';
export type { NodeSpec, SpecAttr } from './node.ts';
export type { ObjectiveSpec, TermSpec } from './objective.ts';
export type { ArgumentSpec, CallSpec, Place, Ref, RefTree } from './shared.ts';
export type { TrainSpec } from './train.ts';

/** The schema of a spec without its definitions: `compiler/schema/spec.ts` has the complete schema. */
export const rootSchema = object(
  'A flat, declarative node graph: networks, losses and training. Shapes leave the batch out.',
  {
    format: literal(specFormat, { description: 'The version of this format.', examples: [specFormat] }),
    name: text('The name of the experiment or network.', { examples: ['my_experiment'] }),
    sources: listOf(string(), {
      description: 'The texts that places point into, by name; may be empty.',
      examples: [[]],
    }),
    networks: listOf(networkSchema, {
      description: 'The networks; one may call those before it.',
      examples: [[]],
    }),
    objectives: listOf(objectiveSchema, {
      description: 'The losses, in the order in which a training step takes them.',
      examples: [[]],
    }),
  },
  { $schema: string(), doc: text('What it is.'), data: dataSchema, train: trainSchema },
);

export type Spec = ValueOf<typeof rootSchema>;
