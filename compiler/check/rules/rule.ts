/** Answers for what a rule is: something that the schema cannot say, checked on a spec that the schema accepts. */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Spec } from '../../format/types.ts';
import type { Locate } from '../validate.ts';

export interface Rule {
  /** What must hold, as a few words. */
  readonly name: string;
  readonly check: (spec: Spec, locate: Locate) => Diagnostic[];
}
