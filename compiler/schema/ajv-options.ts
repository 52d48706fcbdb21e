/** The options of ajv for specs: report all mistakes at once, with the part of the schema that each violates. */
export const validatorOptions = {
  allErrors: true,
  verbose: true,
  discriminator: true,
  strict: true,
  strictTypes: false,
} as const;
