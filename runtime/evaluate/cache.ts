/**
 * Caches values computed from the real photographs, which are the same for every run. A file is used only if its key
 * is equal and its bytes are as written.
 */
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { joinRows } from '../../compiler/metrics/features.ts';
import { writeWhole, isFileError } from '../base/files.ts';
import { DamagedFile } from '../weights/errors.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import { cacheUnwritable } from './messages.ts';
import { canonicalJson, digestOf } from './protocol.ts';
import { makeFolder } from '../base/make-folder.ts';

/** An array of numbers per photograph, in order. */
export type PhotoRows = readonly Float32Array[];

const tensorName = 'rows';

/** Stores rows in a folder, by key. */
export class PhotoCache {
  constructor(
    private readonly folder: string,
    private readonly log: (line: string) => void,
  ) {}

  /** Gives the rows stored for `key`; undefined if there are none, or they are invalid. */
  async read(key: object): Promise<PhotoRows | undefined> {
    const { rows, facts } = this.files(key);
    try {
      const known = JSON.parse(await readFile(facts, 'utf8')) as { key?: unknown; sha256?: unknown } | null;
      const { tensors, sha256 } = await readSafetensors(rows);
      const tensor = tensors.get(tensorName);
      if (!tensor || known?.sha256 !== sha256 || canonicalJson(known.key) !== canonicalJson(key))
        return undefined;
      const [count = 0, size = 0] = tensor.shape;
      return Array.from({ length: count }, (_, row) => tensor.values.subarray(row * size, (row + 1) * size));
    } catch (error) {
      const isLeftOut = error instanceof DamagedFile || error instanceof SyntaxError || isFileError(error);
      if (isLeftOut) return undefined;
      throw error;
    }
  }

  /** Stores rows of equal length; an unwritable folder only causes a warning. */
  async write(key: object, values: PhotoRows): Promise<void> {
    const { rows, facts } = this.files(key);
    const temporary = `${rows}.${process.pid}.tmp`;
    try {
      makeFolder(this.folder);
      const heads = [{ name: tensorName, shape: [values.length, values[0]?.length ?? 0] }];
      const sha256 = await writeSafetensors(temporary, heads, [joinRows(values)]);
      await rename(temporary, rows);
      await writeWhole(facts, `${JSON.stringify({ key, sha256 }, undefined, 2)}\n`);
    } catch (error) {
      await rm(temporary, { force: true });
      if (!isFileError(error)) throw error;
      this.log(cacheUnwritable(this.folder, error.code ?? error.message));
    }
  }

  private files(key: object): { readonly rows: string; readonly facts: string } {
    const name = digestOf([canonicalJson(key)]).slice(0, 16);
    return { rows: join(this.folder, `${name}.safetensors`), facts: join(this.folder, `${name}.json`) };
  }
}
