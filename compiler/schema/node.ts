/** The schema of nodes: one member of a union for each composite of the table, and calls of networks. */
import { isVariadic } from '../ir/op.ts';
import { composites, isRequired, type Composite, type SettingRule } from '../ops/composite/index.ts';
import { axis, idRef, placeRef, valueRef } from './shared.ts';
import {
  listOf,
  literal,
  object,
  ref,
  string,
  text,
  union,
  unsafe,
  type Schema,
  type ValueOf,
} from './type.ts';
import type { TUnsafe } from 'typebox';

export type SpecAttr = number | boolean | string | readonly number[];

const parts = {
  id: idRef,
  inputs: listOf(valueRef),
  attrs: unsafe<Readonly<Record<string, SpecAttr>>>({ type: 'object' }),
  /** The path of the block instance that made it: `up_0.norm_0`. */
  scope: text('The path of the block instance that made the node, such as up_0.norm_0.'),
  at: placeRef,
};
const { id, inputs, ...extras } = parts;

/** What holds of a node of any op. The schema of an op says more of its inputs and settings, which types do not follow. */
const anyNode = object('One op.', { id, op: string(), inputs }, extras);

/** One op: of the table in `compiler/ops/composite`, or `call`. */
export type NodeSpec = ValueOf<typeof anyNode>;

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
  const always = { id, op: literal(op.name), inputs: given };
  const { scope, at } = extras;
  if (rules.length === 0) return object(op.doc, always, { scope, at });
  return required.length > 0
    ? object(op.doc, { ...always, attrs }, { scope, at })
    : object(op.doc, always, { attrs, scope, at });
}

const callNode = object(
  'A call of a network that the spec defines; every call shares its variables.',
  {
    id,
    op: literal('call'),
    inputs: listOf(valueRef, {
      description:
        "The network's inputs in order, all of them or all but noise; a label map's edges and instances follow its ids.",
    }),
    attrs: object('Which network.', { network: text('The name of a network.') }),
  },
  { scope: extras.scope, at: extras.at },
);

/** Nodes of all ops; that each is a node as types know it is checked here. */
export const nodeSchema: TUnsafe<NodeSpec> = union('op', 'One op.', [
  ...[...composites.values()].map(compositeNode),
  callNode,
]);
export const nodeRef = ref<NodeSpec>('node');
