/** The JSON Schema of the spec, and questions about the settings of its sections. */
import { dataSchema } from '../format/data.ts';
import { sharedDefs } from '../format/shared.ts';
import { trainSchema } from '../format/train.ts';
import { rootSchema } from '../format/types.ts';
import type { Schema } from '../json/schema.ts';
import { nodeSchema } from './nodes.ts';
import type { TProperties } from 'typebox';

/** Titles of schemas are noun phrases, which messages use; `examples` show how a missing setting is written. */
export const specSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'spadework/spec/1',
  title: 'a Spadework spec',
  ...rootSchema,
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
