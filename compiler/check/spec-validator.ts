/** The schema of specs as a function that checks. Builds may put the text of `schema/standalone.ts` in its place. */
import { Ajv, type ValidateFunction } from 'ajv';
import { validatorOptions } from '../schema/ajv-options.ts';
import type { Spec } from '../format/types.ts';
import { specSchema } from '../schema/spec.ts';

let compiled: ValidateFunction<Spec> | undefined;

/** Gives the function, which is made at the first call. */
export function specValidator(): ValidateFunction<Spec> {
  compiled ??= new Ajv(validatorOptions).compile<Spec>(specSchema);
  return compiled;
}
