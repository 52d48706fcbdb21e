/** Answers for which files belong together: lists the folders of a data set and pairs their files by name. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  emptyFolder,
  noFolder,
  noPartner,
  notAFolder,
  notListed,
  twoFilesOneStem,
  unreadable,
  unreadableFolder,
} from './messages.ts';
import type { Role } from './messages.ts';

/** Where the files of a data set lie. */
export interface DatasetFolders {
  /** The photos; undefined if there are only label maps, as for synthesis. */
  readonly images: string | undefined;
  /** The label maps: PNG, one class id a pixel. The same folder as `images` where both lie side by side in each file. */
  readonly labels: string;
  /** Instance maps, 8- or 16-bit PNG, one instance id a pixel. */
  readonly instances?: string | undefined;
  /** Whether folders within the folders are searched. */
  readonly subfolders?: boolean | undefined;
  /** What the names of a folder's files have before their endings and their partners do not share. */
  readonly suffixes?: Readonly<Partial<Record<'images' | 'labels' | 'instances', string | undefined>>>;
  /** A text file that names the pairs to take, one a line. */
  readonly list?: string | undefined;
  /** A text file that names pairs to leave out, one a line. */
  readonly except?: string | undefined;
}

/** The files of one sample; `name` is the file name that they share, without suffix and ending, with its subfolder before it. */
export interface Pair {
  readonly name: string;
  readonly label: string;
  /** The same file as `label` where both lie side by side. */
  readonly image: string | undefined;
  readonly instances: string | undefined;
}

const PHOTO_ENDINGS = ['.jpg', '.jpeg', '.png', '.webp'];
const ENDINGS: Record<Role, readonly string[]> = {
  'label maps': ['.png'],
  'instance maps': ['.png'],
  photos: PHOTO_ENDINGS,
  'paired pictures': PHOTO_ENDINGS,
};

/** How the files of a folder are found. */
interface Search {
  readonly subfolders?: boolean | undefined;
  readonly suffix?: string | undefined;
}

/** Lists one folder: stem -> path. Undefined, with the reason in `problems`, if it holds nothing to use. */
export async function listFolder(
  role: Role,
  folder: string,
  problems: string[],
  { subfolders = false, suffix = '' }: Search = {},
): Promise<Map<string, string> | undefined> {
  let names: string[];
  try {
    if (!(await stat(folder)).isDirectory()) {
      problems.push(notAFolder(role, folder));
      return undefined;
    }
    const all = (await readdir(folder, { recursive: subfolders })).map((name) => name.replaceAll('\\', '/'));
    names = all.filter((name) => !name.split('/').some((part) => part.startsWith('.')));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    problems.push(code === 'ENOENT' ? noFolder(role, folder) : unreadableFolder(role, folder, message));
    return undefined;
  }
  names.sort(); // by code unit: the order of samples must not depend on locale or file system
  const usable = names.flatMap((name) => {
    const { dir, name: stem, ext } = path.posix.parse(name);
    const isUsable = ENDINGS[role].includes(ext.toLowerCase()) && stem.endsWith(suffix);
    return isUsable ? [{ name, stem: path.posix.join(dir, stem.slice(0, stem.length - suffix.length)) }] : [];
  });
  if (usable.length === 0) {
    const endings = ENDINGS[role].map((ending) => suffix + ending);
    problems.push(emptyFolder(role, folder, endings, names));
    return undefined;
  }
  const byStem = new Map<string, string[]>();
  for (const { name, stem } of usable) byStem.set(stem, [...(byStem.get(stem) ?? []), name]);
  const files = new Map<string, string>();
  for (const [stem, sharing] of byStem) {
    if (sharing.length > 1) problems.push(twoFilesOneStem(role, stem, sharing));
    files.set(stem, path.join(folder, sharing[0] as string));
  }
  return files;
}

/**
 * Lists the samples of the folders, sorted by name. Photos (.jpg, .jpeg, .png, .webp), label maps and instance maps (.png)
 * belong together if their file names are equal but for suffix and ending. What is wrong is returned as problems, all of it at
 * once; then the pairs are those that could be made.
 */
export async function listPairs(folders: DatasetFolders): Promise<{ pairs: Pair[]; problems: string[] }> {
  const problems: string[] = [];
  const { images, instances, subfolders, suffixes = {} } = folders;
  const isPaired = images === folders.labels;
  const labels = await listFolder(isPaired ? 'paired pictures' : 'label maps', folders.labels, problems, {
    subfolders,
    suffix: isPaired ? suffixes.images : suffixes.labels,
  });
  const partners: { role: Role; folder: string; files: Map<string, string> | undefined }[] = [];
  for (const [role, folder, suffix] of [
    ['photos', isPaired ? undefined : images, suffixes.images],
    ['instance maps', instances, suffixes.instances],
  ] as const) {
    if (folder === undefined) continue;
    const files = await listFolder(role, folder, problems, { subfolders, suffix });
    partners.push({ role, folder, files });
  }
  if (labels === undefined) return { pairs: [], problems };
  const readNames = async (file: string | undefined): Promise<Names | undefined> => {
    if (file === undefined) return undefined;
    const names = await readList(file, problems);
    const absent = [...(names ?? [])].filter(([stem]) => !labels.has(stem));
    if (names && absent.length > 0)
      problems.push(notListed(file, folders.labels, absent, names.size, [...labels.keys()]));
    return names;
  };
  const listed = await readNames(folders.list);
  const excepted = await readNames(folders.except);
  const isTaken = (stem: string): boolean => (listed?.has(stem) ?? true) && !excepted?.has(stem);
  const taken = [...labels].filter(([stem]) => isTaken(stem));
  for (const { role, folder, files } of partners) {
    if (files === undefined) continue;
    const without = taken.map(([stem]) => stem).filter((stem) => !files.has(stem));
    const surplus = [...files.keys()].filter((stem) => isTaken(stem) && !labels.has(stem));
    if (without.length > 0) problems.push(noPartner(role, folder, 'label maps', without, taken.length));
    if (surplus.length > 0) {
      problems.push(noPartner('label maps', folders.labels, role, surplus, files.size));
    }
  }
  const find = (role: Role, stem: string): string | undefined =>
    partners.find((partner) => partner.role === role)?.files?.get(stem);
  const pairs = taken.map(([name, label]) => {
    const image = isPaired ? label : find('photos', name);
    return { name, label, image, instances: find('instance maps', name) };
  });
  return { pairs, problems };
}

/** The pairs that a list names, each with its line. */
type Names = ReadonlyMap<string, number>;

/** Reads a list of pairs. Endings of file names are left out, and blank lines skipped. */
async function readList(file: string, problems: string[]): Promise<Names | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    problems.push(unreadable(file, (error as Error).message));
    return undefined;
  }
  const names = new Map<string, number>();
  text.split(/\r?\n/).forEach((line, index) => {
    const name = line.trim();
    if (name === '') return;
    const { dir, base, ext } = path.posix.parse(name);
    const stem = PHOTO_ENDINGS.includes(ext.toLowerCase()) ? base.slice(0, -ext.length) : base;
    names.set(path.posix.join(dir, stem), index + 1);
  });
  return names;
}
