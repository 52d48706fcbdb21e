/** Unites patch tables that were made separately: those of a batch's pictures, or of the same pictures again. */
import { codesOf, edgesOf, toLabels } from '../../compiler/patches/codes.ts';
import { OUTSIDE, type PatchPlan } from '../../compiler/patches/plan.ts';
import { TupleRanks } from '../../compiler/patches/ranks.ts';
import type { PatchTables } from '../../compiler/patches/tables.ts';

/**
 * Unites tables of one plan, made of different pictures, to those of all pictures in sequence: exactly as an indexer
 * makes them in one call. Rows are compared, not only their hashes.
 */
export function unitePatches(plan: PatchPlan, apart: readonly PatchTables[]): PatchTables {
  const [only] = apart;
  if (apart.length === 1 && only !== undefined) return only;
  /** For each finished level, for each of `apart`: the united row of each row. */
  const rows: Int32Array[][] = [];
  const tables = plan.levels.map(({ source, pixels: wanted }, level) => {
    const parted = apart.map(({ tables }) => tables[level]!);
    const { height, width, places } = parted[0]!;
    const isFirst = 'grid' in source;
    const ranks = new TupleRanks(places);
    rows.push(
      parted.map(({ parts, edges, count }, i) => {
        const keys = isFirst ? codesOf(parts, edges) : renumbered(parts, rows[source.level]![i]!);
        const united = new Int32Array(count);
        for (let row = 0; row < count; row++) united[row] = ranks.rank(keys, row * places, 1);
        return united;
      }),
    );
    const { count } = ranks;
    const parts = ranks.keys.slice(0, count * places);
    const edges = isFirst && plan.edges ? edgesOf(parts) : undefined;
    if (isFirst) toLabels(parts);
    const pixels = wanted
      ? joined(parted.map(({ pixels }, i) => renumbered(pixels!, rows[level]![i]!)))
      : undefined;
    return { height, width, count, places, parts, edges, pixels };
  });
  return { pictures: apart.reduce((sum, { pictures }) => sum + pictures, 0), tables };
}

/**
 * Gives the tables of the same pictures `times` over, as for a discriminator that judges generated and real pictures
 * at once: only pixels are repeated, the tables are shared.
 */
export function repeatPatches({ pictures, tables }: PatchTables, times: number): PatchTables {
  const repeated = tables.map((table) => {
    return { ...table, pixels: table.pixels && joined(new Array(times).fill(table.pixels)) };
  });
  return { pictures: pictures * times, tables: repeated };
}

function renumbered(rows: Int32Array, numbers: Int32Array): Int32Array {
  const found = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) found[i] = rows[i] === OUTSIDE ? OUTSIDE : numbers[rows[i]!]!;
  return found;
}

function joined(parts: readonly Int32Array[]): Int32Array<ArrayBuffer> {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
