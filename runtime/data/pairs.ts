/** Answers for which files belong together: lists the folders of a data set and pairs their files by name. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  emptyFolder,
  noFolder,
  noPartner,
  notAFolder,
  twoFilesOneStem,
  unreadableFolder,
} from './messages.ts';
import type { Role } from './messages.ts';

/** Where the files of a data set lie. */
export interface DatasetFolders {
  /** The photos; undefined if there are only label maps, as for synthesis. */
  readonly images: string | undefined;
  /** The label maps: PNG, one class id a pixel. */
  readonly labels: string;
  /** Instance maps, 8- or 16-bit PNG, one instance id a pixel. */
  readonly instances?: string | undefined;
}

/** The files of one sample; `name` is the file name that they share, without its ending. */
export interface Pair {
  readonly name: string;
  readonly label: string;
  readonly image: string | undefined;
  readonly instances: string | undefined;
}

const ENDINGS: Record<Role, readonly string[]> = {
  'label maps': ['.png'],
  'instance maps': ['.png'],
  photos: ['.jpg', '.jpeg', '.png', '.webp'],
};

/** Lists one folder: stem -> path. Undefined, with the reason in `problems`, if it holds nothing to use. */
export async function listFolder(
  role: Role,
  folder: string,
  problems: string[],
): Promise<Map<string, string> | undefined> {
  let names: string[];
  try {
    if (!(await stat(folder)).isDirectory()) {
      problems.push(notAFolder(role, folder));
      return undefined;
    }
    names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    problems.push(code === 'ENOENT' ? noFolder(role, folder) : unreadableFolder(role, folder, message));
    return undefined;
  }
  names.sort(); // by code unit: the order of samples must not depend on locale or file system
  const usable = names.filter((name) => ENDINGS[role].includes(path.extname(name).toLowerCase()));
  if (usable.length === 0) {
    problems.push(emptyFolder(role, folder, ENDINGS[role], names));
    return undefined;
  }
  const byStem = new Map<string, string[]>();
  for (const name of usable) {
    const { name: stem } = path.parse(name);
    byStem.set(stem, [...(byStem.get(stem) ?? []), name]);
  }
  const files = new Map<string, string>();
  for (const [stem, sharing] of byStem) {
    if (sharing.length > 1) problems.push(twoFilesOneStem(role, stem, sharing));
    files.set(stem, path.join(folder, sharing[0] as string));
  }
  return files;
}

/**
 * Lists the samples of the folders, sorted by name. Photos (.jpg, .jpeg, .png, .webp), label maps and instance maps (.png)
 * belong together if their file names are equal but for the ending; subfolders are not searched. What is wrong is returned
 * as problems, all of it at once; then the pairs are those that could be made.
 */
export async function listPairs(folders: DatasetFolders): Promise<{ pairs: Pair[]; problems: string[] }> {
  const problems: string[] = [];
  const labels = await listFolder('label maps', folders.labels, problems);
  const partners: { role: Role; folder: string; files: Map<string, string> | undefined }[] = [];
  for (const [role, folder] of [
    ['photos', folders.images],
    ['instance maps', folders.instances],
  ] as const) {
    if (folder === undefined) continue;
    partners.push({ role, folder, files: await listFolder(role, folder, problems) });
  }
  if (labels === undefined) return { pairs: [], problems };
  for (const { role, folder, files } of partners) {
    if (files === undefined) continue;
    const without = [...labels.keys()].filter((stem) => !files.has(stem));
    const surplus = [...files.keys()].filter((stem) => !labels.has(stem));
    if (without.length > 0) problems.push(noPartner(role, folder, 'label maps', without, labels.size));
    if (surplus.length > 0) {
      problems.push(noPartner('label maps', folders.labels, role, surplus, files.size));
    }
  }
  const find = (role: Role, stem: string): string | undefined =>
    partners.find((partner) => partner.role === role)?.files?.get(stem);
  const pairs = [...labels].map(([name, label]) => {
    return { name, label, image: find('photos', name), instances: find('instance maps', name) };
  });
  return { pairs, problems };
}
