/** Lists the folders of a data set and pairs their files by name. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { DatasetFolders, Pair, Suffixes } from './pair.ts';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { listNames, readRegular, whyUnread, type FolderNames } from './files.ts';
import type { Role } from './findings.ts';
import {
  differInCase,
  emptyFolder,
  filesOfOneStem,
  noFolder,
  noPartner,
  notAFolder,
  notListed,
  notRegular,
  notToldApart,
  unreadable,
  unreadableFolder,
} from './messages.ts';

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
  /** The other kinds of files in the same folder; files that fit those better are skipped. */
  readonly beside?: readonly Kind[];
}

/** A kind of file: its role, and the suffix of its names. */
interface Kind {
  readonly role: Role;
  readonly suffix: string;
}

/** Lists one folder: stem -> path. Undefined if it has no usable file; `problems` then has the reason. */
export async function listFolder(
  role: Role,
  folder: string,
  problems: Diagnostic[],
  { subfolders = false, suffix = '', beside = [] }: Search = {},
): Promise<Map<string, string> | undefined> {
  let found: FolderNames;
  try {
    if (!(await stat(folder)).isDirectory()) {
      problems.push(notAFolder(role, folder));
      return undefined;
    }
    found = await listNames(folder, subfolders);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = whyUnread(folder, error);
    problems.push(code === 'ENOENT' ? noFolder(role, folder) : unreadableFolder(role, folder, reason));
    return undefined;
  }
  const kind = { role, suffix };
  const isMeant = (name: string): boolean =>
    isOfKind(name, kind) && !beside.some((other) => isRather(name, other, kind));
  const odd = [...found.others].filter(([name]) => isMeant(name));
  if (odd.length > 0) problems.push(notRegular(role, folder, odd));
  const usable = found.files.filter(isMeant);
  if (usable.length === 0 && odd.length > 0) return undefined;
  if (usable.length === 0) {
    const names = [...found.files, ...found.others.keys()].sort();
    const endings = ENDINGS[role].map((ending) => suffix + ending);
    problems.push(emptyFolder(role, folder, endings, names));
    return undefined;
  }
  const byStem = new Map<string, string[]>();
  for (const name of usable) {
    const stem = stemOf(name, suffix);
    const sharing = byStem.get(stem);
    if (sharing) sharing.push(name);
    else byStem.set(stem, [name]);
  }
  const shared = [...byStem].filter(([, sharing]) => sharing.length > 1);
  if (shared.length > 0) problems.push(filesOfOneStem(role, shared));
  return new Map([...byStem].map(([stem, sharing]) => [stem, path.join(folder, sharing[0] as string)]));
}

/** Counts the label maps in each subfolder of a folder whose subfolders are not searched. */
export async function mapsWithin(folder: string): Promise<ReadonlyMap<string, number>> {
  const { files } = await listNames(folder, true);
  const counts = new Map<string, number>();
  for (const name of files) {
    const place = path.posix.dirname(name);
    if (place !== '.' && isOfKind(name, { role: 'label maps', suffix: '' }))
      counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return counts;
}

function isOfKind(name: string, { role, suffix }: Kind): boolean {
  const { name: stem, ext } = path.posix.parse(name);
  return ENDINGS[role].includes(ext.toLowerCase()) && stem.endsWith(suffix);
}

/**
 * Tells whether a file that fits two kinds in one folder belongs to the other one: the kind with the longer suffix or,
 * for equal suffixes, the map, as maps are always PNG and photos rarely.
 */
function isRather(name: string, other: Kind, kind: Kind): boolean {
  if (!isOfKind(name, other)) return false;
  if (other.suffix.length !== kind.suffix.length) return other.suffix.length > kind.suffix.length;
  return kind.role === 'photos' && other.role !== 'photos';
}

/** Gives the part of a name that partners share. */
function stemOf(name: string, suffix: string): string {
  const { dir, name: stem } = path.posix.parse(name);
  return path.posix.join(dir, stem.slice(0, stem.length - suffix.length));
}

/** A kind of file of a data set, and its folder. */
interface Place extends Kind {
  readonly folder: string;
}

/** Lists the kinds of files of a data set, label maps first. */
function placesOf({ images, labels, instances, isPaired = false, suffixes = {} }: DatasetFolders): Place[] {
  const { images: ofImages = '', labels: ofLabels = '', instances: ofInstances = '' } = suffixes;
  return [
    isPaired
      ? { role: 'paired pictures', folder: labels, suffix: ofImages }
      : { role: 'label maps', folder: labels, suffix: ofLabels },
    ...(images === undefined || isPaired
      ? []
      : [{ role: 'photos', folder: images, suffix: ofImages } as const]),
    ...(instances === undefined
      ? []
      : [{ role: 'instance maps', folder: instances, suffix: ofInstances } as const]),
  ];
}

/** Gives the real path of a folder. */
async function identityOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => path.resolve(folder));
}

/** The listed pairs of a data set. */
export interface Listing {
  readonly pairs: Pair[];
  /** Problems; if there are any, `pairs` are those that could be made. */
  readonly problems: Diagnostic[];
  /** Warnings. */
  readonly warnings: Diagnostic[];
}

/**
 * Lists the samples of the folders, sorted by name. Photos (.jpg, .jpeg, .png, .webp), label maps and instance maps
 * (.png) form a pair if their names are equal apart from suffix and ending. In one folder, suffixes or endings tell
 * them apart. All problems are returned together; `pairs` are then those that could be made.
 */
export async function listPairs(folders: DatasetFolders): Promise<Listing> {
  const problems: Diagnostic[] = [];
  const places = placesOf(folders);
  const identities = await Promise.all(places.map(({ folder }) => identityOf(folder)));
  const listed = new Map<Role, Map<string, string> | undefined>();
  for (const [i, { role, folder, suffix }] of places.entries()) {
    const beside = places.filter((_, k) => k !== i && identities[k] === identities[i]);
    // Photos can be told apart by their endings; two kinds of maps cannot.
    const rival = beside.find((other) => other.suffix === suffix && other.role !== 'photos');
    const found: Diagnostic[] = [];
    const { subfolders } = folders;
    const isHopeless = rival !== undefined && role === 'instance maps';
    const files = isHopeless
      ? undefined
      : await listFolder(role, folder, found, { subfolders, suffix, beside });
    const rivals = rival && listed.get(rival.role);
    if (!files && rivals && role !== places[0]!.role) {
      const names = [...rivals.values()].map((file) => path.basename(file));
      problems.push(notToldApart(role, rival.role, folder, names.length, suffixesIn(names)));
    } else problems.push(...found);
    listed.set(role, files);
  }
  const labels = listed.get(places[0]!.role);
  if (labels === undefined) return { pairs: [], problems, warnings: [] };
  const taken = await takenStems(folders, labels, problems);
  for (const { role, folder } of places.slice(1)) {
    const files = listed.get(role);
    if (files)
      reportLonely({ role, folder, files }, { folder: folders.labels, files: labels }, taken, problems);
  }
  const pairs = [...labels]
    .filter(([stem]) => taken(stem))
    .map(([name, label]) => ({
      name,
      label,
      image: folders.isPaired ? label : listed.get('photos')?.get(name),
      instances: listed.get('instance maps')?.get(name),
    }));
  const alike = namesThatDifferInCase(pairs.map(({ name }) => name));
  return { pairs, problems, warnings: alike.length > 0 ? [differInCase(alike)] : [] };
}

/** Suffixes that suggest label maps. */
const mapWords = /mask|label|seg|gt|annot|ids?$|map/i;

/**
 * Finds the suffixes of photos and label maps, if all names come in twos and only one half has a suffix that suggests
 * maps.
 */
function suffixesIn(names: readonly string[]): Suffixes | undefined {
  const parts = names.map((name) => /^(.+?)([_.-][^_.-]*)?\.\w+$/.exec(name));
  const stems = new Set(parts.map((part) => part?.[1]));
  const suffixes = [...new Set(parts.map((part) => part?.[2] ?? ''))];
  if (suffixes.length !== 2 || stems.size * 2 !== names.length) return undefined;
  const label = suffixes.filter((suffix) => mapWords.test(suffix));
  const image = suffixes.find((suffix) => !label.includes(suffix));
  return label.length === 1 && image !== undefined ? { image, label: label[0]! } : undefined;
}

interface Files {
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Reports files without a partner, in both directions. */
function reportLonely(
  { role, folder, files }: Files & { readonly role: Role },
  labels: Files,
  isTaken: (stem: string) => boolean,
  problems: Diagnostic[],
): void {
  const taken = [...labels.files.keys()].filter(isTaken);
  const without = taken.filter((stem) => !files.has(stem));
  const surplus = [...files.keys()].filter((stem) => isTaken(stem) && !labels.files.has(stem));
  const near = nearStems(without, surplus);
  if (without.length > 0) problems.push(noPartner(role, folder, 'label maps', without, taken.length, near));
  if (surplus.length > 0)
    problems.push(noPartner('label maps', labels.folder, role, surplus, files.size, near));
}

/** Normalizes letter case and composed accents, in which names may differ without looking different. */
const foldName = (name: string): string => name.normalize('NFC').toLowerCase();

/** Finds two names that look the same. */
function nearStems(
  some: readonly string[],
  others: readonly string[],
): readonly [string, string] | undefined {
  const folded = new Map(others.map((name) => [foldName(name), name]));
  for (const name of some) {
    const other = folded.get(foldName(name));
    if (other !== undefined) return [name, other];
  }
  return undefined;
}

function namesThatDifferInCase(names: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = foldName(name);
    const group = groups.get(key);
    if (group) group.push(name);
    else groups.set(key, [name]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Gives the pairs that the lists of a data set select. */
async function takenStems(
  { labels: folder, list, except }: DatasetFolders,
  labels: ReadonlyMap<string, string>,
  problems: Diagnostic[],
): Promise<(stem: string) => boolean> {
  const readNames = async (file: string | undefined): Promise<Names | undefined> => {
    if (file === undefined) return undefined;
    const names = await readList(file, problems);
    const absent = [...(names ?? [])].filter(([stem]) => !labels.has(stem));
    if (names && absent.length > 0)
      problems.push(notListed(file, folder, absent, names.size, [...labels.keys()]));
    return names;
  };
  const listed = await readNames(list);
  const excepted = await readNames(except);
  return (stem) => (listed?.has(stem) ?? true) && !excepted?.has(stem);
}

/** The pairs that a list names, each with its line number. */
type Names = ReadonlyMap<string, number>;

/** Reads a list of pairs. File endings are removed, blank lines skipped. */
async function readList(file: string, problems: Diagnostic[]): Promise<Names | undefined> {
  let text: string;
  try {
    text = (await readRegular(file)).toString('utf8').replace(/^\ufeff/, '');
  } catch (error) {
    problems.push(unreadable(file, whyUnread(file, error)));
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
