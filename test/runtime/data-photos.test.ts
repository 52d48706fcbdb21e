/** Tests photos outside of a data set: one for all maps, or a folder by name. */
import { SpadeworkError } from '../../dsl/errors.ts';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPhotos } from '../../runtime/data/photos.ts';
import { rgb, writeFiles } from './data-support.ts';

const size = { width: 2, height: 1 };
const photo = (value: number): Promise<Buffer> => rgb(Array<number>(6).fill(value), 2).png().toBuffer();

describe('photos', () => {
  it('may be one for every name, in [-1,1] at the size asked for', async () => {
    const root = writeFiles({ 'evening.png': await rgb(Array<number>(24).fill(255), 4).png().toBuffer() });
    const photos = await openPhotos(path.join(root, 'evening.png'), size);
    expect(photos.has('any')).toBe(true);
    expect([...(await photos.read('any'))]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('may be a folder, by names without endings', async () => {
    const root = writeFiles({ 'a.png': await photo(255), 'b.png': await photo(0) });
    const photos = await openPhotos(root, size);
    expect(['a', 'b', 'c'].map((name) => photos.has(name))).toEqual([true, true, false]);
    expect([...(await photos.read('b'))]).toEqual([-1, -1, -1, -1, -1, -1]);
  });

  it('that are missing or damaged are told as mistakes in the data', async () => {
    const root = writeFiles({ 'a.png': 'no picture' });
    await expect(openPhotos(path.join(root, 'b.png'), size)).rejects.toThrow(SpadeworkError);
    await expect(openPhotos(path.join(root, 'b.png'), size)).rejects.toThrow(
      'there is no photo and no folder',
    );
    const damaged = openPhotos(root, size).then((photos) => photos.read('a'));
    await expect(damaged).rejects.toThrow(/'.*a\.png' cannot be decoded/);
  });
});
