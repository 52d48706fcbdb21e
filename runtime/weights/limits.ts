/**
 * Limits the memory that reading a file of weights may use, in proportion to its size. A file of a few kilobytes uses
 * no gigabytes, whatever it claims; files of torch.save and safetensors stay far below all limits.
 */
import { TooLarge } from './errors.ts';
import { buildsTooMuch, takesTooMuch, unpacksTooMuch } from './messages.ts';

const mebibyte = 2 ** 20;

/** The limits per resource: a fixed number of bytes, plus a number for each byte of the file. */
const allowances = {
  /** Values of pickles, entries of archives and of headers, as they are in memory. */
  built: { inAnyCase: 32 * mebibyte, forEach: 16, ofAtMost: 32 * mebibyte },
  /** Unpacked data. Weights shrink by a tenth, pickles by a factor of twenty; deflate can reach a thousand. */
  unpacked: { inAnyCase: 16 * mebibyte, forEach: 32, ofAtMost: Infinity },
  /** Tensors whose size only the file decides; views may repeat or share numbers. */
  taken: { inAnyCase: 64 * mebibyte, forEach: 16, ofAtMost: Infinity },
} as const;

/** The approximate memory of each kind of value, and the cost of making it. */
export const costs = {
  /** An instruction of a pickle, with its place on the stack. */
  instruction: 16,
  /** A list, tuple, dictionary, object, storage or tensor, without its contents. */
  container: 64,
  listEntry: 8,
  dictEntry: 64,
  memoEntry: 64,
  /** A text, and each of its bytes. */
  text: 32,
  textByte: 2,
  /** A container, tensor or object that is visited in the search for tensors; and each value of a container. */
  visit: 64,
  visitedValue: 1,
  /** An entry of a zip archive. */
  archiveEntry: 1024,
  /** A bracket, and a comma or colon, of a JSON header. */
  headerBracket: 96,
  headerSeparator: 16,
} as const;

/** The limits of pickles and headers; half a million tensors fit in. */
export const longestPickle = 64 * mebibyte;
export const longestHeader = 100_000_000;
/** PyTorch itself allows at most 64 axes. */
export const mostAxes = 64;
/** The most bytes of an integer: no tensor needs more, and conversion takes quadratic time. */
export const longestInteger = 16;
/** The deepest nesting of containers that is searched. */
export const deepest = 32;

/** Counts the cost of a file, and stops when it exceeds what the file's size allows. */
export class Meter {
  built = 0;
  unpacked = 0;
  taken = 0;
  private fileBytes = 0;
  private most = { built: 0, unpacked: 0, taken: 0 };

  /** Adds a file with this many bytes. */
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

  /** Charges the unpacked size of a deflated part, before unpacking. Throws TooLarge. */
  unpack(bytes: number): void {
    this.unpacked += bytes;
    if (this.unpacked > this.most.unpacked) throw new TooLarge(unpacksTooMuch(this.unpacked, this.fileBytes));
  }

  /** Charges the size of a tensor, before allocation. Throws TooLarge. */
  take(bytes: number, tensor: string): void {
    this.taken += bytes;
    if (this.taken > this.most.taken) throw new TooLarge(takesTooMuch(tensor, this.taken, this.fileBytes));
  }
}
