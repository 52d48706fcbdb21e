/**
 * The schema of what nodes of all ops share. The table of ops gives the schema of each op, with its inputs and
 * settings.
 */
import { listOf, object, ref, string, text, unsafe, type ValueOf } from '../json/schema.ts';
import { idRef, placeRef, valueRef } from './shared.ts';

export type SpecAttr = number | boolean | string | readonly number[];

/** Any node; `op` is one of the table in `compiler/ops/composite`, or `call`. */
export const anyNode = object(
  'One op.',
  { id: idRef, op: string(), inputs: listOf(valueRef) },
  {
    attrs: unsafe<Readonly<Record<string, SpecAttr>>>({ type: 'object' }),
    /** The path of the block instance that made it: `up_0.norm_0`. */
    scope: text('The path of the block instance that made the node, such as up_0.norm_0.'),
    at: placeRef,
  },
);

export type NodeSpec = ValueOf<typeof anyNode>;

export const nodeRef = ref<NodeSpec>('node');
