/** The JSON Schema of the spec, and queries about the settings of its sections. */
import { dataSchema } from '../format/data.ts';
import { sharedDefs } from '../format/shared.ts';
import { trainSchema } from '../format/train.ts';
import { rootSchema } from '../format/types.ts';
import type { Schema } from '../json/schema.ts';
import { nodeSchema } from './nodes.ts';
import type { TProperties } from 'typebox';

/** Messages use the titles of schemas, so titles are noun phrases; `examples` show how a missing setting is written. */
export const specSchema: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'spadework/spec/1',
  title: 'a Spadework spec',
  ...rootSchema,
  $defs: { ...sharedDefs, node: nodeSchema },
};

const sections = { data: dataSchema, train: trainSchema };

/** Lists the settings of a section. */
export function settingNames(section: keyof typeof sections): string[] {
  return Object.keys(sections[section].properties);
}

/** Tells whether a setting is a text, or a list of texts. */
export function isTextSetting(section: keyof typeof sections, name: string): boolean {
  const properties: TProperties = sections[section].properties;
  const schema: Schema = { ...properties[name] };
  const one = (schema['items'] ?? schema) as Schema;
  return one['type'] === 'string' || one['enum'] !== undefined;
}
