/** Answers for opening the data that a spec names: folders, classes, and the maps that samples are painted for. */
import { join } from 'node:path';
import type { DataSpec } from '../../compiler/spec/types.ts';
import { numberedClasses, openDataset, readClasses, type ClassInfo, type Dataset } from '../data/index.ts';
import { legendOutOfRange } from './messages.ts';

/** Gives the classes of a data set: those of its legend, else numbered ones. Throws a DataError or RunError. */
export function classesOf(data: DataSpec): ClassInfo[] {
  if (data.legend === undefined) return numberedClasses(data.classes);
  const file = join(data.path, data.legend);
  const classes = readClasses(file);
  const outside = classes.find(({ id }) => id >= data.classes);
  if (outside) throw legendOutOfRange(file, outside.id, data.classes);
  return classes;
}

/** Opens the training pairs of a spec's data; paths in it are absolute or relative to the working folder. */
export function openTrainingData(data: DataSpec): Promise<Dataset> {
  const { images, labels, instances } = data;
  return open(data, { images, labels, instances });
}

/** Opens the held-out maps of a spec's data, with photos where it names them; undefined where it names no maps. */
export function openTestData(data: DataSpec): Promise<Dataset> | undefined {
  const { test_images: images, test_labels: labels, test_instances: instances } = data;
  return labels === undefined ? undefined : open(data, { images, labels, instances });
}

function open(
  data: DataSpec,
  folders: { images: string | undefined; labels: string; instances: string | undefined },
): Promise<Dataset> {
  const below = (folder: string | undefined): string | undefined =>
    folder === undefined ? undefined : join(data.path, folder);
  return openDataset({
    folders: {
      images: below(folders.images),
      labels: join(data.path, folders.labels),
      instances: below(folders.instances),
    },
    classes: classesOf(data),
    size: data.size,
  });
}
