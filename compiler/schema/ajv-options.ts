/** How ajv checks specs: all mistakes at once, with the part of the schema that each is about. */
export const validatorOptions = {
  allErrors: true,
  verbose: true,
  discriminator: true,
  strict: true,
  strictTypes: false,
} as const;
