/** What ops of tables require of rows and of the numbers that lead to them. */
import type { Check } from '../../../ir/node.ts';
import type { TensorType } from '../../../ir/types.ts';
import { checkRank } from '../support.ts';

/** Says whether a part leads to a row; others, such as what lies outside a picture, count as zeros. */
export const leadsTo = (part: number, rows: number): boolean => part >= 0 && part < rows;

/** Requires numbers of rows. */
export function checkIndices(type: TensorType, what: string, rank: number, check: Check): void {
  check(type.dtype === 'i32', `${what} are integers`, type.dtype);
  checkRank(type, rank, what, check);
}

/** Requires a table of rows. */
export function checkRows(type: TensorType, what: string, check: Check): void {
  check(type.dtype === 'f32', `${what} is floating-point`, type.dtype);
  checkRank(type, 2, what, check);
}
