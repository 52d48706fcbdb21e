/** The JSON Schema of the spec, and questions about the settings of its sections. The spec's types are inferred from it. */
import { specFormat } from '../format/limits.ts';
import { dataSchema } from './data.ts';
import { networkSchema } from './network.ts';
import { nodeSchema } from './node.ts';
import { objectiveSchema } from './objective.ts';
import { sharedDefs } from './shared.ts';
import { trainSchema } from './train.ts';
import { listOf, literal, object, string, text, type Schema, type ValueOf } from './type.ts';
import type { TProperties } from 'typebox';

const root = object(
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

export type Spec = ValueOf<typeof root>;

/** Titles of schemas are noun phrases, which messages use; `examples` show how a missing setting is written. */
export const specSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'spadework/spec/1',
  title: 'a Spadework spec',
  ...root,
  $defs: { ...sharedDefs, node: nodeSchema },
};

const sections = { data: dataSchema, train: trainSchema };

/** Lists the settings that a section may have. */
export function settingNames(section: keyof typeof sections): string[] {
  return Object.keys(sections[section].properties);
}

/** Tells whether a setting is a text, or a list of them. */
export function isTextSetting(section: keyof typeof sections, name: string): boolean {
  const properties: TProperties = sections[section].properties;
  const schema: Schema = { ...properties[name] };
  const one = (schema['items'] ?? schema) as Schema;
  return one['type'] === 'string' || one['enum'] !== undefined;
}
