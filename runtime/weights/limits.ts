/**
 * Answers for how much a file of weights may cost: every bound on what reading makes of it, in proportion to its size. A file
 * of a few kilobytes takes no gigabytes, whatever it claims; what torch.save and safetensors write stays far below all bounds.
 */
import { TooLarge } from './errors.ts';
import { buildsTooMuch, takesTooMuch, unpacksTooMuch } from './messages.ts';

const mebibyte = 2 ** 20;

/** What may come of a file: so many bytes in any case, and so many for each of its own bytes. */
const allowances = {
  /** The values of pickles, and the entries of archives and headers, as they lie in memory. */
  built: { inAnyCase: 32 * mebibyte, forEach: 16, ofAtMost: 32 * mebibyte },
  /** What deflated parts unpack to. Weights shrink by a tenth, pickles twentyfold; deflate can do a thousandfold. */
  unpacked: { inAnyCase: 16 * mebibyte, forEach: 32, ofAtMost: Infinity },
  /** Tensors whose sizes the file alone decides; views may repeat numbers, or share them. */
  taken: { inAnyCase: 64 * mebibyte, forEach: 16, ofAtMost: Infinity },
} as const;

/** About how many bytes a value takes in memory, and what is spent on making it. */
export const costs = {
  /** An instruction of a pickle, with its place on the stack. */
  instruction: 16,
  /** A list, tuple, dictionary, object, storage or tensor, without what is in it. */
  container: 64,
  listEntry: 8,
  dictEntry: 64,
  memoEntry: 64,
  /** A text, and each of its bytes. */
  text: 32,
  textByte: 2,
  /** A container, tensor or object that is looked at in search of tensors; and each value of a container. */
  visit: 64,
  visitedValue: 1,
  /** An entry of a zip archive. */
  archiveEntry: 1024,
  /** A bracket, and a comma or colon, of a JSON header. */
  headerBracket: 96,
  headerSeparator: 16,
} as const;

/** Longer pickles and headers are none of a checkpoint: that is half a million tensors. */
export const longestPickle = 64 * mebibyte;
export const longestHeader = 100_000_000;
/** PyTorch itself stops at 64 axes. */
export const mostAxes = 64;
/** Longer whole numbers are none that a tensor has; converting them takes time that grows with their square. */
export const longestInteger = 16;
/** Containers inside one another; what lies deeper is not looked for. */
export const deepest = 32;

/** Counts what a file costs, and stops it where that is more than its size allows. */
export class Meter {
  built = 0;
  unpacked = 0;
  taken = 0;
  private fileBytes = 0;
  private most = { built: 0, unpacked: 0, taken: 0 };

  /** Begins with a file of so many bytes. */
  begin(fileBytes: number): void {
    this.fileBytes = fileBytes;
    const of = ({ inAnyCase, forEach, ofAtMost }: (typeof allowances)[keyof typeof allowances]): number =>
      inAnyCase + forEach * Math.min(fileBytes, ofAtMost);
    this.most = {
      built: of(allowances.built),
      unpacked: of(allowances.unpacked),
      taken: of(allowances.taken),
    };
  }

  /** Charges bytes of values in memory. Throws TooLarge. */
  build(bytes: number): void {
    this.built += bytes;
    if (this.built > this.most.built) throw new TooLarge(buildsTooMuch(this.fileBytes));
  }

  /** Charges bytes that a deflated part unpacks to, before it is unpacked. Throws TooLarge. */
  unpack(bytes: number): void {
    this.unpacked += bytes;
    if (this.unpacked > this.most.unpacked) throw new TooLarge(unpacksTooMuch(this.unpacked, this.fileBytes));
  }

  /** Charges bytes of a tensor, before room for them is taken. Throws TooLarge. */
  take(bytes: number, tensor: string): void {
    this.taken += bytes;
    if (this.taken > this.most.taken) throw new TooLarge(takesTooMuch(tensor, this.taken, this.fileBytes));
  }
}
