/** Answers for what a rule is: something that the schema cannot say, checked on a spec that the schema accepts. */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Span } from '../../../dsl/source.ts';
import type { Spec } from '../../format/types.ts';

/** Finds where a part of a spec was written: the setting's name or its value. */
export type Locate = (pointer: string, part: 'name' | 'value') => Span | undefined;

export interface Rule {
  /** What must hold, as a few words. */
  readonly name: string;
  readonly check: (spec: Spec, locate: Locate) => Diagnostic[];
}
