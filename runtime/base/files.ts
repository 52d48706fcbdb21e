/** Writing files and folders: whole or not at all, and what the file system refuses in words. */
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inputError, machineError, SpadeworkError } from '../../dsl/errors.ts';
import { isPathError, reasonOf } from './file-reasons.ts';
import { makeFolder } from './make-folder.ts';

/** Writes a file under a temporary name in its folder (created where missing), then renames it into place. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Does work that writes below `folder`; what the file system refuses becomes a SpadeworkError. */
export function whileWriting<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isFileError(error) ? unwritable(folder, error) : error;
  }
}

/** Is `whileWriting` for work that takes time. */
export async function whileWritingAsync<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFileError(error) ? unwritable(folder, error) : error;
  }
}

/** Tells whether it is the file system that refused something. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return !(error instanceof SpadeworkError) && isPathError(error);
}

export const unwritable = (folder: string, error: NodeJS.ErrnoException): SpadeworkError => {
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return machineError(
        'disk-full',
        `the disk of '${folder}' is full`,
        'free some space; the last checkpoint is whole',
        { cause: error },
      );
    case 'EFBIG':
      return machineError(
        'file-too-large',
        `a file in '${folder}' would be larger than files may be here`,
        'lift the limit (ulimit -f unlimited), or take another disk; the last checkpoint is whole',
        { cause: error },
      );
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return inputError(
        'in-the-way',
        `'${error.path ?? folder}' is in the way of what is to be written: ${reasonOf(error)}`,
        'move it away, or name another place with --out',
      );
    case 'EMFILE':
    case 'ENFILE':
      return machineError(
        'too-many-files',
        `files in '${folder}' cannot be opened: too many are open (${error.code})`,
        'raise the limit: ulimit -n 4096; the last checkpoint is whole',
        { cause: error },
      );
    default:
      return machineError(
        'unwritable',
        `'${folder}' cannot be written (${error.code ?? error.message})`,
        'give a folder that you may write to: --out FOLDER',
        { cause: error },
      );
  }
};
