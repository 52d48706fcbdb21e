/**
 * Compiles the schema of specs ahead, for builds: at run time that takes as long as all else that `check` does. Nothing that runs
 * imports this file.
 */
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { validatorOptions } from './ajv-options.ts';
import { specSchema } from './spec.ts';

/**
 * Gives the text of a module in the place of `check/spec-validator.ts`: an ES module that exports `specValidator`. It asks for two
 * small parts of ajv by `require`, so it is for bundlers, or for modules that define `require`.
 */
export function standaloneValidator(): string {
  const ajv = new Ajv({ ...validatorOptions, code: { source: true, esm: true } });
  const code = standalone.default(ajv, ajv.compile(specSchema));
  return `${code}\nexport const specValidator = () => validate;\n`;
}
