/** The schema of nodes: a union with one member for each composite of the table, and one for calls of networks. */
import { anyNode, type NodeSpec } from '../format/node.ts';
import { axis, idRef, valueRef } from '../format/shared.ts';
import { isVariadic } from '../ir/op.ts';
import { listOf, literal, object, text, union, unsafe, type Schema } from '../json/schema.ts';
import { composites, isRequired, type Composite, type SettingRule } from '../ops/composite/index.ts';
import type { TUnsafe } from 'typebox';

const { scope, at } = anyNode.properties;

const attrSchemas: Readonly<Record<SettingRule['type'], Schema>> = {
  int: { type: 'integer' },
  float: { type: 'number' },
  bool: { type: 'boolean' },
  string: { type: 'string' },
  ints: { type: 'array', items: axis() },
  floats: { type: 'array', items: { type: 'number' }, minItems: 1 },
};

const attrSchema = (rule: SettingRule): Schema => ({
  ...attrSchemas[rule.type],
  description: rule.doc,
  ...(rule.preset !== undefined && { default: rule.preset }),
  ...(rule.above !== undefined && { exclusiveMinimum: rule.above }),
  ...(rule.from !== undefined && { minimum: rule.from }),
  ...(rule.to !== undefined && { maximum: rule.to }),
});

function compositeNode(op: Composite) {
  const rules = Object.entries(op.attrs);
  const required = rules.flatMap(([name, rule]) => (isRequired(rule) ? [name] : []));
  const attrs = unsafe<NonNullable<NodeSpec['attrs']>>({
    type: 'object',
    additionalProperties: false,
    required,
    properties: Object.fromEntries(rules.map(([name, rule]) => [name, attrSchema(rule)])),
  });
  const count = op.inputs.some(isVariadic)
    ? { minItems: 1 }
    : { minItems: op.inputs.length, maxItems: op.inputs.length };
  const given = listOf(valueRef, {
    description: `Its inputs: ${op.inputs.join(', ') || 'none'}.`,
    ...count,
  });
  const always = { id: idRef, op: literal(op.name), inputs: given };
  if (rules.length === 0) return object(op.doc, always, { scope, at });
  return required.length > 0
    ? object(op.doc, { ...always, attrs }, { scope, at })
    : object(op.doc, always, { attrs, scope, at });
}

const callNode = object(
  'A call of a network that the spec defines; every call shares its variables.',
  {
    id: idRef,
    op: literal('call'),
    inputs: listOf(valueRef, {
      description:
        "The network's inputs in order, all of them or all but noise; a label map's edges and instances follow its ids.",
    }),
    attrs: object('Which network.', { network: text('The name of a network.') }),
  },
  { scope, at },
);

/** Nodes of all ops; the type checker compares each with the type of nodes here. */
export const nodeSchema: TUnsafe<NodeSpec> = union('op', 'One op.', [
  ...[...composites.values()].map(compositeNode),
  callNode,
]);
