/**
 * Says what a program is compiled for: which ops of our own the library has, and from which sizes on each form of a graph pays on
 * the machine. The compiler holds none of these numbers; compiler/lower/targets.ts has those that were measured.
 */
export interface Target {
  /** Whether the library has our own ops (runtime/engine/kernels); else TensorFlow's alone must do. */
  readonly kernels: boolean;
  /** Whether pointwise work is fused: simplify-algebra and fuse-pointwise leave methods as they are without it. */
  readonly fuse: boolean;
  readonly patches: PatchLimits;
  readonly upsampling: UpsamplingLimits;
  readonly fusion: FusionLimits;
  readonly winograd: WinogradLimits;
  readonly memory: MemoryLimits;
}

/** Up to which share of distinct patches in pixels deduplicate-patches computes in rows. */
export interface PatchLimits {
  /** Of rows that are made of rows. */
  readonly share: number;
  /** Of rows that are made of labels, and that pixels alone look at. */
  readonly shareOfLabels: number;
}

/** Which convolutions of upsampled pictures fold-upsample-into-conv takes. */
export interface UpsamplingLimits {
  /** The shortest side of a picture, in pixels, that a 3x3 convolution is folded on. */
  readonly shortestSide: number;
}

/** From which sizes on forms of fused work pay, in numbers of values. */
export interface FusionLimits {
  /** Up to this size of a domain, kernels are put together although they share no operand. */
  readonly smallDomain: number;
  /** Operands of this size and larger are worth reading once only. */
  readonly largeOperand: number;
  /** How many rows a table is taken to have where sizes are compared. */
  readonly rowsOfTable: number;
  /** How many times as large as its filter the result of a convolution may be for it to be scaled in the filter's place. */
  readonly resultPerFilter: number;
}

/** What is known of memory. */
export interface MemoryLimits {
  /** Bytes of results from which on an op waits for the one before it in the schedule; smaller ones run whenever they can. */
  readonly bytesInTurn: number;
  /** How many rows a table is taken to have where bytes are compared. */
  readonly rowsOfTable: number;
  /** The share of activations that the library's allocator holds besides. */
  readonly allocatorShare: number;
}

/** Which convolutions are computed by minimal filtering. */
export interface WinogradLimits {
  /** Sides of filters that there are kernels for, by stride. */
  readonly sides: ReadonlyMap<number, readonly number[]>;
  /** At a stride above 1, channels are a multiple of this. */
  readonly channelMultiple: number;
  /** The fewest channels on either side, tiles of a call, and multiplications and additions of the plain convolution. */
  readonly fewest: { readonly channels: number; readonly tiles: number; readonly flops: number };
}
