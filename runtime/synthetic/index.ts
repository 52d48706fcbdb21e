/** Makes synthetic data sets: any number of pairs, of any size, equal for equal seeds. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { RandomStream } from '../../compiler/ir/random.ts';
import type { Size } from '../data/maps.ts';
import { dataError, folderInUse } from '../data/messages.ts';
import { writeWhole } from '../base/files.ts';
import type { MadeSample, Maker } from './canvas.ts';
import { shapesMaker } from './shapes.ts';
import { streetsMaker } from './streets.ts';

/** The kinds of data sets. */
export type Kind = 'shapes' | 'streets';

/** The data set to make. */
export interface MakeOptions {
  readonly kind: Kind;
  readonly folder: string;
  /** The number of pairs, a fifth of which is held out. */
  readonly count: number;
  readonly size: Size;
  /** The number of classes of shapes, including the ground; streets have fixed classes. */
  readonly classes: number;
  readonly seed: number;
}

/** The data set made. */
export interface Made {
  readonly train: number;
  readonly test: number;
  readonly classes: number;
}

/** The share of held-out pairs. */
const heldOut = 0.2;

/** Makes one sample: a pure function of its arguments, independent of other samples. */
export function makeSample(maker: Maker, split: string, index: number, size: Size, seed: number): MadeSample {
  return maker.make(new RandomStream(seed, `${split} picture ${index}`), size);
}

/** Gives the maker of a kind of data set. */
export function makerOf(kind: Kind, classes: number): Maker {
  return kind === 'shapes' ? shapesMaker(classes) : streetsMaker();
}

/** Makes a data set in a new or empty folder. Throws a SpadeworkError if the folder is not empty. */
export async function makeData(
  { kind, folder, count, size, classes, seed }: MakeOptions,
  report?: (done: number, total: number) => void,
): Promise<Made> {
  const place = resolve(folder); // an empty text means the working folder, as in path joins
  if (existsSync(place) && readdirSync(place).length > 0) throw dataError(folderInUse(folder));
  const maker = makerOf(kind, classes);
  const test = Math.max(1, Math.round(heldOut * count));
  const splits = { train: Math.max(1, count - test), test };
  const digits = String(count).length;
  let done = 0;
  for (const [split, pairs] of Object.entries(splits))
    for (let index = 0; index < pairs; index++) {
      const name = String(index).padStart(digits, '0');
      await writeSample(join(folder, split), name, makeSample(maker, split, index, size, seed));
      report?.(++done, splits.train + splits.test);
    }
  await writeWhole(join(folder, 'classes.json'), `${JSON.stringify({ classes: maker.classes }, null, 1)}\n`);
  return { ...splits, classes: maker.classes.length };
}

async function writeSample(folder: string, name: string, sample: MadeSample): Promise<void> {
  const { width, height, photo, labels, instances } = sample;
  const one = { raw: { width, height, channels: 1 } } as const;
  const files = {
    [`images/${name}.jpg`]: sharp(photo, { raw: { width, height, channels: 3 } }).jpeg({
      quality: 93,
      chromaSubsampling: '4:4:4',
    }),
    [`labels/${name}.png`]: sharp(labels, one).toColourspace('b-w').png(),
    [`instances/${name}.png`]: sharp(instances, one).toColourspace('grey16').png(),
  };
  for (const [file, image] of Object.entries(files))
    await writeWhole(join(folder, file), await image.toBuffer());
}
