/**
 * Compiles the schema of specs for builds, since compiling it at run time takes as long as the rest of `check`. No file
 * that runs in the product imports this one.
 */
import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { validatorOptions } from './ajv-options.ts';
import { specSchema } from './spec.ts';

/**
 * Gives the text of a module to replace `check/spec-validator.ts`: an ES module that exports `specValidator`. It loads
 * two small parts of ajv by `require`, so it needs a bundler, or a module that defines `require`.
 */
export function standaloneValidator(): string {
  const ajv = new Ajv({ ...validatorOptions, code: { source: true, esm: true } });
  const code = standalone.default(ajv, ajv.compile(specSchema));
  return `${code}\nexport const specValidator = () => validate;\n`;
}
