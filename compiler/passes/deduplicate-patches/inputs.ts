/** Names the inputs by which a method takes the patches of its label maps: by level of the plan, in place of the maps. */
import { inputsOf, type Method, type Program } from '../../ir/program.ts';
import { type TensorType, f32, i32, symbol } from '../../ir/types.ts';
import { upTo } from '../../locality/axis.ts';
import type { LabelMaps } from '../../patches/feed.ts';
import { OUTSIDE } from '../../patches/plan.ts';
import type { PatchTable, PatchTables } from '../../patches/tables.ts';
import { noMargin, type Form } from '../../rows/forms.ts';

/** What a level gives: `parts` and `edges` of its patches, [rows, places], and the row of each pixel, [pictures,H,W]. */
export type PatchPart = 'parts' | 'edges' | 'pixels';

const pattern = /^patches\/(\d+)\/(parts|edges|pixels)$/;

/** Names the input for a part of a level. */
export function patchInput(level: number, part: PatchPart): string {
  return `patches/${level}/${part}`;
}

/** Tells what an input is a part of, if it is one. */
export function partOfInput(name: string): { readonly level: number; readonly part: PatchPart } | undefined {
  const found = pattern.exec(name);
  return found ? { level: Number(found[1]), part: found[2] as PatchPart } : undefined;
}

/** Gives what a method is called with: label maps in the place of their patches. */
export function outerInputs({ patches }: Program, method: Method): ReadonlyMap<string, TensorType> {
  const inputs = inputsOf(method);
  const others = [...inputs].filter(([name]) => !partOfInput(name));
  if (!patches || others.length === inputs.size) return inputs;
  const { labels, edges, pictures, height, width } = patches.maps;
  return new Map([
    [labels, i32(pictures, height, width)],
    ...(patches.plan.edges ? [[edges, f32(pictures, height, width, 1)] as const] : []),
    ...others,
  ]);
}

/** Gives the form in which an input is held that is a label map, or its edges. */
export function formOfMap({ labels, edges, height, width }: LabelMaps, name: string): Form | undefined {
  const place = { grid: { rows: upTo(height), columns: upTo(width) }, times: 1 };
  if (name === labels) return { kind: 'ids', ...place };
  if (name !== edges) return undefined;
  return { kind: 'pieces', ...place, pieces: [{ holds: 'edge', channels: 1 }], margin: noMargin };
}

/** Gives the size that stands for the number of a level's patches. */
export function rowsOfLevel(level: number): number {
  return symbol(level);
}

/** The type of a list of patches. */
export function patchType(level: number, places: number): TensorType {
  return i32(rowsOfLevel(level), places);
}

/** Gives what to feed an input with: patches without an edge at a place lead to no row there. */
export function patchValues({ tables }: PatchTables, level: number, part: PatchPart): Int32Array {
  const table = tables[level];
  if (!table) throw new RangeError(`there is no level ${level}`);
  return part === 'edges' ? edgeRows(table) : (table[part] ?? new Int32Array(0));
}

/** Edges have a table of one row, which counts where there is an edge. */
function edgeRows({ edges, parts }: PatchTable): Int32Array {
  return Int32Array.from(edges ?? new Uint8Array(parts.length), (edge) => (edge === 1 ? 0 : OUTSIDE));
}
