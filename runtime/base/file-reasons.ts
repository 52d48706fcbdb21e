/** Answers for why a file is not read: what a file system refuses, and what we do, in plain words. */
import type { Dirent, Stats } from 'node:fs';

export const isFile = 'it is a file, expected a folder';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder, expected a file',
  ENOTDIR: 'a part of its path is a file, expected a folder',
  EEXIST: isFile,
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EACCES: 'you may not use it',
  EPERM: 'you may not use it',
  EIO: 'its disk fails',
  // What Node says of a NUL character, before it asks the file system.
  ERR_INVALID_ARG_VALUE: 'its name holds a NUL character, which no name has',
};

/** Says why the file system refused something. */
export function reasonOf({ code, message }: Partial<NodeJS.ErrnoException>): string {
  return (code !== undefined && reasons[code]) || `the system says ${code ?? message}`;
}

/** Says in one line why a text is no JSON, where the parser may have quoted several. */
export const whyNotJson = (error: unknown): string => (error as Error).message.replace(/\s+/g, ' ');

/** Tells whether it is a path that was refused: by the file system, or by Node, which takes no NUL characters. */
export function isPathError(error: unknown): error is NodeJS.ErrnoException {
  const { syscall, code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return typeof syscall === 'string' || code === 'ERR_INVALID_ARG_VALUE';
}

/** Says what is no regular file. */
export function kindOf(found: Stats | Dirent): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * Says why we do not read something that is there: it is no regular file, and might never end or never answer, or it has more bytes
 * than `largest`. Undefined for what is read.
 */
export function whyNotRead(found: Stats, largest: number): string | undefined {
  if (!found.isFile()) return `it is ${kindOf(found)}, expected a file`;
  return found.size > largest ? `it has ${found.size} bytes, expected at most ${largest}` : undefined;
}
