/** Writes files and folders atomically, reads parts of files, and explains errors of the file system. */
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

/** What is written; the hint of an error depends on it. */
export interface Writing {
  /** Whether a resumed run is written, whose folder cannot be changed. */
  readonly isRun?: boolean;
  /** What is already written and complete, as a clause. */
  readonly kept?: string | undefined;
}

/** Does work that writes below `folder`; errors of the file system become a SpadeworkError. */
export function whileWriting<T>(folder: string, work: () => T, writing?: Writing): T {
  try {
    return work();
  } catch (error) {
    throw isFileError(error) ? unwritable(folder, error, writing) : error;
  }
}

/** `whileWriting` for asynchronous work. */
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

/** Reads up to `length` first bytes of a regular file; undefined for anything else, and if it cannot be read. */
export function readStart(file: string, length: number): Buffer | undefined {
  return readPart(file, length, () => 0);
}

/** Reads up to `length` last bytes of a regular file; undefined for anything else, and if it cannot be read. */
export function readEnd(file: string, length: number): Buffer | undefined {
  return readPart(file, length, (size) => Math.max(0, size - length));
}

function readPart(file: string, length: number, from: (size: number) => number): Buffer | undefined {
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
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

/** Tells whether an error is one of the file system. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return !(error instanceof SpadeworkError) && isPathError(error);
}

/** Makes the error for a file below `folder` that cannot be written. */
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
        // The error names the temporary file; the message names its target.
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

/** Describes the lacking resource for a folder; undefined if it does not concern files. */
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
