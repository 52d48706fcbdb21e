/** Answers for recognizing that the machine is short of something, however deep in an error that is said, rather than that an input is bad. */

/** What is short, and what helps. */
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

/** By codes of Node. */
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

/** What libraries and the engine of JavaScript say without a code. */
const ofMemory =
  /\bOOM\b|ResourceExhausted|out of memory|memory allocation|allocation failed|cannot allocate|failed to allocate|unable to m?alloc|std::bad_alloc/i;

/** Says what the machine is short of by the code of an error; undefined where it is something else. */
export function shortageOfCode(code = ''): Shortage | undefined {
  return Object.hasOwn(byCode, code) ? byCode[code] : undefined;
}

/** Finds what the machine is short of in an error, or in what caused it; undefined where it is something else. */
export function shortageOf(error: unknown): Shortage | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const found = shortageOfCode((one as NodeJS.ErrnoException).code);
    if (found) return found;
    if (/\b(EMFILE|ENFILE)\b/.test(one.message)) return files;
    if (ofMemory.test(one.message)) return memory;
  }
  return undefined;
}

/** Tells whether it is memory that is short. */
export const isOutOfMemory = (error: unknown): boolean => shortageOf(error) === memory;
