/**
 * Recognizes errors caused by a lack of resources (memory, disk, file handles), anywhere in an error's chain of
 * causes.
 */

/** A lacking resource, and what helps. */
export interface Shortage {
  /** Stable name. */
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

const files: Shortage = {
  code: 'too-many-files',
  what: 'too many files are open',
  fix: 'raise the limit: ulimit -n 4096',
};
const memory: Shortage = {
  code: 'out-of-memory',
  what: 'there is no memory left',
  fix: 'lower batch, size or width in the spec, close other programs, or raise the limit: ulimit -v unlimited',
};
const threads: Shortage = {
  code: 'out-of-threads',
  what: 'the system gives no more threads, processes or memory',
  fix: 'close other programs, or raise the limits: ulimit -u, ulimit -v',
};
const disk: Shortage = { code: 'disk-full', what: 'the disk is full', fix: 'free some space' };
const fileSize: Shortage = {
  code: 'file-too-large',
  what: 'a file would be larger than files may be here',
  fix: 'lift the limit (ulimit -f unlimited), or take another disk',
};

/** By Node's error codes. */
const byCode: Readonly<Record<string, Shortage>> = {
  EMFILE: files,
  ENFILE: files,
  ENOMEM: memory,
  ERR_WORKER_OUT_OF_MEMORY: memory,
  ERR_MEMORY_ALLOCATION_FAILED: memory,
  EAGAIN: threads,
  ERR_WORKER_INIT_FAILED: threads,
  ENOSPC: disk,
  EDQUOT: disk,
  EFBIG: fileSize,
};

/** Messages of libraries and V8 that have no code. */
const ofMemory =
  /\bOOM\b|ResourceExhausted|out of memory|memory allocation|allocation failed|cannot allocate|failed to allocate|unable to m?alloc|std::bad_alloc/i;

/** Gives the lacking resource for an error code; undefined for other codes. */
export function shortageOfCode(code = ''): Shortage | undefined {
  return Object.hasOwn(byCode, code) ? byCode[code] : undefined;
}

/** Finds the lacking resource in an error or its causes; undefined for other errors. */
export function shortageOf(error: unknown): Shortage | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const found = shortageOfCode((one as NodeJS.ErrnoException).code);
    if (found) return found;
    if (/\b(EMFILE|ENFILE)\b/.test(one.message)) return files;
    if (ofMemory.test(one.message)) return memory;
  }
  return undefined;
}

/** Tells whether an error is a lack of memory. */
export const isOutOfMemory = (error: unknown): boolean => shortageOf(error) === memory;
