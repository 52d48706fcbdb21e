/** Lists the values inside a JSON value, for fuzzers to change. */

/** The position of a value: a key of an object, or an index of a list. */
export interface Slot {
  readonly owner: Record<string, unknown>;
  readonly key: string;
}

/** Lists all positions in a value, outer ones before inner ones. */
export function slotsOf(value: unknown): Slot[] {
  if (typeof value !== 'object' || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...slotsOf(owner[key])]);
}
