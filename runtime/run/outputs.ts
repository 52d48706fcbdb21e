/**
 * Protects the folders that users choose for results: only files that an earlier command wrote there for the same
 * purpose are overwritten. A list beside them names these files.
 */
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { writeWhole, isFileError, whileWriting, whileWritingAsync } from '../base/files.ts';
import { exportedMark } from '../weights/write-official.ts';
import { foreignFile, foreignFiles, namesClash } from './messages.ts';
import { makeFolder } from '../base/make-folder.ts';

/** The list of written files; users' pictures never start with a point. */
export const listFile = '.spadework-files.json';
const listFormat = 'spadework-files/1';

/** Files of a folder, by paths relative to it with `/` as separator. */
export interface Outputs {
  /** Files named after files, maps or networks of the user. */
  readonly named: readonly string[];
  /** Files with fixed names: a page, an overview. */
  readonly own: readonly string[];
}

/** Files to be written. */
export interface PlannedOutputs extends Outputs {
  /** Folders that must have no other files: a user's pictures among ours would be taken for data. */
  readonly folders: readonly string[];
}

/** Reads the list of a folder; empty if there is none, or it cannot be read. */
export function readOutputs(folder: string): Outputs {
  try {
    const { format, named, own } = JSON.parse(readFileSync(join(folder, listFile), 'utf8')) as Partial<
      Record<string, unknown>
    >;
    if (format === listFormat && isList(named) && isList(own)) return { named, own };
  } catch (error) {
    // Without a valid list, all existing files are the user's.
    if (!(error instanceof SyntaxError || error instanceof TypeError || isFileError(error))) throw error;
  }
  return { named: [], own: [] };
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/**
 * Gives a fixed name that no file or folder named after the user's takes: `grid.png`, or `grid-2.png` beside a map
 * `grid`. Case is ignored, as in some file systems.
 */
export function freeName(wanted: string, named: readonly string[]): string {
  const taken = new Set(named.flatMap((file) => [file, ...foldersOf(file)]).map(folded));
  const at = wanted.lastIndexOf('.');
  const [stem, ending] = at < 0 ? [wanted, ''] : [wanted.slice(0, at), wanted.slice(at)];
  let name = wanted;
  for (let count = 2; taken.has(folded(name)); count++) name = `${stem}-${count}${ending}`;
  return name;
}

/** Normalizes names to one form per file on case-insensitive file systems. */
const folded = (name: string): string => name.normalize('NFC').toLowerCase();

/** Lists the folders around a file, below the root. */
function foldersOf(file: string): string[] {
  const parts = file.split('/');
  return parts.slice(1).map((_, count) => parts.slice(0, count + 1).join('/'));
}

/**
 * Finds two names that cannot both be files of one folder: they are equal (ignoring case if `isCaseBlind`), or one
 * would be a folder of the other.
 */
export function findClash(
  files: readonly string[],
  isCaseBlind: boolean,
): readonly [string, string] | undefined {
  const keyOf = isCaseBlind ? folded : (name: string): string => name;
  const owners = new Map<string, string>();
  for (const file of files) {
    const other = owners.get(keyOf(file));
    if (other !== undefined) return [other, file];
    owners.set(keyOf(file), file);
  }
  for (const file of files)
    for (const folder of foldersOf(file)) {
      const other = owners.get(keyOf(folder));
      if (other !== undefined) return [other, file];
    }
  return undefined;
}

/** Throws a SpadeworkError if files cannot all be in one folder; `existing` is a file on the same file system. */
export function requireNoClash(folder: string, files: readonly string[], existing: string): void {
  const clash = findClash(files, isCaseBlindAt(existing));
  if (clash) throw namesClash(folder, ...clash);
}

/** Tells whether a file is also found under its name in the other case. */
function isCaseBlindAt(file: string): boolean {
  const other = join(dirname(file), basename(file).toUpperCase());
  if (other === file) return false;
  const [found, same] = [file, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return found !== undefined && found.ino === same?.ino && found.dev === same.dev;
}

/**
 * Prepares a folder for files, before the work for them starts; files of an earlier command that are not among them
 * are deleted. Throws a SpadeworkError if a file would replace one not written here before, if ours would be among a
 * user's files, or if two names clash. `isOurs` tells that the whole folder is ours.
 */
export async function claimOutputs(
  folder: string,
  outputs: PlannedOutputs,
  { isOurs = false }: { readonly isOurs?: boolean } = {},
): Promise<void> {
  await whileWritingAsync(folder, async () => {
    const before = readOutputs(folder);
    const foreign = isOurs ? [] : foreignAmong(folder, outputs, before);
    if (foreign.length > 0) throw foreignFiles(folder, foreign);
    const named = new Set([...before.named, ...outputs.named]);
    makeFolder(folder);
    for (const file of before.own)
      if (!outputs.own.includes(file) && !named.has(file)) rmSync(join(folder, file), { force: true });
    const list = join(folder, listFile);
    const written = {
      format: listFormat,
      named: [...named],
      own: outputs.own.filter((file) => !named.has(file)),
    };
    await writeWhole(list, `${JSON.stringify(written)}\n`);
    requireNoClash(folder, [...outputs.named, ...outputs.own], list);
  });
}

/** Lists existing files that are in the way and were not written there before. */
function foreignAmong(folder: string, { named, own, folders }: PlannedOutputs, before: Outputs): string[] {
  const known = { own: new Set(before.own), all: new Set([...before.named, ...before.own]) };
  const foreign = [
    ...named.filter((file) => isInTheWay(folder, file, known.all)),
    // A page or overview never replaces a file that was named after a user's map.
    ...own.filter((file) => isInTheWay(folder, file, known.own)),
    ...folders.flatMap((one) => filesBelow(folder, one).filter((file) => !known.all.has(file))),
  ];
  return [...new Set(foreign)];
}

/** Throws a SpadeworkError if a page would replace a file that is not ours. */
export function requireOwnPage(file: string): void {
  requireOwn(file, 'page of Spadework', 'name="generator" content="Spadework"');
}

/** Throws a SpadeworkError if an export would replace a file that is not an export. */
export function requireOwnExport(file: string): void {
  requireOwn(file, 'file that Spadework exported', JSON.stringify(exportedMark).slice(1, -1));
}

/** The mark of our files is within this many first bytes. */
const markedBytes = 2 ** 12;

function requireOwn(file: string, what: string, mark: string): void {
  const found = whileWriting(file, () => statOf(file));
  if (!found) return;
  if (!found.isFile() || !startOf(file).includes(mark)) throw foreignFile(file, what);
}

function startOf(file: string): string {
  return whileWriting(file, () => {
    const descriptor = openSync(file, 'r');
    try {
      const bytes = Buffer.alloc(markedBytes);
      return bytes.toString('latin1', 0, readSync(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Tells whether a file would replace an unknown one, or something that is not a file. */
function isInTheWay(folder: string, file: string, known: ReadonlySet<string>): boolean {
  const found = statOf(join(folder, file));
  if (found && !(found.isFile() && known.has(file))) return true;
  return foldersOf(file).some((one) => {
    const place = statSync(join(folder, one), { throwIfNoEntry: false });
    return place !== undefined && !place.isDirectory();
  });
}

/** Examines a name without following links: their targets are not ours to replace. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // The path continues below a file, so nothing exists there.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function filesBelow(folder: string, place: string): string[] {
  const inner = join(folder, place);
  if (!statOf(inner)?.isDirectory()) return [];
  return readdirSync(inner, { recursive: true, encoding: 'utf8' })
    .filter((name) => !statOf(join(inner, name))?.isDirectory())
    .map((name) => `${place}/${name.replaceAll(sep, '/')}`);
}
