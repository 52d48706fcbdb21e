/**
 * Compiles the schema of specs to a validator. Builds may replace this module by the text of `schema/standalone.ts`.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import { validatorOptions } from '../schema/ajv-options.ts';
import type { Spec } from '../format/types.ts';
import { specSchema } from '../schema/spec.ts';

let compiled: ValidateFunction<Spec> | undefined;

/** Gives the validator, which is compiled at the first call. */
export function specValidator(): ValidateFunction<Spec> {
  compiled ??= new Ajv(validatorOptions).compile<Spec>(specSchema);
  return compiled;
}
