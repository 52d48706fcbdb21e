/** Answers for what the values of label maps mean: which class each of them is, and which classes count nowhere. */
import type { DataSpec } from './types.ts';

type LabelSettings = Pick<DataSpec, 'classes' | 'ids_from' | 'void'>;

/** Gives the class that a value counts up to; undefined where that is none. */
function inOrder({ classes, ids_from = 0 }: LabelSettings, value: number): number | undefined {
  const id = value - ids_from;
  return id >= 0 && id < classes ? id : undefined;
}

/**
 * Tells whether the last class is made for void values which are no class otherwise, as SPADE's is for 255 of COCO-Stuff and 0
 * of ADE20K.
 */
export function lastClassIsVoid(data: LabelSettings): boolean {
  return (data.void ?? []).some((value) => inOrder(data, value) === undefined);
}

/** Gives the class of a value in a label map; undefined for a value that must not occur. */
export function classOfValue(data: LabelSettings, value: number): number | undefined {
  const id = inOrder(data, value);
  const last = data.classes - 1;
  if (data.void?.includes(value)) return id ?? last;
  return id === last && lastClassIsVoid(data) ? undefined : id;
}

/** Lists all values that may occur in label maps, each with its class. */
export function labelValues(data: LabelSettings): (readonly [value: number, id: number])[] {
  const { classes, ids_from = 0 } = data;
  const ordered = Array.from({ length: classes }, (_, id) => id + ids_from);
  return [...new Set([...ordered, ...(data.void ?? [])])].flatMap((value) => {
    const id = classOfValue(data, value);
    return id === undefined ? [] : [[value, id] as const];
  });
}

/** Lists the classes that count nowhere: neither in metrics nor in what is said about classes. */
export function voidIds(data: LabelSettings): number[] {
  const ids = (data.void ?? []).map((value) => inOrder(data, value) ?? data.classes - 1);
  return [...new Set(ids)].sort((a, b) => a - b);
}
