/** Opens the data of a spec: its folders, classes and label encoding. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { classOfValue, labelValues, lastClassIsVoid } from '../../compiler/format/labels.ts';
import { scaleSize } from '../../compiler/format/queries.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { dataError, noColor, noDataFolder, sharedColor } from '../data/messages.ts';
import { openDataset, type Dataset, type DatasetOptions } from '../data/dataset.ts';
import { readLegend, withColors } from '../data/classes.ts';
import type { ClassInfo, Color, PartialClass } from '../data/class-info.ts';
import type { Augmentation } from '../data/augment.ts';
import type { DatasetFolders } from '../data/pair.ts';
import type { LabelCoding } from '../data/coding.ts';
import { legendOutOfRange } from './messages.ts';

/** Gives the classes of a data set: from its legend, its list of names, or numbered. Throws a SpadeworkError. */
export function classesOf(data: DataSpec): ClassInfo[] {
  const known = data.legend === undefined ? listedClasses(data) : legendClasses(data, data.legend);
  const last = data.classes - 1;
  if (!lastClassIsVoid(data) || known.some(({ id }) => id === last)) return withColors(known);
  const file = join(data.path, data.legend ?? '');
  if (data.label_format === 'colors') throw dataError(noColor(file, voidName));
  return withColors([...known, { id: last, name: voidName, color: undefined }]);
}

/** The name of the void class, if it has none. */
const voidName = 'void';

function listedClasses({ names, colors, classes }: DataSpec): PartialClass[] {
  const count = names?.length ?? colors?.length ?? classes;
  return Array.from({ length: count }, (_, id) => {
    const color = colors?.[id] as Color | undefined;
    return { id, name: names?.[id] ?? `class ${id}`, color };
  });
}

/** Reads a legend, whose ids are values of label maps. */
function legendClasses(data: DataSpec, legend: string): PartialClass[] {
  const file = join(data.path, legend);
  const classes = readLegend(file);
  if (data.label_format === 'colors') {
    const colorless = classes.find(({ color }) => color === undefined);
    if (colorless) throw dataError(noColor(file, colorless.name));
  }
  return classes.map(({ id: value, ...rest }) => {
    const id = classOfValue(data, value);
    if (id === undefined) throw legendOutOfRange(file, value, data);
    return { ...rest, id };
  });
}

/** Gives the encoding of a data set's label maps. Throws a SpadeworkError if two classes have one color. */
export function codingOf(data: DataSpec, classes: readonly ClassInfo[]): LabelCoding {
  const declared = new Set(classes.map(({ id }) => id));
  const values = labelValues(data).filter(([, id]) => declared.has(id));
  if (data.label_format !== 'colors') return { values };
  const byColor = new Map<string, ClassInfo>();
  for (const one of classes) {
    const other = byColor.get(one.color.join());
    if (other) throw dataError(sharedColor(other, one));
    byColor.set(one.color.join(), one);
  }
  return { values, colors: { classes, distance: data.color_distance ?? 0 } };
}

/** Gives the augmentation of training samples. */
export function augmentationOf(data: DataSpec): Augmentation {
  const { augment, crop_from: from, scale, jitter } = data;
  const isCropped = from !== undefined || scale !== undefined;
  return {
    flip: augment?.includes('flip') ?? false,
    crop: isCropped ? { from: from ?? data.size, scale: rangeOf(scale) } : undefined,
    jitter: jitter as Augmentation['jitter'],
  };
}

const rangeOf = (scale: readonly number[] | undefined): readonly [number, number] => [
  scale?.[0] ?? 1,
  scale?.[1] ?? 1,
];

/** The splits of a data set: training and held-out pairs. */
export type SplitName = 'train' | 'test';

/** Gives the folders of each split of a spec's data. */
export function foldersOf(data: DataSpec): {
  readonly train: DatasetFolders;
  readonly test?: DatasetFolders;
} {
  const { images, labels, instances, list } = data;
  const { test_images, test_labels, test_instances, test_list } = data;
  // If all pairs are in one folder and only the test pairs are listed, training uses the others.
  const except = list === undefined && test_labels === labels ? test_list : undefined;
  return {
    train: placesOf(data, { images, labels, instances, list, except }),
    ...(test_labels !== undefined && {
      test: placesOf(data, {
        images: test_images,
        labels: test_labels,
        instances: test_instances,
        list: test_list,
        except: undefined,
      }),
    }),
  };
}

/** Opens the training pairs of a spec's data; paths in it are absolute or relative to the working folder. */
export function openTrainingData(data: DataSpec): Promise<Dataset> {
  return open(data, foldersOf(data).train, storedSize(data, 'train'));
}

/** Gives the size at which pictures of a split are decoded. */
export function storedSize(data: DataSpec, split: SplitName): DataSpec['size'] {
  // The largest size that crops are taken from; smaller ones are scaled from it.
  return split === 'train' ? scaleSize(data.crop_from ?? data.size, rangeOf(data.scale)[1]) : data.size;
}

/** Opens the held-out maps of a spec's data, with photos if it names them; undefined if it has no held-out maps. */
export function openTestData(data: DataSpec): Promise<Dataset> | undefined {
  const { test } = foldersOf(data);
  return test && open(data, test, storedSize(data, 'test'));
}

/** Gives the options of reading that a spec sets for all its data, in any folder. */
export function readingOf(
  data: DataSpec,
  classes: readonly ClassInfo[],
): Pick<DatasetOptions, 'classes' | 'said' | 'photoHalf' | 'isTurned' | 'size'> & {
  readonly coding: LabelCoding;
} {
  const photoHalf = data.paired && (data.paired === 'photo_left' ? 'left' : 'right');
  const isTurned = data.orientation && data.orientation === 'exif';
  return { classes, said: data, coding: codingOf(data, classes), photoHalf, isTurned, size: data.size };
}

interface Folders {
  readonly images: string | undefined;
  readonly labels: string;
  readonly instances: string | undefined;
  readonly list: string | undefined;
  readonly except: string | undefined;
}

/**
 * Requires the folder that contains all others of the data, rather than reporting each of them. Throws a
 * SpadeworkError.
 */
export function requireDataFolder({ path }: DataSpec): void {
  if (!existsSync(path)) throw dataError(noDataFolder(path));
}

async function open(data: DataSpec, folders: DatasetFolders, stored: DataSpec['size']): Promise<Dataset> {
  requireDataFolder(data);
  return openDataset({ ...readingOf(data, classesOf(data)), folders, stored });
}

/** Gives the file locations of a split. */
function placesOf(data: DataSpec, { images, labels, instances, list, except }: Folders): DatasetFolders {
  const below = (place: string | undefined): string | undefined =>
    place === undefined ? undefined : join(data.path, place);
  return {
    images: below(images),
    labels: join(data.path, labels),
    isPaired: data.paired !== undefined,
    instances: below(instances),
    list: below(list),
    except: below(except),
    subfolders: data.subfolders,
    suffixes: {
      images: data.image_suffix,
      labels: data.label_suffix,
      instances: data.instance_suffix,
    },
  };
}
