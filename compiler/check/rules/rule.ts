/** Defines a rule: a condition that the schema cannot express, checked on a spec that the schema accepts. */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Span } from '../../../dsl/source.ts';
import type { Spec } from '../../format/types.ts';

/** Finds the place of a part of a spec: of the setting's name or its value. */
export type Locate = (pointer: string, part: 'name' | 'value') => Span | undefined;

export interface Rule {
  /** The condition, in a few words. */
  readonly name: string;
  readonly check: (spec: Spec, locate: Locate) => Diagnostic[];
}
