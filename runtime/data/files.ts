/**
 * Reads files and lists folders of data sets: only regular files up to a size limit, others are refused with a reason.
 */
import { constants, readFileSync, statSync, type Dirent, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { kindOf, reasonOf, whyNotRead } from '../base/file-reasons.ts';
import { shortageOf } from '../base/shortage.ts';

/** The error for a refused file. Its message is a reason: `it is a pipe, expected a file`. */
export class FileRefused extends Error {}

/** Larger files are no training pictures. */
export const LARGEST_FILE = 2 ** 28;

/**
 * Reads a regular file, or a link to one. Throws a FileRefused for anything else, whose reading might block forever,
 * and the system's error if the file cannot be read.
 */
export async function readRegular(file: string): Promise<Buffer> {
  refuse(await stat(file)); // before opening, as opening a device can have effects
  // The file may be replaced after `stat`: opening must not wait for a pipe's writer.
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

/** Reads a small regular file synchronously, like `readRegular`. */
export function readRegularSync(file: string): Buffer {
  refuse(statSync(file));
  return readFileSync(file);
}

function refuse(found: Stats): void {
  const why = whyNotRead(found, LARGEST_FILE);
  if (why !== undefined) throw new FileRefused(why);
}

/**
 * Gives a one-line reason why a file could not be read. Throws the error if the machine is at fault, for example out
 * of memory.
 */
export function whyUnread(file: string, error: unknown): string {
  if (shortageOf(error)) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return message.trim().replaceAll(/(?<!\s)\s*\n\s*/g, '; ');
  if (code === 'ENOENT' && file.includes('\ufffd')) return 'its name is not valid UTF-8; rename it';
  return reasonOf({ code, message });
}

/** The names in a folder, relative to it, with `/` as separator. */
export interface FolderNames {
  /** Regular files, and links to them. */
  readonly files: readonly string[];
  /** Entries that are not files, such as `a pipe`, by name. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Lists a folder, and its subfolders on request, sorted by code unit. Hidden names are skipped. Links to folders are
 * not followed, as they may lead anywhere. Throws the system's error.
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

/** Describes an entry of a folder that is not a file; undefined for a regular file. */
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
