/**
 * Collects the pictures of a comparison: chooses label maps, and copies the pictures that each cell generated of them.
 */
import { isForUser } from '../../dsl/errors.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import type { DataSpec } from '../../compiler/format/types.ts';
import { evenly } from '../data/order.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Metric } from '../evaluate/record.ts';
import { colorize, fromFloat, type Picture } from '../report/pixels.ts';
import { readSamples } from '../run/records.ts';
import { openTestData } from '../run/data.ts';
import { damagedRunFile } from '../run/messages.ts';
import { overSeeds } from './measures.ts';
import { dataGone } from './messages.ts';
import type { Cell, ComparedRun, Comparison, Note } from './types.ts';
import { writeWhole } from '../base/files.ts';

export interface PictureOptions {
  /** The most maps shown side by side. */
  readonly maxMaps: number;
  /** The number of failure cases shown per cell. */
  readonly failures: number;
  /** JPEG quality, and the width that wider pictures are scaled down to. */
  readonly quality: number;
  readonly maxWidth: number;
}

/** A label map, and the picture of each cell; paths are relative to the page. */
export interface ShownMap {
  readonly name: string;
  readonly label: string | undefined;
  readonly photo: string | undefined;
  /** In the order of the cells; undefined for a cell without a picture of this map. */
  readonly painted: readonly (string | undefined)[];
}

/** The maps with a cell's worst values. */
export interface Failures {
  readonly metric: string;
  /** In the order of the cells, the worst map first. */
  readonly cells: readonly (readonly FailureCase[])[];
}

export interface FailureCase {
  readonly map: ShownMap;
  /** The means over the cell's seeds, and over all cells. */
  readonly value: number;
  readonly overall: number;
}

export interface ShownPictures {
  readonly maps: readonly ShownMap[];
  readonly failures: Failures | undefined;
  /** The run of each cell whose pictures are shown. */
  readonly runs: readonly (ComparedRun | undefined)[];
  readonly notes: readonly Note[];
}

/** The folder of the pictures, below the page's. */
export const picturesFolder = 'pictures';

/**
 * Collects the pictures of a comparison: those of evaluations, or training samples if no cell has an evaluation. They
 * are written later, when all names are known.
 */
export async function collectPictures(
  comparison: Comparison,
  options: PictureOptions,
): Promise<{ readonly shown: ShownPictures; readonly writer: PictureWriter }> {
  const writer = new PictureWriter(options);
  const isEvaluated = comparison.cells.some(({ runs }) => runs.some(({ evaluation }) => evaluation));
  const collect = isEvaluated ? ofEvaluations : ofSamples;
  return { shown: await collect(comparison, writer, options), writer };
}

/** Collects pictures under names that are safe in URLs, and writes them. */
export class PictureWriter {
  private readonly pictures = new Map<
    string,
    { readonly picture: Sharp; readonly source: string | Picture }
  >();

  constructor(private readonly options: PictureOptions) {}

  /** The files to be written, relative to the page's folder. */
  get files(): readonly string[] {
    return [...this.pictures.keys()];
  }

  /** Writes all pictures below a folder. Throws a SpadeworkError that names a picture which cannot be decoded. */
  async write(out: string): Promise<void> {
    for (const [file, { picture, source }] of this.pictures) {
      const content = await picture.toBuffer().catch(async (error: unknown) => {
        if (typeof source === 'string' && !(await isDecodable(source)))
          throw damagedRunFile(source, 'it is no whole picture');
        throw error;
      });
      // Written by us, as sharp does not say why a file cannot be written.
      await writeWhole(join(out, file), content);
    }
  }

  /** Adds a photograph or generated picture, and gives its file; undefined if it does not exist. */
  photo(source: string | Picture, name: string): string | undefined {
    if (typeof source === 'string' && !existsSync(source)) return undefined;
    const { quality } = this.options;
    return this.add(`${name}.jpg`, source, this.shrunk(source).jpeg({ quality, mozjpeg: true }));
  }

  /** Adds a colored label map; it is scaled with nearest neighbor, which makes no new colors. */
  label(source: string | Picture, name: string): string | undefined {
    if (typeof source === 'string' && !existsSync(source)) return undefined;
    return this.add(
      `${name}.png`,
      source,
      this.shrunk(source, 'nearest').png({ palette: true, compressionLevel: 9 }),
    );
  }

  private shrunk(source: string | Picture, kernel?: 'nearest'): Sharp {
    const read =
      typeof source === 'string'
        ? sharp(source)
        : sharp(source.data, { raw: { width: source.width, height: source.height, channels: 3 } });
    return read.resize({
      width: this.options.maxWidth,
      withoutEnlargement: true,
      ...(kernel && { kernel }),
    });
  }

  private add(name: string, source: string | Picture, picture: Sharp): string {
    const file = `${picturesFolder}/${name}`;
    this.pictures.set(file, { picture, source });
    return file;
  }
}

async function ofEvaluations(
  { cells }: Comparison,
  writer: PictureWriter,
  options: PictureOptions,
): Promise<ShownPictures> {
  const runs = cells.map((cell) => cell.runs.find(({ evaluation }) => evaluation));
  const { maps: names, protocol } = runs.find((run) => run)!.evaluation!;
  const chosen = evenly(names.length, Math.min(names.length, options.maxMaps));
  const worst = worstMaps(cells, options.failures);
  const needed = [...new Set([...chosen, ...(worst?.cells.flat().map(({ map }) => map) ?? [])])];
  const notes: Note[] = [];
  const sources = await sourcesOf(runs, names, needed, protocol.size, notes);
  const shown = new Map<number, ShownMap>();
  for (const index of needed) {
    const name = names[index]!;
    const source = sources.get(index);
    const painted: (string | undefined)[] = [];
    for (const [cell, run] of runs.entries())
      painted.push(
        run && writer.photo(join(run.folder, run.evaluation!.pictures, `${name}.png`), `${index}-${cell}`),
      );
    shown.set(index, {
      name,
      label: source && writer.label(source.label, `${index}-label`),
      photo: source?.photo && writer.photo(source.photo, `${index}-photo`),
      painted,
    });
  }
  return {
    maps: chosen.map((index) => shown.get(index)!),
    failures: worst && {
      metric: worst.metric,
      cells: worst.cells.map((ofCell) =>
        ofCell.map(({ map, value, overall }) => ({ map: shown.get(map)!, value, overall })),
      ),
    },
    runs,
    notes,
  };
}

interface Worst {
  readonly metric: string;
  readonly cells: readonly (readonly {
    readonly map: number;
    readonly value: number;
    readonly overall: number;
  }[])[];
}

/** Finds each cell's worst maps, by the first metric with values per map. */
function worstMaps(cells: readonly Cell[], count: number): Worst | undefined {
  const all = cells.flatMap(({ runs }) => runs.flatMap(({ evaluation }) => evaluation?.metrics ?? []));
  const chosen = all.find(({ perMap }) => perMap?.some((value) => value !== null));
  if (!chosen) return undefined;
  const values = cells.map(({ runs }) =>
    overSeeds(
      runs.flatMap(({ evaluation }): Metric[] => {
        const metric = evaluation?.metrics.find(({ name }) => name === chosen.name);
        return metric ? [metric] : [];
      }),
    ),
  );
  const sign = chosen.better === 'higher' ? 1 : -1;
  const overall = (map: number): number => {
    const known = values.flatMap((ofCell) => ofCell[map] ?? []);
    return known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    metric: chosen.name,
    cells: values.map((ofCell) =>
      ofCell
        .flatMap((value, map) => (value === undefined ? [] : [{ map, value, overall: overall(map) }]))
        .sort((a, b) => sign * (a.value - b.value))
        .slice(0, count),
    ),
  };
}

interface MapSource {
  readonly label: Picture;
  readonly photo: Picture | undefined;
}

/** Reads label maps and photographs from the runs' data, by name; unreadable ones are noted. */
async function sourcesOf(
  runs: readonly (ComparedRun | undefined)[],
  names: readonly string[],
  indices: readonly number[],
  { width, height }: DataSpec['size'],
  notes: Note[],
): Promise<Map<number, MapSource>> {
  const found = new Map<number, MapSource>();
  const data = runs.find((run) => run)?.spec.data;
  let dataset: Dataset | undefined;
  try {
    dataset = data && (await openTestData({ ...data, size: { width, height } }));
    if (!dataset) return found;
    const places = new Map(dataset.pairs.map(({ name }, place) => [name, place]));
    for (const index of indices) {
      const place = places.get(names[index]!);
      if (place === undefined) continue;
      const { labels, image } = await dataset.read(place);
      found.set(index, {
        label: colorize(labels, width, height, dataset.classes),
        photo: image && fromFloat(image, width, height),
      });
    }
  } catch (error) {
    if (!isForUser(error)) throw error;
    notes.push({ text: dataGone(error.what) });
  } finally {
    await dataset?.close();
  }
  return found;
}

/** Adds the last training samples. */
function ofSamples({ cells }: Comparison, writer: PictureWriter, options: PictureOptions): ShownPictures {
  const found = cells.map(({ runs: [run] }) => {
    const { frames, maps } = readSamples(run!.folder);
    const frame = frames.at(-1);
    return frame && { run: run!, frame, maps };
  });
  const known = found.filter((one) => one !== undefined);
  const heldOut = known.every(({ run }) => run.record.data.heldOut !== false);
  const common = (known[0]?.maps ?? []).filter((map) => known.every(({ maps }) => maps.includes(map)));
  const maps: ShownMap[] = [];
  for (const map of common.slice(0, options.maxMaps)) {
    const [{ run, frame }] = known as [(typeof known)[0]];
    const [label, photo] = [frame.label.get(map), frame.photo.get(map)];
    const painted: (string | undefined)[] = [];
    for (const [cell, one] of found.entries())
      painted.push(one && writer.photo(join(one.run.folder, one.frame.painted.get(map)!), `${map}-${cell}`));
    maps.push({
      name: `${heldOut ? 'held-out' : 'training'} map ${map}`,
      label: label && writer.label(join(run.folder, label), `${map}-label`),
      photo: photo && writer.photo(join(run.folder, photo), `${map}-photo`),
      painted,
    });
  }
  return { maps, failures: undefined, runs: found.map((one) => one?.run), notes: [] };
}

/** Tells whether a file contains a picture that can be decoded completely. */
async function isDecodable(file: string): Promise<boolean> {
  return sharp(file)
    .stats()
    .then(
      () => true,
      () => false,
    );
}
