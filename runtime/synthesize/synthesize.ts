/** Paints a folder of label maps with the spec and weights of a run. */
import { realpathSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { must } from '../../dsl/errors.ts';
import { encodedInputs, generatorOf } from '../../compiler/format/queries.ts';
import { openDataset } from '../data/dataset.ts';
import { mapsWithin } from '../data/pairs.ts';
import { openPhotos, type Photos } from '../data/photos.ts';
import type { Pair } from '../data/pair.ts';
import { chooseEngine, type EngineRequest } from '../engine/choose.ts';
import { writePicture } from '../report/picture.ts';
import { writeSynthPage, type SynthItem } from './page.ts';
import { loadBestCheckpoint, loadLastCheckpoint, restore } from '../run/checkpoint.ts';
import { classesOf, readingOf } from '../run/data.ts';
import { whileComputing } from '../session/computing.ts';
import { describeLibrary, openSession } from '../session/open.ts';
import { readRunFolder } from '../run/folder.ts';
import { whileWritingAsync } from '../base/files.ts';
import {
  instancesMissing,
  mapsNotSearched,
  nothingPaints,
  nothingToTrain,
  noStyleTaken,
  resized,
  stylesMissing,
  styleNeeded,
  wouldOverwrite,
} from '../run/messages.ts';
import { claimOutputs, freeName, readOutputs, type PlannedOutputs } from '../run/outputs.ts';
import { needsPhoto, paint } from './paint.ts';
import { openPainting } from './painting.ts';
import { makeRow, writeRows, type Row } from './preview-grid.ts';
import { readFrozenWeights } from '../run/weights.ts';

export interface SynthOptions {
  /** The folder of the run. */
  readonly run: string;
  /** The checkpoint to paint with: the last one (default) or the best one. */
  readonly checkpoint?: 'last' | 'best' | undefined;
  /** Folder of label maps, PNG, of any size. */
  readonly labels: string;
  /** Folder of instance maps, for runs that were trained with them. */
  readonly instances?: string | undefined;
  /** Folder of photos to show beside the pictures, and to encode if the generator needs photos. */
  readonly images?: string | undefined;
  /** The style photo for all maps, or a folder with one of the same name for each map. */
  readonly style?: string | undefined;
  readonly out: string;
  readonly engine?: EngineRequest | undefined;
  readonly command: string;
  readonly log?: (line: string) => void;
  /** Is called before the first map and after each. */
  readonly painted?: (done: number, total: number) => void;
}

export interface SynthResult {
  readonly page: string;
  /** The painted files, in order. */
  readonly pictures: readonly string[];
  readonly secondsPerPicture: number;
}

/** The most rows of the grid: viewers fail on larger pictures. */
const gridRows = 12;

/**
 * Paints every label map of a folder into `out/<name>.png`, with a page and a grid beside them, which are renamed if a
 * map has their name. Throws a SpadeworkError for unusable maps, for a run without a complete checkpoint, and if `out`
 * cannot be written or holds files that would be overwritten.
 */
export async function synth(options: SynthOptions): Promise<SynthResult> {
  const log = options.log ?? (() => undefined);
  const { layout, spec, record } = readRunFolder(options.run);
  refuseToOverwrite(options);
  if (!spec.data) throw nothingToTrain(spec.name);
  const generator = generatorOf(spec);
  if (!generator) throw nothingPaints(spec.name);
  if (options.style !== undefined && encodedInputs(generator).length === 0) throw noStyleTaken(spec.name);
  if (options.style === undefined && options.images === undefined && needsPhoto(generator))
    throw styleNeeded(spec.name);
  if (spec.data.instances !== undefined && options.instances === undefined) throw instancesMissing(spec.name);
  const checkpoint =
    options.checkpoint === 'best'
      ? await loadBestCheckpoint(layout.checkpoints, options.run)
      : await loadLastCheckpoint(layout.checkpoints, options.run);
  const weights = await readFrozenWeights(layout, spec);
  const { size } = spec.data;
  const reading = readingOf(spec.data, record.data?.classes ?? classesOf(spec.data));
  const styles = options.style === undefined ? undefined : await openPhotos(options.style, size, reading);
  const { subfolders } = spec.data;
  const dataset = await openDataset({
    folders: { images: options.images, labels: options.labels, instances: options.instances, subfolders },
    ...reading,
    photoHalf: undefined, // maps to paint are files of their own
  });
  try {
    await dataset.check();
    if (styles) requireStyles(styles, dataset.pairs);
    const others = await countOtherSizes(dataset.pairs, size);
    if (others > 0) log(resized(others, dataset.pairs.length, size));
    const within = await mapsWithin(options.labels);
    if (within.size > 0 && !subfolders) log(mapsNotSearched(options.labels, within));
    const files = planFiles(options, dataset.pairs);
    await claimOutputs(options.out, files.outputs);
    const engine = await chooseEngine(options.engine ?? 'auto', log);
    const session = await openPainting((program) => openSession(engine, program), spec, record);
    try {
      await restore(session, checkpoint, weights);
      const { items } = files;
      const grid: Row[] = [];
      let seconds = 0;
      options.painted?.(0, dataset.pairs.length);
      for (let index = 0; index < dataset.pairs.length; index++) {
        const sample = await dataset.read(index);
        const style = await styles?.read(sample.name);
        const start = performance.now();
        const [painted] = await whileComputing(() =>
          paint({ session, generator, seed: record.seed }, [{ ...sample, style }]),
        );
        seconds += (performance.now() - start) / 1000;
        const row = makeRow(
          sample,
          must(painted, 'a label map was given for each picture'),
          size,
          dataset.classes,
        );
        const item = must(files.items[index], 'every map has its files');
        await whileWritingAsync(options.out, () => writeRow(options.out, item, row));
        if (grid.length < gridRows) grid.push(row);
        options.painted?.(index + 1, dataset.pairs.length);
      }
      const secondsPerPicture = seconds / Math.max(1, dataset.pairs.length);
      const page = await whileWritingAsync(options.out, async () => {
        await writeRows(join(options.out, files.grid), grid);
        const facts = {
          title: `Painted by ${record.experiment ?? spec.name}`,
          classes: dataset.classes,
          size,
          facts: [
            { name: 'Run', value: options.run },
            { name: 'Trained for', value: `${checkpoint.state.step} steps` },
            { name: 'Style', value: options.style },
            { name: 'Size', value: `${size.width} × ${size.height}` },
            { name: 'Time per picture', value: `${(1000 * secondsPerPicture).toFixed(0)} ms` },
            { name: 'Engine', value: `${engine.kind}, ${describeLibrary(engine)}` },
          ],
          command: options.command,
        };
        return writeSynthPage(options.out, items, facts, files.page);
      });
      return { page, pictures: items.map(({ painted }) => join(options.out, painted)), secondsPerPicture };
    } finally {
      await session.dispose();
    }
  } finally {
    await dataset.close();
  }
}

/** Keeps pictures from replacing their inputs, and from being read as inputs the next time. */
function refuseToOverwrite({ out, labels, images, instances, style }: SynthOptions): void {
  const written = ['.', 'labels', 'photos'].map((folder) => realPlace(join(out, folder)));
  // A style may be one file: its folder must not be written to.
  const styleFolder = style !== undefined && extname(style) !== '' ? dirname(style) : style;
  for (const read of [labels, images, instances, styleFolder])
    if (read !== undefined && written.includes(realPlace(read))) throw wouldOverwrite(read, out);
}

/** Resolves links in the existing part of a folder's path. */
function realPlace(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

/** Names all files of a synthesis: pictures keep the user's names, and our own files are renamed on a conflict. */
export function planFiles(
  { out }: Pick<SynthOptions, 'out'>,
  pairs: readonly Pick<Pair, 'name' | 'image'>[],
): {
  readonly outputs: PlannedOutputs;
  readonly items: readonly SynthItem[];
  readonly grid: string;
  readonly page: string;
} {
  const paintings = pairs.map(({ name }) => `${name}.png`);
  // Pictures of an earlier synthesis belong to the user, except those in our folders.
  const taken = [...readOutputs(out).named, ...paintings];
  const [labels, photos] = [freeName('labels', taken), freeName('photos', taken)];
  const items = pairs.map(({ name, image }): SynthItem => ({
    name,
    painted: `${name}.png`,
    label: `${labels}/${name}.png`,
    ...(image !== undefined && { photo: `${photos}/${name}.png` }),
  }));
  const [grid, page] = [freeName('grid.png', taken), freeName('index.html', taken)];
  const beside = items.flatMap(({ label, photo }) => (photo === undefined ? [label] : [label, photo]));
  return {
    outputs: { named: paintings, own: [grid, page, ...beside], folders: [labels, photos] },
    items,
    grid,
    page,
  };
}

/** Requires a style photo for every map. */
function requireStyles(styles: Photos, pairs: readonly Pair[]): void {
  const without = pairs.map(({ name }) => name).filter((name) => !styles.has(name));
  if (without.length > 0) throw stylesMissing(styles.place, without, pairs.length);
}

async function countOtherSizes(
  pairs: readonly Pair[],
  { width, height }: { readonly width: number; readonly height: number },
): Promise<number> {
  let count = 0;
  for (const { label } of pairs) {
    const found = await sharp(label).metadata();
    if (found.width !== width || found.height !== height) count++;
  }
  return count;
}

/** Writes a painted picture, and the pictures shown beside it. */
async function writeRow(out: string, item: SynthItem, row: Row): Promise<void> {
  await writePicture(join(out, item.painted), row.painted);
  await writePicture(join(out, item.label), row.label);
  if (row.photo && item.photo !== undefined) await writePicture(join(out, item.photo), row.photo);
}
