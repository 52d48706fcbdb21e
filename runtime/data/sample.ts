/** Answers for one sample: reads its files, checks them against each other and the classes, scales them. */
import { readFile } from 'node:fs/promises';
import { labelDecoder, type LabelCoding } from './coding.ts';
import {
  decodeColors,
  decodeIds,
  decodePhoto,
  denseIds,
  edgesOf,
  halfOf,
  idsOfColors,
  photoSize,
  resizeNearest,
} from './decode.ts';
import type { ColoredPixel, Half, IdMap, Size } from './decode.ts';
import {
  colorsInsteadOfIds,
  differentShapes,
  undeclaredColor,
  undeclaredValue,
  undecodable,
  unreadable,
} from './messages.ts';
import type { Pair } from './pairs.ts';

/** What every sample of a data set is read with. */
export interface SampleSettings {
  /** What label maps hold. */
  readonly coding: LabelCoding;
  /** The half that the photo is, where it lies beside its label map in one file. */
  readonly photoHalf?: Half | undefined;
}

/** A sample in the little room that the cache and the way between threads want; all of one size. */
export interface DecodedSample {
  /** Class ids, [H,W]. */
  readonly labels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  /** 1 at instance borders, else 0, [H,W]. */
  readonly edges: Uint8Array<ArrayBuffer> | undefined;
  /** Ids of instances from 0, without gaps, [H,W]. */
  readonly instances: Uint16Array<ArrayBuffer> | undefined;
  /** RGB, [H,W,3]. */
  readonly image: Uint8Array<ArrayBuffer> | undefined;
}

/** Everything wrong with one sample, in words, or the sample. */
export type Outcome = { readonly sample: DecodedSample } | { readonly problems: readonly string[] };

/** The maps of a sample as they are stored, as far as they could be read. */
export interface ReadMaps {
  /** Class ids; undefined where some pixels have none. */
  readonly label: IdMap | undefined;
  /** The size of the label map, where it is one. */
  readonly size: Size | undefined;
  readonly instances: IdMap | undefined;
}

/** Reads a file: whoever wants its bytes for more than one thing keeps them. */
export type ReadContent = (file: string) => Promise<Buffer>;

/** Reads samples of a data set. */
export interface SampleReader {
  /** Gives a sample at a size. */
  decode(pair: Pair, size: Size): Promise<Outcome>;
  /** Gives a sample's problems only, reading every label value but of the photo no more than the header. */
  inspect(pair: Pair): Promise<readonly string[]>;
  /** Gives the maps as they are stored; what is wrong goes to `problems`. */
  readMaps(pair: Pair, problems: string[], read?: ReadContent): Promise<ReadMaps>;
  /** Gives the size of the photo as stored, compared with the label map's; undefined where there is none to read. */
  readPhotoSize(
    pair: Pair,
    label: Size | undefined,
    problems: string[],
    read?: ReadContent,
  ): Promise<Size | undefined>;
}

/** Makes the reader of a data set's samples. */
export function sampleReader({ coding, photoHalf }: SampleSettings): SampleReader {
  const decoder = labelDecoder(coding);
  const mapHalf = photoHalf && (photoHalf === 'left' ? 'right' : 'left');

  async function readMaps(pair: Pair, problems: string[], read?: ReadContent): Promise<ReadMaps> {
    const { label, size } =
      (await readFileWith(
        pair.label,
        problems,
        (content) => readLabel(pair.label, content, problems),
        read,
      )) ?? {};
    const { instances: file } = pair;
    const instances =
      file === undefined
        ? undefined
        : await readFileWith(
            file,
            problems,
            async (content) => requireIds(file, await decodeIds(content), problems),
            read,
          );
    if (size !== undefined && instances !== undefined && !sameShape(size, instances)) {
      problems.push(differentShapes(named(pair.label, size), named(pair.instances as string, instances)));
    }
    return { label, size, instances };
  }

  /** Reads a label map by the coding; what it holds that has no meaning is a problem, and the map is left out. */
  async function readLabel(
    file: string,
    content: Buffer,
    problems: string[],
  ): Promise<{ label?: IdMap; size: Size } | undefined> {
    if (coding.colors) {
      const colors = await decodeColors(content);
      const map = mapHalf ? halfOf(colors, mapHalf) : colors;
      const found = decoder.colors(map);
      if ('ids' in found) return { label: found, size: map };
      problems.push(undeclaredColor(file, found, coding.colors.classes));
      return { size: map };
    }
    const stored = mapHalf
      ? idsOfColors(halfOf(await decodeColors(content), mapHalf))
      : await decodeIds(content);
    const values = requireIds(file, stored, problems);
    if (!values) return undefined;
    const found = decoder.values(values);
    if ('ids' in found) return { label: found, size: values };
    problems.push(undeclaredValue(file, found, decoder.declared));
    return { size: values };
  }

  /** Reads the photo through `use`, after comparing its shape with the label map's. */
  async function readPhoto<T>(
    pair: Pair,
    label: Size | undefined,
    problems: string[],
    use: (content: Buffer, found: Size) => Promise<T>,
    read?: ReadContent,
  ): Promise<T | undefined> {
    const file = pair.image;
    if (file === undefined) return undefined;
    const decode = async (content: Buffer): Promise<T> => {
      const found = await photoSize(content, photoHalf);
      if (label !== undefined && !sameShape(label, found)) {
        problems.push(differentShapes(named(file, found), named(pair.label, label)));
      }
      return use(content, found);
    };
    return readFileWith(file, problems, decode, read);
  }

  const readPhotoSize: SampleReader['readPhotoSize'] = (pair, label, problems, read) =>
    readPhoto(pair, label, problems, (_content, found) => Promise.resolve(found), read);

  return {
    readMaps,
    readPhotoSize,
    async decode(pair, size) {
      const problems: string[] = [];
      const { label, size: stored, instances } = await readMaps(pair, problems);
      const image = await readPhoto(pair, stored, problems, (content) =>
        decodePhoto(content, size, photoHalf),
      );
      if (label === undefined || problems.length > 0) return { problems };
      const ids = resizeNearest(label, size);
      const scaled = instances && resizeNearest(instances, size);
      return {
        sample: {
          labels: decoder.narrow ? new Uint8Array(ids) : new Uint16Array(ids),
          edges: scaled && edgesOf(scaled, size),
          instances: scaled && denseIds(scaled),
          image,
        },
      };
    },
    async inspect(pair) {
      const problems: string[] = [];
      const { size } = await readMaps(pair, problems);
      await readPhotoSize(pair, size, problems);
      return problems;
    },
  };
}

/** Reads a file and decodes it; undefined, with the reason in `problems`, where that fails. */
async function readFileWith<T>(
  file: string,
  problems: string[],
  decode: (content: Buffer) => Promise<T>,
  read: ReadContent = (name) => readFile(name),
): Promise<T | undefined> {
  let content: Buffer;
  try {
    content = await read(file);
  } catch (error) {
    problems.push(unreadable(file, (error as Error).message));
    return undefined;
  }
  try {
    return await decode(content);
  } catch (error) {
    problems.push(undecodable(file, reasonOf(error)));
    return undefined;
  }
}

function requireIds(file: string, map: IdMap | ColoredPixel, problems: string[]): IdMap | undefined {
  if ('ids' in map) return map;
  problems.push(colorsInsteadOfIds(file, map.x, map.y, map.color));
  return undefined;
}

/** Says a decoder's error in one line. */
const reasonOf = (error: unknown): string => (error as Error).message.trim().replaceAll(/\s*\n\s*/g, '; ');

const named = (file: string, { width, height }: Size) => ({ file, width, height });

/** Tells whether two pictures show the same view: width : height agree as well as whole pixels allow. */
function sameShape(a: Size, b: Size): boolean {
  return Math.abs(a.width * b.height - b.width * a.height) < Math.max(a.width, a.height, b.width, b.height);
}
