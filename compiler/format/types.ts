/**
 * The spec: the flat, declarative node graph as JSON. The language expands into it, other tools may write it directly
 * (specs/schema/spec.schema.json), and everything after it is made from it alone. Shapes leave the batch out: a spec serves any
 * batch size. Its types are inferred from its schema; who needs them takes them from here.
 */
export * from './limits.ts';
export type { DataSpec, PhotoSide } from '../schema/data.ts';
export type { EncodedInput, InputSpec, NetworkSpec, VariableSpec, WeightsSpec } from '../schema/network.ts';
export type { NodeSpec, SpecAttr } from '../schema/node.ts';
export type { ObjectiveSpec, TermSpec } from '../schema/objective.ts';
export type { ArgumentSpec, CallSpec, Place, Ref, RefTree } from '../schema/shared.ts';
export type { Spec } from '../schema/spec.ts';
export type { TrainSpec } from '../schema/train.ts';
