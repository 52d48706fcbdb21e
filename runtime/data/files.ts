/** Answers for what is read from disk: regular files alone, of a size that pictures have; all else is called what it is. */
import { constants, readFileSync, statSync, type Dirent, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { kindOf, reasonOf, whyNotRead } from '../base/file-reasons.ts';
import { shortageOf } from '../base/shortage.ts';

/** Says why a file is not read. Its message is a reason: `it is a pipe, expected a file`. */
export class FileRefused extends Error {}

/** Files of more bytes hold no picture to train on. */
export const LARGEST_FILE = 2 ** 28;

/**
 * Reads a regular file, or what a link to one leads to. Throws a FileRefused for anything else, which might never end or never
 * answer, and the system's error where the file cannot be read.
 */
export async function readRegular(file: string): Promise<Buffer> {
  refuse(await stat(file)); // before it is opened: opening alone can do something to a device
  // Should another thing have come in its place meanwhile, opening must not wait for a writer.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const found = await handle.stat();
    refuse(found);
    const content = Buffer.allocUnsafeSlow(found.size);
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await handle.read(content, length, content.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/** Reads a small regular file as `readRegular` does, at once. */
export function readRegularSync(file: string): Buffer {
  refuse(statSync(file));
  return readFileSync(file);
}

function refuse(found: Stats): void {
  const why = whyNotRead(found, LARGEST_FILE);
  if (why !== undefined) throw new FileRefused(why);
}

/** Says in one line why a file could not be read. Throws the error where the file is not to blame: the machine is short of something. */
export function whyUnread(file: string, error: unknown): string {
  if (shortageOf(error)) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return message.trim().replaceAll(/(?<!\s)\s*\n\s*/g, '; ');
  if (code === 'ENOENT' && file.includes('\ufffd')) return 'its name is not valid UTF-8; rename it';
  return reasonOf({ code, message });
}

/** The names in a folder, with `/` between a folder and what lies in it. */
export interface FolderNames {
  /** Regular files, and links to them. */
  readonly files: readonly string[];
  /** What is no file, such as `a pipe`, by name. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Lists what lies in a folder, and in the folders within where `subfolders` are wanted, sorted by code unit. Hidden names are left
 * out. Links to folders are not followed: they may lead anywhere. Throws the system's error.
 */
export async function listNames(folder: string, subfolders: boolean): Promise<FolderNames> {
  const files: string[] = [];
  const others = new Map<string, string>();
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const name = path.posix.join(below, entry.name);
      const what = await oddityOf(entry, path.join(folder, name));
      if (what === undefined) files.push(name);
      else if (subfolders && entry.isDirectory()) await walk(name);
      else others.set(name, what);
    }
  };
  await walk('');
  const sorted = [...others].sort(([a], [b]) => (a < b ? -1 : 1));
  return { files: files.sort(), others: new Map(sorted) };
}

/** Says what an entry of a folder is; undefined for a regular file. */
async function oddityOf(entry: Dirent, file: string): Promise<string | undefined> {
  if (entry.isFile()) return undefined;
  if (!entry.isSymbolicLink()) return kindOf(entry);
  try {
    const found = await stat(file);
    return found.isFile() ? undefined : `a link to ${kindOf(found)}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ELOOP' ? 'a link that leads back to itself' : 'a link that leads nowhere';
  }
}
