/** Gives reasons in plain words why a file is not read: errors of the file system, and our own refusals. */
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
  // Node rejects a NUL character itself, before it asks the file system.
  ERR_INVALID_ARG_VALUE: 'its name holds a NUL character, which no name has',
};

/** Gives the reason for an error of the file system. */
export function reasonOf({ code, message }: Partial<NodeJS.ErrnoException>): string {
  return (code !== undefined && reasons[code]) || `the system says ${code ?? message}`;
}

/** Gives a one-line reason why a text is not JSON; the parser may quote several lines. */
export const whyNotJson = (error: unknown): string => (error as Error).message.replace(/\s+/g, ' ');

/** Tells whether a path was rejected, by the file system or by Node (for NUL characters). */
export function isPathError(error: unknown): error is NodeJS.ErrnoException {
  const { syscall, code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return typeof syscall === 'string' || code === 'ERR_INVALID_ARG_VALUE';
}

/** Names the kind of an entry that is not a regular file. */
export function kindOf(found: Stats | Dirent): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

/**
 * Gives the reason why we do not read an existing entry: it is not a regular file, whose reading might block forever,
 * or it has more than `largest` bytes. Undefined if it can be read.
 */
export function whyNotRead(found: Stats, largest: number): string | undefined {
  if (!found.isFile()) return `it is ${kindOf(found)}, expected a file`;
  return found.size > largest ? `it has ${found.size} bytes, expected at most ${largest}` : undefined;
}
