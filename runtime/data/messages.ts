/** Answers for what is said to a user about a data set: one function a message, and the error which carries them. */

import type { ClassInfo, Color } from './classes.ts';

/** How many files one message, or problems one error, names before it only counts the rest. */
export const LISTED = 10;

/** Carries everything found wrong with a data set; `message` is ready to be shown, `problems` holds its parts. */
export class DataError extends Error {
  readonly problems: readonly string[];

  /** Makes the error of one or more problems, of which all but the first ten are only counted. */
  constructor(problems: readonly string[]) {
    const shown = problems.slice(0, LISTED).map((problem) => `- ${problem.replaceAll('\n', '\n  ')}`);
    if (problems.length > LISTED) shown.push(`- and ${problems.length - LISTED} more problems`);
    super(
      problems.length === 1 ? problems[0] : `the data has ${problems.length} problems\n${shown.join('\n')}`,
    );
    this.name = 'DataError';
    this.problems = problems;
  }
}

const hint = (text: string): string => `\nhint: ${text}`;

/** Names the first ten of some items and counts the rest. */
function list(items: readonly string[]): string {
  const rest = items.length - LISTED;
  return items.slice(0, LISTED).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}

/** Leaves a hint out where the next problem ends with the same one. */
export function hintsOnce(problems: readonly string[]): string[] {
  const hintOf = (problem: string | undefined): string | undefined => problem?.split('\nhint: ')[1];
  return problems.map((problem, index) => {
    const isRepeated = hintOf(problem) !== undefined && hintOf(problem) === hintOf(problems[index + 1]);
    return isRepeated ? problem.split('\nhint: ')[0]! : problem;
  });
}

/** Writes ids in few words: `0..11, 255`. */
export function idRanges(ids: Iterable<number>): string {
  const runs: [number, number][] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && id <= last[1] + 1) last[1] = id;
    else runs.push([id, id]);
  }
  return list(runs.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`)));
}

/** Colors this near to that of a class are most likely meant to be it. */
const blurred = 60;

/** What a folder of a data set is for, in the words of the messages. */
export type Role = 'label maps' | 'photos' | 'instance maps' | 'paired pictures';

export const noDataFolder = (folder: string): string =>
  `the folder of the data does not exist: '${folder}'` +
  hint('check path in the data of the spec, or name the folder on the command line');

export const noFolder = (role: Role, folder: string): string =>
  `the folder of the ${role} does not exist: '${folder}'` + hint('check the path of the data in the spec');

export const notAFolder = (role: Role, folder: string): string =>
  `the path of the ${role} is not a folder: '${folder}'` + hint('name the folder that holds the files');

export const unreadableFolder = (role: Role, folder: string, reason: string): string =>
  `the folder of the ${role} cannot be read: '${folder}' (${reason})`;

export const emptyFolder = (
  role: Role,
  folder: string,
  endings: readonly string[],
  others: readonly string[],
): string =>
  `the folder of the ${role} holds none: '${folder}'; expected files ending in ${endings.join(', ')}, ` +
  (others.length === 0 ? 'found nothing' : `found ${list(others)}`) +
  hintAtEndings(role, others);

function hintAtEndings(role: Role, others: readonly string[]): string {
  if (others.length === 0) return '';
  if (others.every((name) => !/\.\w+$/.test(name)))
    return hint('files in folders within the folder are found with: subfolders: true');
  const isMap = role === 'label maps' || role === 'instance maps';
  return isMap ? hint('JPEG and WebP alter values, so ids have to be stored as PNG') : '';
}

export const twoFilesOneStem = (role: Role, stem: string, files: readonly string[]): string =>
  `several ${role} share the name '${stem}': ${files.join(', ')}` +
  hint('photo and label map are paired by file name without its ending, so keep one of them');

export const noPartner = (
  missing: Role,
  folder: string,
  of: Role,
  stems: readonly string[],
  total: number,
): string =>
  `${stems.length} of ${total} ${of} have no partner among the ${missing} in '${folder}': ${list(stems)}` +
  hint(
    'partners have the same file name but for the ending, for example a.jpg and a.png; where their names end differently, ' +
      'say so: image_suffix: "_photo", label_suffix: "_ids"',
  );

export const notListed = (
  file: string,
  folder: string,
  lines: readonly (readonly [name: string, line: number])[],
  total: number,
  known: readonly string[],
): string =>
  `${lines.length} of ${total} names in '${file}' are not those of label maps in '${folder}': ` +
  list(lines.map(([name, line]) => `${name} (line ${line})`)) +
  hint(`name one pair a line, such as ${known[0] ?? 'a'}`);

export const undecodable = (file: string, reason: string): string =>
  `'${file}' cannot be decoded: ${reason}` + hint('the file is damaged or cut off; fetch or save it again');

export const noPhoto = (place: string): string =>
  `there is no photo and no folder of photos at '${place}'` + hint('check the path');

export const folderInUse = (folder: string): string =>
  `'${folder}' is not empty` + hint('name a new folder: data is made into one of its own');

export const unreadable = (file: string, reason: string): string => `'${file}' cannot be read: ${reason}`;

export const colorsInsteadOfIds = (
  file: string,
  x: number,
  y: number,
  color: readonly [number, number, number],
): string =>
  `'${file}' holds colors where one id a pixel is expected: (${color.join(', ')}) at x ${x}, y ${y}` +
  hint(
    'this looks like a color mask: say label_format: "colors" and the colors of the classes, or take the grey label maps of ' +
      'the data set',
  );

/** Colors that no class has, as found in one file. */
export interface UndeclaredColor {
  /** The first wrong pixel in reading order, in the file's own resolution. */
  readonly x: number;
  readonly y: number;
  readonly color: Color;
  /** How many pixels are wrong, of how many. */
  readonly pixels: number;
  readonly total: number;
  /** The distinct wrong colors. */
  readonly colors: readonly Color[];
  readonly nearest: { readonly class: ClassInfo; readonly distance: number };
}

export const undeclaredColor = (
  file: string,
  found: UndeclaredColor,
  classes: readonly ClassInfo[],
): string => {
  const { nearest } = found;
  const distance = Math.ceil(nearest.distance);
  const colors = list(found.colors.map((color) => `(${color.join(', ')})`));
  return (
    `'${file}' holds the color (${found.color.join(', ')}) at x ${found.x}, y ${found.y}, which no class has; ` +
    `${found.pixels} of ${found.total} pixels are wrong${found.colors.length > 1 ? `, of the colors ${colors}` : ''}; the nearest of ${classes.length} classes is ${nearest.class.name} ` +
    `(${nearest.class.color.join(', ')}), ${distance} away` +
    hint(
      distance <= blurred
        ? `colors that were blurred or saved as JPEG are taken for the nearest with: color_distance: ${distance}`
        : 'give it a class of its own (if it stands for pixels without a label, that class is void), or repair the mask',
    )
  );
};

export const sharedColor = (first: ClassInfo, second: ClassInfo): string =>
  `the classes ${first.name} and ${second.name} have the same color (${first.color.join(', ')})` +
  hint('in masks of colors, each class needs a color of its own');

export const noColor = (file: string, name: string): string =>
  `'${file}': class ${JSON.stringify(name)} has no color, but label maps hold colors` +
  hint('give it the color that it has in the masks: "color": [r, g, b]');

/** Label values outside the declared classes, as found in one file. */
export interface Undeclared {
  /** The first wrong pixel in reading order, in the file's own resolution. */
  readonly x: number;
  readonly y: number;
  readonly value: number;
  /** How many pixels are wrong, of how many. */
  readonly pixels: number;
  readonly total: number;
  /** The distinct wrong values. */
  readonly values: readonly number[];
}

export const undeclaredValue = (file: string, found: Undeclared, declared: readonly number[]): string =>
  `'${file}' holds the value ${found.value} at x ${found.x}, y ${found.y}, which is not a declared class; ` +
  `${found.pixels} of ${found.total} pixels are wrong (values ${idRanges(found.values)}); ` +
  `declared: ${idRanges(declared)} (${declared.length} classes)` +
  hint(
    found.values.length > 1 && found.values.length >= declared.length
      ? 'this may be a grey picture of colors, or an instance map, instead of a map of class ids'
      : `if ${found.value} marks void (unlabelled) pixels, say void: ${found.value} and count one class more; if not, repair the map`,
  );

export const differentShapes = (
  first: { file: string; width: number; height: number },
  second: { file: string; width: number; height: number },
): string =>
  `a pair differs in shape: '${first.file}' is ${first.width}x${first.height}, ` +
  `'${second.file}' is ${second.width}x${second.height} (width x height)` +
  hint('both have to show the same view; sizes may differ only if width : height is the same');

export const noClassesFile = (file: string, reason: string): string =>
  `the classes cannot be read from '${file}': ${reason}` + hint(CLASSES_EXAMPLE);

export const classesNotJson = (file: string, reason: string): string =>
  `'${file}' is not valid JSON: ${reason}` + hint(CLASSES_EXAMPLE);

export const noClassList = (file: string): string =>
  `'${file}' has no list "classes" with at least one class` + hint(CLASSES_EXAMPLE);

export const badClass = (file: string, position: number, what: string, found: unknown): string =>
  `'${file}': class ${position + 1} of the list ${what}, found ${JSON.stringify(found) ?? 'nothing'}`;

export const repeatedClass = (file: string, what: 'id' | 'name', value: number | string): string =>
  `'${file}': two classes have the ${what} ${JSON.stringify(value)}`;

const CLASSES_EXAMPLE =
  'expected {"classes": [{"id": 0, "name": "sky", "color": [128, 128, 128]}, ...]}; color is optional';

/** Files of the same bytes: their names, in the order of the splits. */
export type Repeats = readonly (readonly string[])[];

const repeated = (repeats: Repeats): string => list(repeats.map((names) => names.join(' = ')));

export const photosInBothSplits = (repeats: Repeats): string =>
  `${repeats.length} ${repeats.length === 1 ? 'photo is' : 'photos are'} in both splits: ${repeated(repeats)}` +
  hint('what training has seen tests nothing: take them out of one of the two');

export const photosRepeated = (split: string, repeats: Repeats): string =>
  `${repeats.length} photos of ${split} come more than once: ${repeated(repeats)}` +
  hint('each copy counts in training; keep one of them');

export const mapsInBothSplits = (repeats: Repeats): string =>
  `${repeats.length} label maps are in both splits, under different photos: ${repeated(repeats)}` +
  hint('look whether they belong to these photos');

export const classesAbsent = (names: readonly string[], total: number): string =>
  `${names.length} of ${total} classes are in no training map: ${list(names)}` +
  hint('networks learn nothing of them; check ids_from and the order of the classes, or leave them out');

export const classesOnlyTested = (names: readonly string[]): string =>
  `${names.length} classes are in test maps, but in no training map: ${list(names)}`;

export const enlarged = (split: string, count: number, total: number, size: string): string =>
  `${count} of ${total} photos of ${split} are smaller than ${size} and will be enlarged` +
  hint('choose a smaller size in the spec, or larger photos');

export const stretched = (split: string, count: number, total: number, size: string): string =>
  `${count} of ${total} photos of ${split} differ in width : height from ${size} and will be stretched or squeezed` +
  hint('choose a size of the same shape, or crop the pictures first');

export const nothingHeldOut = (): string =>
  'nothing is held out: samples and metrics would be of what training sees' +
  hint('add test_images and test_labels, or list and test_list');
