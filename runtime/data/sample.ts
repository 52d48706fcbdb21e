/** Answers for one sample: reads its files, checks them against each other and the classes, scales them. */
import { readFile } from 'node:fs/promises';
import { decodeIds, decodePhoto, denseIds, edgesOf, photoSize, resizeNearest } from './decode.ts';
import type { IdMap, Size } from './decode.ts';
import { colorsInsteadOfIds, differentShapes, undeclaredValue, undecodable, unreadable } from './messages.ts';
import type { Undeclared } from './messages.ts';
import type { Pair } from './pairs.ts';

/** What every sample of a data set is read with. */
export interface SampleSettings {
  readonly size: Size;
  /** The ids that may occur in label maps. */
  readonly declared: readonly number[];
}

/** A sample in the little room that the cache and the way between threads want; sizes are those of the settings. */
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

/**
 * Makes the reader of a data set's samples: `decode` gives a sample; `inspect` gives only its problems, reading every label
 * value but of the photo no more than the header.
 */
export function sampleReader({ size, declared }: SampleSettings): {
  decode(pair: Pair): Promise<Outcome>;
  inspect(pair: Pair): Promise<readonly string[]>;
} {
  const isDeclared = new Uint8Array(2 ** 16);
  for (const id of declared) isDeclared[id] = 1;
  const narrow = declared.every((id) => id < 256);

  async function readMaps(pair: Pair, problems: string[]) {
    const label = await readMap(pair.label, problems);
    if (label !== undefined) {
      const wrong = findUndeclared(label, isDeclared);
      if (wrong !== undefined) problems.push(undeclaredValue(pair.label, wrong, declared));
    }
    const instances = pair.instances === undefined ? undefined : await readMap(pair.instances, problems);
    if (label !== undefined && instances !== undefined && !sameShape(label, instances)) {
      problems.push(differentShapes(named(pair.label, label), named(pair.instances as string, instances)));
    }
    return { label, instances };
  }

  /** Reads the photo through `use`, after comparing its shape with the label map's. */
  async function readPhoto<T>(
    pair: Pair,
    label: IdMap | undefined,
    problems: string[],
    use: (content: Buffer) => Promise<T>,
  ): Promise<T | undefined> {
    const file = pair.image;
    if (file === undefined) return undefined;
    const content = await readContent(file, problems);
    if (content === undefined) return undefined;
    try {
      const found = await photoSize(content);
      if (label !== undefined && !sameShape(label, found)) {
        problems.push(differentShapes(named(file, found), named(pair.label, label)));
      }
      return await use(content);
    } catch (error) {
      problems.push(undecodable(file, reasonOf(error)));
      return undefined;
    }
  }

  return {
    async decode(pair) {
      const problems: string[] = [];
      const { label, instances } = await readMaps(pair, problems);
      const image = await readPhoto(pair, label, problems, (content) => decodePhoto(content, size));
      if (label === undefined || problems.length > 0) return { problems };
      const ids = resizeNearest(label, size);
      const scaled = instances && resizeNearest(instances, size);
      return {
        sample: {
          labels: narrow ? new Uint8Array(ids) : new Uint16Array(ids),
          edges: scaled && edgesOf(scaled, size),
          instances: scaled && denseIds(scaled),
          image,
        },
      };
    },
    async inspect(pair) {
      const problems: string[] = [];
      const { label } = await readMaps(pair, problems);
      await readPhoto(pair, label, problems, () => Promise.resolve());
      return problems;
    },
  };
}

async function readContent(file: string, problems: string[]): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    problems.push(unreadable(file, (error as Error).message));
    return undefined;
  }
}

async function readMap(file: string, problems: string[]): Promise<IdMap | undefined> {
  const content = await readContent(file, problems);
  if (content === undefined) return undefined;
  try {
    const map = await decodeIds(content);
    if ('ids' in map) return map;
    problems.push(colorsInsteadOfIds(file, map.x, map.y, map.color));
  } catch (error) {
    problems.push(undecodable(file, reasonOf(error)));
  }
  return undefined;
}

/** Says a decoder's error in one line. */
const reasonOf = (error: unknown): string => (error as Error).message.trim().replaceAll(/\s*\n\s*/g, '; ');

const named = (file: string, { width, height }: Size) => ({ file, width, height });

/** Tells whether two pictures show the same view: width : height agree as well as whole pixels allow. */
function sameShape(a: Size, b: Size): boolean {
  return Math.abs(a.width * b.height - b.width * a.height) < Math.max(a.width, a.height, b.width, b.height);
}

function findUndeclared({ ids, width }: IdMap, isDeclared: Uint8Array): Undeclared | undefined {
  let first = -1;
  let pixels = 0;
  const values = new Set<number>();
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    if (isDeclared[id] === 1) continue;
    if (first < 0) first = i;
    pixels++;
    values.add(id);
  }
  if (first < 0) return undefined;
  const value = ids[first] as number;
  const [x, y] = [first % width, Math.floor(first / width)];
  return { x, y, value, pixels, total: ids.length, values: [...values] };
}
