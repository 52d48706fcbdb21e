/** Reads photos without label maps: a single one, or those of a folder by name, scaled to a size. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { stat } from 'node:fs/promises';
import { decodePhoto, PictureError, type Decoding } from './decode.ts';
import type { Size } from './maps.ts';
import { toUnitRange } from './dataset.ts';
import { shortageOf } from '../base/shortage.ts';
import { readRegular, whyUnread } from './files.ts';
import { dataError, noPhoto, undecodable, unreadable } from './messages.ts';
import { listFolder } from './pairs.ts';

/** One photo for all names, or a folder of photos by name. */
export interface Photos {
  /** The file or folder. */
  readonly place: string;
  has(name: string): boolean;
  /** Reads the photo with a name: RGB in [-1,1], [H,W,3]. Throws a SpadeworkError. */
  read(name: string): Promise<Float32Array>;
}

/** Opens a photo or a folder of photos, to be scaled to `size`. Throws a SpadeworkError if there is none. */
export async function openPhotos(place: string, size: Size, decoding: Decoding = {}): Promise<Photos> {
  const found = await stat(place).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw dataError(code === 'ENOENT' ? noPhoto(place) : unreadable(place, whyUnread(place, error)));
  });
  if (!found.isDirectory()) {
    const photo = await readPhoto(place, size, decoding);
    return { place, has: () => true, read: () => Promise.resolve(photo) };
  }
  const problems: Diagnostic[] = [];
  const files = await listFolder('photos', place, problems);
  if (!files || problems.length > 0) throw dataError(...problems);
  return {
    place,
    has: (name) => files.has(name),
    read: (name) => {
      const file = files.get(name);
      if (file === undefined) throw new RangeError(`there is no photo '${name}' in '${place}'`);
      return readPhoto(file, size, decoding);
    },
  };
}

async function readPhoto(file: string, size: Size, decoding: Decoding): Promise<Float32Array> {
  const content = await readRegular(file).catch((error: unknown) => {
    throw dataError(unreadable(file, whyUnread(file, error)));
  });
  try {
    const pixels = await decodePhoto(content, size, decoding);
    const photo = new Float32Array(pixels.length);
    toUnitRange(pixels, photo, 0);
    return photo;
  } catch (error) {
    if (shortageOf(error) || !(error instanceof PictureError)) throw error;
    throw dataError(undecodable(file, 'photos', error));
  }
}
