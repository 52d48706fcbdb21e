/** Gives the class of each value of label maps, and the void classes, which are ignored. */
import type { DataSpec } from './types.ts';

type LabelSettings = Pick<DataSpec, 'classes' | 'ids_from' | 'void'>;

/** Gives the class of a value by counting from `ids_from`; undefined if the value is out of range. */
function inOrder({ classes, ids_from = 0 }: LabelSettings, value: number): number | undefined {
  const id = value - ids_from;
  return id >= 0 && id < classes ? id : undefined;
}

/**
 * Tells whether the last class is the void class: it holds void values outside the range of classes, such as 255 of
 * COCO-Stuff and 0 of ADE20K in SPADE.
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

/** Lists the void classes: neither metrics nor reports on classes count them. */
export function voidIds(data: LabelSettings): number[] {
  const ids = (data.void ?? []).map((value) => inOrder(data, value) ?? data.classes - 1);
  return [...new Set(ids)].sort((a, b) => a - b);
}
