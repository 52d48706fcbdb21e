/** Writing files and folders: whole or not at all, and what the file system refuses in words. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inputError, machineError, SpadeworkError } from '../../dsl/errors.ts';
import { isPathError, reasonOf } from './file-reasons.ts';
import { makeFolder } from './make-folder.ts';
import { shortageOfCode, type Shortage } from './shortage.ts';

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

/** What is written, as far as it changes what helps where it cannot be. */
export interface Writing {
  /** Whether it is a run that goes on, whose folder nobody can choose any more. */
  readonly isRun?: boolean;
  /** What was written before and is whole, as a clause. */
  readonly kept?: string | undefined;
}

/** Does work that writes below `folder`; what the file system refuses becomes a SpadeworkError. */
export function whileWriting<T>(folder: string, work: () => T, writing?: Writing): T {
  try {
    return work();
  } catch (error) {
    throw isFileError(error) ? unwritable(folder, error, writing) : error;
  }
}

/** Is `whileWriting` for work that takes time. */
export async function whileWritingAsync<T>(
  folder: string,
  work: () => Promise<T>,
  writing?: Writing,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFileError(error) ? unwritable(folder, error, writing) : error;
  }
}

/** Reads the first bytes of a regular file, as many as there are up to `length`; undefined for what is none, or cannot be read. */
export function readStart(file: string, length: number): Buffer | undefined {
  return readPart(file, length, () => 0);
}

/** Reads the last bytes of a regular file in the same way. */
export function readEnd(file: string, length: number): Buffer | undefined {
  return readPart(file, length, (size) => Math.max(0, size - length));
}

function readPart(file: string, length: number, from: (size: number) => number): Buffer | undefined {
  try {
    // A pipe without a writer would be waited for.
    const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(opened);
      if (!found.isFile()) return undefined;
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(opened, bytes, 0, length, from(found.size)));
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}

/** Tells whether it is the file system that refused something. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return !(error instanceof SpadeworkError) && isPathError(error);
}

/** Says that a file below `folder` cannot be written. */
export function unwritable(
  folder: string,
  error: NodeJS.ErrnoException & { readonly dest?: string },
  { isRun = false, kept }: Writing = {},
): SpadeworkError {
  const rest = kept === undefined ? '' : `; ${kept}`;
  const ofMachine = (code: string, message: string, hint: string): SpadeworkError =>
    machineError(code, message, hint + rest, { cause: error });
  const shortage = shortageOfCode(error.code);
  const short = shortage && shortOf(shortage, folder, error.code);
  if (shortage && short !== undefined) return ofMachine(shortage.code, short, shortage.fix);
  switch (error.code) {
    case 'EEXIST':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return inputError(
        'in-the-way',
        // What is written under a temporary name is meant for another.
        `'${error.dest ?? error.path ?? folder}' is in the way of what is to be written: ${reasonOf(error)}`,
        isRun ? 'move it away' : 'move it away, or name another place with --out',
      );
    default:
      return ofMachine(
        'unwritable',
        `'${folder}' cannot be written (${error.code ?? error.message})`,
        isRun ? 'see that you may write to it' : 'give a folder that you may write to: --out FOLDER',
      );
  }
}

/** Says for a folder what the machine is short of; undefined for what concerns no files. */
function shortOf({ code }: Shortage, folder: string, systemCode: string | undefined): string | undefined {
  switch (code) {
    case 'disk-full':
      return `the disk of '${folder}' is full`;
    case 'file-too-large':
      return `a file in '${folder}' would be larger than files may be here`;
    case 'too-many-files':
      return `files in '${folder}' cannot be opened: too many are open (${systemCode})`;
    default:
      return undefined;
  }
}
