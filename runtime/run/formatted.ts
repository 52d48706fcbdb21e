/** Answers for JSON that says its format: what is written as another, or is no JSON, is damaged. */

/** Reads a text of a format; `damaged` makes the error that is thrown where it is not. */
export function parseFormatted<T extends { readonly format: string }>(
  text: string,
  format: T['format'],
  damaged: (why: string) => Error,
): Partial<T> & Pick<T, 'format'> {
  let value: Partial<T> | null;
  try {
    value = JSON.parse(text) as Partial<T> | null;
  } catch {
    throw damaged('it is not JSON');
  }
  if (value?.format !== format)
    throw damaged(`its format is ${JSON.stringify(value?.format)}, expected "${format}"`);
  return value as Partial<T> & Pick<T, 'format'>;
}
