/** Functions of one number, a file each, that specs call under their own names. What adds one is its file and its place in this list. */
import { erf } from './erf.ts';
import type { Unary } from './pointwise.ts';

export const functions: readonly Unary[] = [erf];
