/** Answers for what a file system refuses, in plain words. */

export const isFolder = 'it is a folder, expected a file';
export const isFile = 'it is a file, expected a folder';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: isFolder,
  ENOTDIR: 'a part of its path is a file, expected a folder',
  EEXIST: isFile,
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EACCES: 'you may not use it',
  EPERM: 'you may not use it',
  EIO: 'its disk fails',
};

/** Says why the file system refused something. */
export function reasonOf({ code, message }: Partial<NodeJS.ErrnoException>): string {
  return (code !== undefined && reasons[code]) || `the system says ${code ?? message}`;
}
