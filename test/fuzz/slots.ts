/** Answers for the places of a JSON value that a fuzzer changes. */

/** A place that holds a value: a key of an object, or an index of a list. */
export interface Slot {
  readonly owner: Record<string, unknown>;
  readonly key: string;
}

/** Lists all places in a value that hold values, outer ones before what is in them. */
export function slotsOf(value: unknown): Slot[] {
  if (typeof value !== 'object' || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...slotsOf(owner[key])]);
}
