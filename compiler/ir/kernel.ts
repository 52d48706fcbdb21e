/** What kernels of fused work make of a node whose op has no instruction: its entry says it. */

/** A value that each place of a kernel's domain computes for itself, of the values there. */
export type Inlined =
  | { readonly kind: 'constant'; readonly value: number }
  /** What the operand has at the same place, repeated along axes of size 1. */
  | { readonly kind: 'same' }
  /** What the operand has at the same place; axes of size 1 come and go. */
  | { readonly kind: 'reshape' }
  /** A sum or maximum over the operand's last axis. */
  | { readonly kind: 'last'; readonly op: 'sum_last' | 'max_last' }
  /** The operand [N,H,W,C], read from memory, with its pixels repeated along both axes. */
  | { readonly kind: 'upsample'; readonly factor: number }
  /** For each pixel the row of the first operand, a table read from memory, that the second one names. */
  | { readonly kind: 'rows' };

/** What a kernel puts together of all places: the first operand's values, with other operands read from memory. */
export type Reduced =
  | { readonly kind: 'sum'; readonly axes: readonly number[] }
  /** Means over squares of factor x factor pixels. */
  | { readonly kind: 'pool'; readonly factor: number }
  /** For each row of a table like the third operand the sum over the pixels that the second one gives it. */
  | { readonly kind: 'collect' };

export type Fused = Inlined | Reduced;
