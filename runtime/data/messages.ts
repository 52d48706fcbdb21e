/** The diagnostics about data sets, one function each. */
import { error, warning, type Diagnostic } from '../../dsl/diagnostic.ts';
import { SpadeworkError } from '../../dsl/errors.ts';
import { visible } from '../../dsl/escape.ts';
import { standIns } from '../base/stand-ins.ts';
import type { ClassInfo } from './class-info.ts';
import type { ColorAdvice } from './color-advice.ts';
import type { PictureError } from './decode.ts';
import type { Fault, Note, Role, Sized, Undeclared } from './findings.ts';
import type { Suffixes } from './pair.ts';
import { settingsText, type Settings } from './settings.ts';
import type { Tally } from './tally.ts';
import type { ValueAdvice } from './value-advice.ts';

/** The most files that one message names; further ones are counted. */
export const LISTED = 10;

const wrong = (code: string, message: string, hint?: string): Diagnostic =>
  error(code, message, undefined, { hint });

const odd = (code: string, message: string, hint?: string): Diagnostic =>
  warning(code, message, undefined, { hint });

/** Makes one error of all problems of a data set. */
export const dataError = (...problems: readonly Diagnostic[]): SpadeworkError =>
  new SpadeworkError('input', problems);

/** Lists the first ten items on one line, and counts the rest. */
function list(items: readonly string[]): string {
  const rest = items.length - LISTED;
  return items.slice(0, LISTED).map(visible).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}

/** Drops a hint if the next problem ends with the same one. */
export function hintsOnce(problems: readonly Diagnostic[]): Diagnostic[] {
  return problems.map((problem, index) =>
    problem.hint === problems[index + 1]?.hint ? { ...problem, hint: undefined } : problem,
  );
}

/** Abbreviates a set of ids: `0..11, 255`. */
export function idRanges(ids: Iterable<number>): string {
  const runs: [number, number][] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && id <= last[1] + 1) last[1] = id;
    else runs.push([id, id]);
  }
  return list(runs.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`)));
}

/** Quotes a path; line breaks in it are escaped. */
const quoted = (file: string): string => `'${visible(file)}'`;

/** Renders a count: `1 photo`, `3 label maps`. */
const counted = (count: number, role: Role): string => `${count} ${count === 1 ? role.slice(0, -1) : role}`;

/** Lists the first files, each with a remark. */
const filesWith = (items: readonly (readonly [file: string, remark: string])[]): string =>
  list(items.map(([file, remark]) => `${quoted(file)} (${remark})`));

const files = (some: readonly string[]): string => list(some.map(quoted));

/** Ends a hint with its settings. */
const write = (settings: Settings | undefined): string => (settings ? `: ${settingsText(settings)}` : '');

export const noDataFolder = (folder: string): Diagnostic =>
  wrong(
    'no-data-folder',
    `the folder of the data does not exist: ${quoted(folder)}`,
    'check path in the data of the spec, or name the folder on the command line',
  );

export const noFolder = (role: Role, folder: string): Diagnostic =>
  wrong(
    'no-folder',
    `the folder of the ${role} does not exist: ${quoted(folder)}`,
    'check the path, in the data of the spec or on the command line',
  );

export const notAFolder = (role: Role, folder: string): Diagnostic =>
  wrong(
    'not-a-folder',
    `the path of the ${role} is not a folder: ${quoted(folder)}`,
    'name the folder that holds the files',
  );

export const unreadableFolder = (role: Role, folder: string, reason: string): Diagnostic =>
  wrong('unreadable-folder', `the folder of the ${role} cannot be read: ${quoted(folder)} (${reason})`);

export const emptyFolder = (
  role: Role,
  folder: string,
  endings: readonly string[],
  others: readonly string[],
): Diagnostic =>
  wrong(
    'empty-folder',
    `the folder of the ${role} holds none: ${quoted(folder)}; expected files ending in ${endings.join(', ')}, ` +
      (others.length === 0 ? 'found nothing' : `found ${list(others)}`),
    hintAtEndings(role, others),
  );

function hintAtEndings(role: Role, others: readonly string[]): string | undefined {
  if (others.length === 0) return undefined;
  if (others.every((name) => !/\.\w+$/.test(name)))
    return 'files in folders within the folder are found with: subfolders: true';
  const isMap = role === 'label maps' || role === 'instance maps';
  return isMap ? 'JPEG and WebP alter values, so ids have to be stored as PNG' : undefined;
}

export const filesOfOneStem = (
  role: Role,
  shared: readonly (readonly [stem: string, files: readonly string[]])[],
): Diagnostic => {
  const [[stem, first]] = shared as [readonly [string, readonly string[]]];
  const others = shared
    .slice(1)
    .map(([other, names]) => `${quoted(other)} (${names.map(visible).join(', ')})`);
  return wrong(
    'files-of-one-stem',
    `several ${role} share the name ${quoted(stem)}: ${first.map(visible).join(', ')}` +
      (others.length > 0 ? `; and ${others.length} more names are shared: ${list(others)}` : ''),
    'photo and label map are paired by file name without its ending, so keep one of them',
  );
};

/** Reports entries with picture names that are not regular files. */
export const notRegular = (
  role: Role,
  folder: string,
  found: readonly (readonly [name: string, what: string])[],
): Diagnostic =>
  wrong(
    'not-regular',
    `${found.length} of the names of ${role} in ${quoted(folder)} are not regular files: ${filesWith(found)}`,
    'pictures are read from files, and from links to files; take the others out',
  );

/** Reports two kinds of files in one folder under the same names: photographs and maps, or two kinds of maps. */
export const notToldApart = (
  role: Role,
  other: Role,
  folder: string,
  found: number,
  suffixes: Suffixes | undefined,
): Diagnostic =>
  wrong(
    'not-told-apart',
    `${role} and ${other} lie in one folder, and nothing tells them apart: ${quoted(folder)} has ${found} files ` +
      'ending in .png, which could be either',
    role === 'photos'
      ? `say what their names end with: ${
          suffixes
            ? settingsText({ image_suffix: suffixes.image, label_suffix: suffixes.label })
            : 'image_suffix: "_img", label_suffix: "_mask"'
        }; where each file holds photo and label map side by side, say paired: "photo_left"`
      : 'say what their names end with: label_suffix: "_labels", instance_suffix: "_instances"',
  );

export const noPartner = (
  missing: Role,
  folder: string,
  of: Role,
  stems: readonly string[],
  total: number,
  near: readonly [string, string] | undefined,
): Diagnostic =>
  wrong(
    'no-partner',
    `${stems.length} of ${total} ${of} have no partner among the ${missing} in ${quoted(folder)}: ` +
      list(stems),
    near
      ? `${quoted(near[0])} and ${quoted(near[1])} differ in upper and lower case, or in how accents are written: give them the same name`
      : 'partners have the same file name but for the ending, for example a.jpg and a.png; where their names end differently, ' +
          'say so: image_suffix: "_photo", label_suffix: "_ids"',
  );

/** Warns of names that are equal on case-insensitive file systems. */
export const differInCase = (groups: readonly (readonly string[])[]): Diagnostic =>
  odd(
    'differ-in-case',
    `${groups.length} names of pairs differ from others only in case or in how accents are written: ` +
      list(groups.map((names) => names.map(visible).join(' = '))),
    'on other machines they are one file: rename them',
  );

export const notListed = (
  file: string,
  folder: string,
  lines: readonly (readonly [name: string, line: number])[],
  total: number,
  known: readonly string[],
): Diagnostic =>
  wrong(
    'not-listed',
    `${lines.length} of ${total} names in ${quoted(file)} are not those of label maps in ${quoted(folder)}: ` +
      list(lines.map(([name, line]) => `${visible(name)} (line ${line})`)),
    `name one pair a line, such as ${visible(known[0] ?? 'a')}`,
  );

/** Reports pictures that cannot be decoded for the same reason. */
export const undecodedFiles = (found: readonly Extract<Fault, { kind: 'undecoded' }>[]): Diagnostic => {
  const [{ file, role, why, reason }] = found as [Extract<Fault, { kind: 'undecoded' }>];
  const formats = role === 'photos' || role === 'paired pictures' ? 'JPEG, PNG or WebP' : 'PNG';
  const hints = {
    damaged: 'the file is damaged or cut off; fetch or save it again',
    foreign:
      formats === 'PNG'
        ? 'JPEG and WebP alter values, so ids have to be stored as PNG: take the maps as they were first made'
        : `save it as ${formats}`,
    vast: 'scale it down, or cut it into parts',
    page: standIns.page.fetch,
    pointer: standIns.pointer.fetch,
  };
  return wrong(
    'undecoded-files',
    found.length === 1
      ? `${quoted(file)} cannot be decoded: ${reason}`
      : `${counted(found.length, role)} cannot be decoded: ${filesWith(found.map((one) => [one.file, one.reason]))}`,
    hints[why],
  );
};

/** Reports one such picture. */
export const undecodable = (
  file: string,
  role: Role,
  { why, message: reason }: Pick<PictureError, 'why' | 'message'>,
): Diagnostic => undecodedFiles([{ kind: 'undecoded', file, role, why, reason }]);

export const noPhoto = (place: string): Diagnostic =>
  wrong('no-photo', `there is no photo and no folder of photos at ${quoted(place)}`, 'check the path');

export const folderInUse = (folder: string): Diagnostic =>
  wrong(
    'folder-not-empty',
    `${quoted(folder)} is not empty`,
    'name a new folder: data is made into one of its own',
  );

export const unreadable = (file: string, reason: string): Diagnostic =>
  wrong('unreadable', `${quoted(file)} cannot be read: ${reason}`);

/** Reports files that cannot be read, or are not regular files. */
export const unreadFiles = (found: readonly Extract<Fault, { kind: 'unread' }>[]): Diagnostic =>
  found.length === 1
    ? unreadable(found[0]!.file, found[0]!.reason)
    : wrong(
        'unread-files',
        `${counted(found.length, found[0]!.role)} cannot be read: ` +
          filesWith(found.map(({ file, reason }) => [file, reason])),
      );

const colorText = (color: readonly number[]): string => `(${color.join(', ')})`;
const colorList = (colors: readonly (readonly number[])[]): string => list(colors.map(colorText));

/** Renders the first place of a mistake, and the number of further files with it. */
function andOthers(others: readonly string[], role: Role): string {
  if (others.length === 0) return '';
  const rest = others.length === 1 ? `does 1 more of the ${role}` : `do ${others.length} more of the ${role}`;
  return `; and so ${rest}: ${files(others)}`;
}

/** Reports colors where ids are expected. */
export const coloredMaps = (
  found: readonly Extract<Fault, { kind: 'colored' }>[],
  advice: ColorAdvice | undefined,
): Diagnostic => {
  const [{ file, role, x, y, color }] = found as [Extract<Fault, { kind: 'colored' }>];
  return wrong(
    'colored-maps',
    `${quoted(file)} holds colors where one id a pixel is expected: ${colorText(color)} at x ${x}, y ${y}` +
      andOthers(
        found.slice(1).map((one) => one.file),
        role,
      ),
    role === 'instance maps' ? 'number the instances in grey, 8 or 16 bits' : maskHint(advice),
  );
};

function maskHint(advice: ColorAdvice | undefined): string {
  const grey = 'or take the grey label maps of the data set';
  if (advice?.kind === 'masks')
    return `these are masks in the colors of the classes: say ${settingsText(advice.settings ?? { label_format: 'colors' })}`;
  if (advice?.kind === 'altered') return alteredHint(advice);
  if (advice?.kind === 'mixed') return `other label maps hold ids: take the grey ones for these, too`;
  if (advice?.kind === 'photographs')
    return 'these look like photographs: check whether images and labels are exchanged';
  if (advice?.kind === 'palette' && advice.settings)
    return `this looks like a color mask: say the colors of the classes, in the order of the classes${write(advice.settings)}; ${grey}`;
  const colors =
    advice?.kind === 'palette' && advice.colors.length > 0 ? `; it holds ${colorList(advice.colors)}` : '';
  return `this looks like a color mask: say label_format: "colors" and the colors of the classes${colors}; ${grey}`;
}

/** Reports colors that no class has, with one distance that fits all files. */
export const undeclaredColors = (
  some: readonly Extract<Fault, { kind: 'color' }>[],
  classes: readonly ClassInfo[],
  advice: ColorAdvice | undefined,
): Diagnostic => {
  const [{ file, found }] = some as readonly [Extract<Fault, { kind: 'color' }>];
  const { nearest } = found;
  const pixels = some.reduce((sum, one) => sum + one.found.pixels, 0);
  const total = some.reduce((sum, one) => sum + one.found.total, 0);
  const colors = found.colors.length > 1 ? `, of the colors ${colorList(found.colors)}` : '';
  return wrong(
    'undeclared-colors',
    `${quoted(file)} holds the color ${colorText(found.color)} at x ${found.x}, y ${found.y}, which no class has` +
      andOthers(
        some.slice(1).map((one) => one.file),
        'label maps',
      ) +
      `; ${pixels} of ${total} pixels are wrong${colors}; the nearest of ${classes.length} classes is ` +
      `${visible(nearest.class.name)} ${colorText(nearest.class.color)}, ${Math.ceil(nearest.distance)} away`,
    colorHint(advice),
  );
};

function colorHint(advice: ColorAdvice | undefined): string {
  switch (advice?.kind) {
    case 'altered':
      return alteredHint(advice);
    case 'areas':
      return (
        `whole areas have these colors, so they are no blur: ${list(advice.colors.map(([color, near]) => `${colorText(color)} for ${colorText(near)}`))}. ` +
        'Say the colors that the masks have, in the order of the classes, with one class for each color; or repair the masks. ' +
        `Only where each is meant to be the nearest class, color_distance: ${advice.distance} takes it for that`
      );
    case 'near':
      return (
        `all of these are within ${advice.distance} of a class: colors that were blurred or saved as JPEG are taken for the ` +
        `nearest class with${write(advice.settings)}; blurred borders may then get a class between the two, so masks without blur are better`
      );
    case 'missing':
      return (
        `the masks have ${advice.colors.length === 1 ? 'a color' : 'colors'} that no class has, ${colorList(advice.colors)}: give ` +
        `${advice.colors.length === 1 ? 'it a class of its own' : 'each a class of its own'} (if it stands for pixels without a label, that class is void)` +
        write(advice.settings) +
        (advice.settings === undefined && advice.distance > 0
          ? `; and color_distance: ${advice.distance}`
          : '') +
        '; or repair the mask'
      );
    case 'ids':
      return `all values are small greys, as ids of classes are: read them as ids${write(advice.settings)}`;
    case 'far':
      return 'some colors are farther from those of all classes than blur makes them: repair the masks, or give each color that is meant a class of its own';
    case 'palette':
      return `the maps hold other colors than the classes have, ${colorList(advice.colors)}: say these${write(advice.settings)}`;
    case 'photographs':
      return 'these look like photographs, not like masks: check whether images and labels are exchanged';
    default:
      return 'data check says how far all colors are from those of the classes';
  }
}

/** Says which change was applied to all colors of the maps. */
function alteredHint({ how, settings }: Extract<ColorAdvice, { kind: 'altered' }>): string {
  const what = {
    exchanged: 'red and blue are exchanged, as OpenCV does where pictures are not converted',
    divided: 'all channels are 0 or 1: the colors were divided by 255',
    flagged: 'all channels are 0 or 1: they tell only where the colors have some',
  }[how];
  const repair = {
    exchanged: 'exchange them back',
    divided: 'save them multiplied by 255',
    flagged: 'save the colors themselves',
  }[how];
  return settings
    ? `${what}: say the colors of the classes as the masks have them${write(settings)}; or repair the masks: ${repair}`
    : `${what}, as it seems: repair the masks, ${repair}`;
}

export const sharedColor = (first: ClassInfo, second: ClassInfo): Diagnostic =>
  wrong(
    'shared-color',
    `the classes ${visible(first.name)} and ${visible(second.name)} have the same color (${first.color.join(', ')})`,
    'in masks of colors, each class needs a color of its own',
  );

export const noColor = (file: string, name: string): Diagnostic =>
  wrong(
    'no-color',
    `${quoted(file)}: class ${JSON.stringify(name)} has no color, but label maps hold colors`,
    'give it the color that it has in the masks: "color": [r, g, b]',
  );

/** Reports undeclared values, for all maps that have some. */
export const undeclaredValues = (
  some: readonly { readonly file: string; readonly found: Undeclared }[],
  declared: readonly number[],
  advice: ValueAdvice,
): Diagnostic => {
  const [{ file, found }] = some as [{ file: string; found: Undeclared }];
  const pixels = some.reduce((sum, one) => sum + one.found.pixels, 0);
  const total = some.reduce((sum, one) => sum + one.found.total, 0);
  const values = new Set(some.flatMap((one) => one.found.values));
  return wrong(
    'undeclared-values',
    `${quoted(file)} holds the value ${found.value} at x ${found.x}, y ${found.y}, which is not a declared class` +
      andOthers(
        some.slice(1).map((one) => one.file),
        'label maps',
      ) +
      `; ${pixels} of ${total} pixels are wrong (values ${idRanges(values)}); ` +
      `declared: ${idRanges(declared)} (${declared.length} classes)`,
    valueHint(advice),
  );
};

function valueHint(advice: ValueAdvice): string {
  const { kind, settings } = advice;
  switch (kind) {
    case 'scattered':
    case 'picture':
      return scatterHint(advice);
    case 'binary':
      return (
        `maps of 0 and ${advice.white} alone are masks of black and white: ${advice.white} is a class, not void. Say their colors` +
        (settings ? write(settings) : ': label_format: "colors", and a color for each class')
      );
    case 'greys':
      return (
        `the values are few and far between, ${list(advice.greys.map(String))}: where they stand for the classes in this order, read them by their greys` +
        (settings ? write(settings) : ': label_format: "colors", and a grey for each class')
      );
    case 'from':
      return `ids seem to start at ${advice.first}: say ${settingsText(settings ?? { ids_from: advice.first })}`;
    case 'more':
      return moreHint(advice);
    case 'void':
      return (
        `${advice.values.join(', ')} stands for pixels without a label (void) by custom: ` +
        `say ${settings ? settingsText(settings) : `void: ${advice.values.join(', ')}, and count void as a class`}`
      );
    case 'multiplied':
      return (
        `all values are multiples of ${advice.factor}: ids seem to be multiplied, as programs do that write greys of 16 bits. Save the maps ` +
        `with the ids themselves, in Python: Image.fromarray((values // ${advice.factor}).astype('uint8'))`
      );
    case 'cityscapes':
      return (
        'these look like the ids of all labels of Cityscapes, of which 19 are trained on: ' +
        (settings
          ? `say ${settingsText(settings)}, or take the data as preset: "cityscapes", which says which count`
          : 'take the data as preset: "cityscapes", which names them all and says which count, or take maps of the 19 ids')
      );
    case 'unclear':
      return unclearHint(advice);
    case 'other':
      return 'this may be a grey picture of colors, or an instance map, instead of a map of class ids';
  }
}

/** Explains the alternatives, as nothing decides between them. */
function unclearHint({ values, asVoid, asClasses }: Extract<ValueAdvice, { kind: 'unclear' }>): string {
  const some = list(values.map(String));
  const [it, marks, are] =
    values.length === 1 ? ['it', 'marks', 'is a class'] : ['they', 'mark', 'are classes'];
  const choices = [
    ...(asVoid ? [`if ${some} ${marks} void (unlabelled) pixels, say ${settingsText(asVoid)}`] : []),
    ...(asClasses
      ? [`if ${asVoid ? it : some} ${are}, count all ids up to the last: say ${settingsText(asClasses)}`]
      : []),
  ];
  return choices.length > 0
    ? `${choices.join('; ')}; if not, repair the map`
    : `nothing tells what ${some} ${values.length === 1 ? 'stands' : 'stand'} for: repair the map, or take maps of the ids of the classes`;
}

/** All values are classes, unless 0 or the last one is void: only the user's names can decide. */
function moreHint(advice: Extract<ValueAdvice, { kind: 'more' }>): string {
  const { last, isVoidUncounted, isNamedFrom1, other, unknownLast, settings } = advice;
  if (!settings)
    return `ids go up to ${last}, so there are more classes: count them, and name them where names are given`;
  const unknown0 = 'where 0 stands for pixels without a label';
  if (isNamedFrom1)
    return (
      `ids from 1 on are as many as names: ${unknown0}, say ${settingsText(settings)}` +
      (other
        ? `; where 0 is a class like the others, say ${settingsText(other)}, the missing name in its place`
        : '')
    );
  return (
    (isVoidUncounted
      ? `void is a class of its own, and has to be counted: say ${settingsText(settings)}`
      : `ids go up to ${last}, so there are more classes: say ${settingsText(settings)}`) +
    (other ? `; ${unknown0}, say instead ${settingsText(other)}` : '') +
    (unknownLast ? `; where ${last} does, say instead ${settingsText(unknownLast)}` : '')
  );
}

function scatterHint(advice: ValueAdvice): string {
  if (advice.kind !== 'scattered')
    return 'hardly two neighboring pixels are equal: this is a grey photograph, or an instance map, instead of a map of class ids';
  return (
    `values scatter around a few ids (${idRanges(advice.peaks)}), as JPEG or smooth scaling leave them: take the maps as they were first ` +
    `made${advice.settings ? `; or take each value for the nearest of these${write(advice.settings)}` : ''}`
  );
}

/** Warns of values that are declared, but lie like noise rather than areas. */
export const valuesScatter = ({ values }: Tally, advice: ValueAdvice): Diagnostic =>
  odd(
    'values-scatter',
    advice.kind === 'scattered'
      ? `values of label maps scatter around a few ids: ${values.size} values, of which ${advice.peaks.length} fill areas`
      : `label maps look like pictures: they have ${values.size} values, and none fills areas`,
    scatterHint(advice),
  );

/** Reports pairs of different shapes; `orientation` is the setting under which they agree, if there is one. */
export const differentShapes = (
  found: readonly { readonly first: Sized; readonly second: Sized }[],
  orientation: 'exif' | 'stored' | undefined,
): Diagnostic => {
  const [{ first, second }] = found as [{ first: Sized; second: Sized }];
  const others = found.slice(1).map(({ first: one, second: two }): readonly [string, string] => {
    return [one.file, `${one.width}x${one.height}, its partner ${two.width}x${two.height}`];
  });
  const isTurned = found.every(({ first: a, second: b }) => a.width * b.width === a.height * b.height);
  return wrong(
    'different-shapes',
    `a pair differs in shape: ${quoted(first.file)} is ${first.width}x${first.height}, ` +
      `${quoted(second.file)} is ${second.width}x${second.height} (width x height)` +
      (others.length > 0
        ? `; and so ${others.length === 1 ? 'does 1 more' : `do ${others.length} more`}: ${filesWith(others)}`
        : ''),
    orientation === undefined
      ? 'both have to show the same view; sizes may differ only if width : height is the same' +
          (isTurned ? '; one of the two seems to be turned by 90 degrees' : '')
      : orientation === 'exif'
        ? `photos have an orientation tag (EXIF), and fit once they are turned by it${write({ orientation })}`
        : `they fit as they are stored, not turned by their orientation tags (EXIF)${write({ orientation })}`,
  );
};

/** What a camera's orientation tag says, by its number. */
const orientations: Readonly<Record<number, string>> = {
  2: 'mirrored',
  3: 'turned by 180 degrees',
  4: 'mirrored upside down',
  5: 'mirrored and turned',
  6: 'turned right by 90 degrees',
  7: 'mirrored and turned',
  8: 'turned left by 90 degrees',
};

/** Warns of orientation tags; `orientation` is the setting that shapes require, if they do. */
export const orientationTags = (
  role: Role,
  notes: readonly Extract<Note, { kind: 'orientation' }>[],
  orientation: 'exif' | 'stored' | undefined,
): Diagnostic =>
  odd(
    'orientation-tags',
    `${counted(notes.length, role)} ${have(notes)} an EXIF orientation tag, by which viewers turn pictures; ` +
      `${notes.length === 1 ? 'it is' : 'they are'} taken as stored: ` +
      filesWith(
        notes.map(({ file, orientation: tag }) => [
          file,
          `Orientation ${tag}: ${orientations[tag] ?? 'unknown'}`,
        ]),
      ),
    orientation === 'stored'
      ? 'label maps fit the pictures as stored; to say so, write orientation: "stored"'
      : 'where label maps were drawn on what viewers show, turn the pictures: orientation: "exif"; where on the stored pixels, say ' +
          'orientation: "stored"',
  );

const have = (some: readonly unknown[]): string => (some.length === 1 ? 'has' : 'have');

/** Warns of animations and pages. */
export const severalFrames = (role: Role, notes: readonly Extract<Note, { kind: 'frames' }>[]): Diagnostic =>
  odd(
    'several-frames',
    `${counted(notes.length, role)} ${notes.length === 1 ? 'holds' : 'hold'} several pictures, of which only the first is read: ` +
      filesWith(notes.map(({ file, frames }) => [file, `${frames} pictures`])),
    'save each picture that is to be read as a file of its own',
  );

/** Warns of files whose format differs from their ending. */
export const otherFormats = (role: Role, notes: readonly Extract<Note, { kind: 'ending' }>[]): Diagnostic =>
  odd(
    'other-formats',
    `${counted(notes.length, role)} ${notes.length === 1 ? 'is' : 'are'} of another format than the ending of the name says: ` +
      filesWith(notes.map(({ file, format }) => [file, format])),
    role === 'photos'
      ? 'they are read all the same; rename them'
      : 'JPEG and WebP alter colors: take the maps as they were first made, or rename them',
  );

/** Warns of files that the decoder complains about. */
export const doubtfulFiles = (
  role: Role,
  notes: readonly Extract<Note, { kind: 'doubtful' }>[],
): Diagnostic =>
  odd(
    'doubtful-files',
    `${counted(notes.length, role)} can be decoded, but ${notes.length === 1 ? 'seems' : 'seem'} damaged: ` +
      filesWith(notes.map(({ file, reason }) => [file, reason])),
    'look at them: parts may be grey or shifted; fetch or save them again',
  );

/** Warns of photographs with a gamma of their own. */
export const gammaIgnored = (role: Role, notes: readonly Extract<Note, { kind: 'gamma' }>[]): Diagnostic =>
  odd(
    'gamma-ignored',
    `${counted(notes.length, role)} ${have(notes)} a gamma of their own (gAMA), which is not applied: ` +
      filesWith(notes.map(({ file, gamma }) => [file, `gamma ${gamma}`])),
    'networks see them brighter or darker than viewers show them; save them as sRGB',
  );

/** Warns of id maps whose palettes give one index different colors. */
export const palettesDiffer = (found: readonly string[]): Diagnostic =>
  odd(
    'palettes-differ',
    `the palettes of ${counted(found.length, 'label maps')} give indices other colors than the maps before: ${files(found)}`,
    'the indices are read as ids; where the colors tell the classes, say label_format: "colors" and the colors of the classes',
  );

/** Warnings that only name files. */
export const plainNotes = {
  transparent: (role: Role, found: readonly string[]): Diagnostic =>
    odd(
      'transparent',
      `${counted(found.length, role)} ${have(found)} transparent pixels, which are read as if they were not: ${files(found)}`,
      role === 'photos' || role === 'paired pictures'
        ? 'what lies under the transparency is trained on, often black; flatten the pictures first'
        : 'where they stand for pixels without a label, give these a value of their own, and say it: void',
    ),
  cmyk: (role: Role, found: readonly string[]): Diagnostic =>
    odd(
      'cmyk',
      `${counted(found.length, role)} ${found.length === 1 ? 'is' : 'are'} in CMYK, the colors of printing: ${files(found)}`,
      'they are converted to RGB, and may look other than in a viewer; save them as RGB',
    ),
  dark: (role: Role, found: readonly string[]): Diagnostic =>
    odd(
      'dark',
      `${counted(found.length, role)} of 16 bits ${found.length === 1 ? 'is' : 'are'} nearly black: ${files(found)}`,
      'values of 10 or 12 bits in a file of 16 are; scale them to the whole range first',
    ),
  deepColors: (_role: Role, found: readonly string[]): Diagnostic =>
    odd(
      'deep-colors',
      `${counted(found.length, 'label maps')} ${have(found)} colors of 16 bits, of which the upper 8 are read: ${files(found)}`,
      'save masks of colors with 8 bits',
    ),
  greyPalette: (_role: Role, found: readonly string[]): Diagnostic =>
    odd(
      'grey-palette',
      `the palettes of ${counted(found.length, 'label maps')} hold greys which are ids of other classes than their indices: ${files(found)}`,
      'the indices are read as ids; programs that make PNG files smaller turn grey maps into palettes, and then the greys are the ids: ' +
        'save the maps as grey PNG',
    ),
} as const;

export const noClassesFile = (file: string, reason: string): Diagnostic =>
  wrong(
    'no-classes-file',
    `the classes cannot be read from ${quoted(file)}: ${visible(reason)}`,
    CLASSES_EXAMPLE,
  );

export const classesNotJson = (file: string, reason: string): Diagnostic =>
  wrong('classes-not-json', `${quoted(file)} is not valid JSON: ${visible(reason)}`, CLASSES_EXAMPLE);

export const noClassList = (file: string): Diagnostic =>
  wrong('no-class-list', `${quoted(file)} has no list "classes" with at least one class`, CLASSES_EXAMPLE);

export const badClass = (file: string, position: number, what: string, found: unknown): Diagnostic =>
  wrong(
    'bad-class',
    `${quoted(file)}: class ${position + 1} of the list ${what}, found ${JSON.stringify(found) ?? 'nothing'}`,
  );

export const repeatedClass = (file: string, what: 'id' | 'name', value: number | string): Diagnostic =>
  wrong('repeated-class', `${quoted(file)}: two classes have the ${what} ${JSON.stringify(value)}`);

const CLASSES_EXAMPLE =
  'expected {"classes": [{"id": 0, "name": "sky", "color": [128, 128, 128]}, ...]}; color is optional';

/** Files with equal bytes: their names, in the order of the splits. */
export type Repeats = readonly (readonly string[])[];

const repeated = (repeats: Repeats): string => list(repeats.map((names) => names.map(visible).join(' = ')));

export const photosInBothSplits = (repeats: Repeats): Diagnostic =>
  odd(
    'photos-in-both-splits',
    `${repeats.length} ${repeats.length === 1 ? 'photo is' : 'photos are'} in both splits: ${repeated(repeats)}`,
    'what training has seen tests nothing: take them out of one of the two',
  );

export const photosRepeated = (split: string, repeats: Repeats): Diagnostic =>
  odd(
    'photos-repeated',
    `${repeats.length} photos of ${split} come more than once: ${repeated(repeats)}`,
    'each copy counts in training; keep one of them',
  );

export const mapsInBothSplits = (repeats: Repeats): Diagnostic =>
  odd(
    'maps-in-both-splits',
    `${repeats.length} label maps are in both splits, under different photos: ${repeated(repeats)}`,
    'look whether they belong to these photos',
  );

export const classesAbsent = (names: readonly string[], total: number): Diagnostic =>
  odd(
    'classes-absent',
    `${names.length} of ${total} classes are in no training map: ${list(names)}`,
    'networks learn nothing of them; check ids_from and the order of the classes, or leave them out',
  );

export const classesOnlyTested = (names: readonly string[]): Diagnostic =>
  odd(
    'classes-only-tested',
    `${names.length} classes are in test maps, but in no training map: ${list(names)}`,
  );

export const enlarged = (split: string, count: number, total: number, size: string): Diagnostic =>
  odd(
    'enlarged',
    `${count} of ${total} photos of ${split} are smaller than ${size} and will be enlarged`,
    'choose a smaller size in the spec, or larger photos',
  );

export const stretched = (split: string, count: number, total: number, size: string): Diagnostic =>
  odd(
    'stretched',
    `${count} of ${total} photos of ${split} differ in width : height from ${size} and will be stretched or squeezed`,
    'choose a size of the same shape, or crop the pictures first',
  );

export const nothingHeldOut = (): Diagnostic =>
  odd(
    'nothing-held-out',
    'nothing is held out: samples and metrics would be of what training sees',
    'add test_images and test_labels, or list and test_list',
  );
