/** Tests the published schema: it is up to date, and accepts expanded specs. */
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { specSchema } from '../../compiler/schema/spec.ts';
import { composites } from '../../compiler/ops/composite/index.ts';
import { specOf } from '../support/specs.ts';
import { camvid } from '../support/spec-texts.ts';

describe('specs/schema/spec.schema.json', () => {
  it('is up to date', async () => {
    await expect(`${JSON.stringify(specSchema, null, 2)}\n`).toMatchFileSnapshot(
      '../../specs/schema/spec.schema.json',
    );
  });

  // Other tools use the file with another validator. The file is the schema's text, as the first test says.
  const schema = JSON.parse(JSON.stringify(specSchema)) as object;
  const accepts = new Ajv({ discriminator: true, strictTypes: false }).compile(schema);

  it('accepts an experiment of the language', () => {
    expect(accepts(specOf(camvid)), JSON.stringify(accepts.errors)).toBe(true);
  });

  it('describes every op', () => {
    const { $defs } = schema as { $defs: { node: { oneOf: { properties: { op: { const: string } } }[] } } };
    expect($defs.node.oneOf.map(({ properties }) => properties.op.const)).toEqual([
      ...composites.keys(),
      'call',
    ]);
  });

  it('knows every property of every object', () => {
    const open: string[] = [];
    const visit = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      const { type, additionalProperties, oneOf } = part as Record<string, unknown>;
      if (type === 'object' && !oneOf && additionalProperties !== false) open.push(path);
      for (const [key, value] of Object.entries(part)) visit(value, `${path}/${key}`);
    };
    visit(schema, '');
    expect(open).toEqual([]);
  });
});
