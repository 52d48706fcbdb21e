/** Opens the held-out maps and photographs that a run is evaluated on. */
import { must } from '../../dsl/errors.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { openDataset, type Dataset, type Sample } from '../data/dataset.ts';
import type { Pair } from '../data/pair.ts';
import { classesOf, openTestData, readingOf } from '../run/data.ts';
import { instancesMissing } from '../run/messages.ts';
import { nothingHeldOut } from './messages.ts';
import type { EvaluateOptions } from './options.ts';

/** Held-out pairs: all, or the first ones. */
export interface HeldOut {
  readonly pairs: readonly Pair[];
  /** Whether there are photographs. */
  readonly hasPhotos: boolean;
  /** Reads the samples of a range of maps. */
  read(from: number, to: number): Promise<Sample[]>;
  close(): Promise<void>;
}

/** Opens and checks the held-out pictures of a run's data, or those of given folders. Throws a SpadeworkError. */
export async function openHeldOut(
  data: DataSpec,
  name: string,
  { maps, images, instances, limit }: EvaluateOptions,
): Promise<HeldOut> {
  const dataset = await openFolders(data, name, { maps, images, instances });
  try {
    await dataset.check();
  } catch (error) {
    await dataset.close();
    throw error;
  }
  const pairs = dataset.pairs.slice(0, limit);
  return {
    pairs,
    hasPhotos: must(pairs[0], 'a data set is not empty').image !== undefined,
    read: (from, to) => Promise.all(pairs.slice(from, to).map((_, index) => dataset.read(from + index))),
    close: () => dataset.close(),
  };
}

async function openFolders(
  data: DataSpec,
  name: string,
  { maps, images, instances }: Pick<EvaluateOptions, 'maps' | 'images' | 'instances'>,
): Promise<Dataset> {
  if (maps === undefined) {
    const found = await openTestData(images === undefined ? data : { ...data, test_images: images });
    if (!found) throw nothingHeldOut(name);
    return found;
  }
  if (data.instances !== undefined && instances === undefined) throw instancesMissing(name);
  return openDataset({
    folders: { images, labels: maps, instances },
    ...readingOf(data, classesOf(data)),
    photoHalf: undefined, // requested maps are separate files
  });
}
