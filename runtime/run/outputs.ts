/**
 * Answers for folders that users name for results. One rule holds for all of them: nothing that lies there is overwritten, but
 * what was written there for the same purpose before. Which files those are is kept in a list beside them.
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

/** The list of what was written into a folder; names of users' pictures never begin with a point. */
export const listFile = '.spadework-files.json';
const listFormat = 'spadework-files/1';

/** Files of a folder, by paths below it with `/` between their parts. */
export interface Outputs {
  /** Files that are called after files, maps or networks of the user. */
  readonly named: readonly string[];
  /** Files that have names of ours: a page, an overview. */
  readonly own: readonly string[];
}

/** Files that are to be written. */
export interface PlannedOutputs extends Outputs {
  /** Folders that hold nothing else: a user's pictures do not mix with ours, as they would be taken for data. */
  readonly folders: readonly string[];
}

/** Reads what was written into a folder before; nothing where there is no list, or one that cannot be read. */
export function readOutputs(folder: string): Outputs {
  try {
    const { format, named, own } = JSON.parse(readFileSync(join(folder, listFile), 'utf8')) as Partial<
      Record<string, unknown>
    >;
    if (format === listFormat && isList(named) && isList(own)) return { named, own };
  } catch (error) {
    // A list that is damaged is none: then all that is there is the user's.
    if (!(error instanceof SyntaxError || error instanceof TypeError || isFileError(error))) throw error;
  }
  return { named: [], own: [] };
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/**
 * Gives a name of ours that no file or folder called after the user's takes: `grid.png`, or `grid-2.png` beside a map `grid`.
 * Names that differ by case alone count as one, as some file systems have them.
 */
export function freeName(wanted: string, named: readonly string[]): string {
  const taken = new Set(named.flatMap((file) => [file, ...foldersOf(file)]).map(folded));
  const at = wanted.lastIndexOf('.');
  const [stem, ending] = at < 0 ? [wanted, ''] : [wanted.slice(0, at), wanted.slice(at)];
  let name = wanted;
  for (let count = 2; taken.has(folded(name)); count++) name = `${stem}-${count}${ending}`;
  return name;
}

/** Brings names to one form that file systems take for the same where case means nothing. */
const folded = (name: string): string => name.normalize('NFC').toLowerCase();

/** Lists the folders that a file lies in, below the root. */
function foldersOf(file: string): string[] {
  const parts = file.split('/');
  return parts.slice(1).map((_, count) => parts.slice(0, count + 1).join('/'));
}

/**
 * Finds two names that cannot both be files of one folder: they are the same, at least where `isCaseBlind`, or one would have to
 * be a folder of the other.
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

/** Throws a SpadeworkError where files cannot all lie in one folder; `existing` is a file of the same file system. */
export function requireNoClash(folder: string, files: readonly string[], existing: string): void {
  const clash = findClash(files, isCaseBlindAt(existing));
  if (clash) throw namesClash(folder, ...clash);
}

/** Tells whether a file is also found by its name in other letters. */
function isCaseBlindAt(file: string): boolean {
  const other = join(dirname(file), basename(file).toUpperCase());
  if (other === file) return false;
  const [found, same] = [file, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return found !== undefined && found.ino === same?.ino && found.dev === same.dev;
}

/**
 * Makes a folder ready for files, before any work is done for them; files of ours from before that are not among them go. Throws
 * a SpadeworkError where one would replace what was not written here before, where ours would lie among a user's files, or where two
 * cannot lie beside each other. `isOurs` says that the whole folder is one of ours.
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

/** Lists what lies where files are to be written, and was not written there before. */
function foreignAmong(folder: string, { named, own, folders }: PlannedOutputs, before: Outputs): string[] {
  const known = { own: new Set(before.own), all: new Set([...before.named, ...before.own]) };
  const foreign = [
    ...named.filter((file) => isInTheWay(folder, file, known.all)),
    // What was called after a user's map before is never replaced by a page or an overview.
    ...own.filter((file) => isInTheWay(folder, file, known.own)),
    ...folders.flatMap((one) => filesBelow(folder, one).filter((file) => !known.all.has(file))),
  ];
  return [...new Set(foreign)];
}

/** Throws a SpadeworkError where a page would replace a file that is none of ours. */
export function requireOwnPage(file: string): void {
  requireOwn(file, 'page of Spadework', 'name="generator" content="Spadework"');
}

/** Throws a SpadeworkError where an export would replace a file that is none. */
export function requireOwnExport(file: string): void {
  requireOwn(file, 'file that Spadework exported', JSON.stringify(exportedMark).slice(1, -1));
}

/** A file says within its first bytes what it is. */
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

/** Tells whether a file would replace another one that is not known, or something that is no file. */
function isInTheWay(folder: string, file: string, known: ReadonlySet<string>): boolean {
  const found = statOf(join(folder, file));
  if (found && !(found.isFile() && known.has(file))) return true;
  return foldersOf(file).some((one) => {
    const place = statSync(join(folder, one), { throwIfNoEntry: false });
    return place !== undefined && !place.isDirectory();
  });
}

/** Looks at what a name stands for, links as such: what they lead to is not ours to replace. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // Below a file there is nothing.
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
