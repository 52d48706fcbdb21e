/** Opens zip archives: finds the byte range of each entry, and rejects overlapping ones. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { readOpen, type Piece } from './bytes.ts';
import { DamagedFile } from './errors.ts';
import { costs, type Meter } from './limits.ts';

/** An open archive. */
export interface Archive {
  readonly names: readonly string[];
  /** Finds the byte range of an entry; undefined if there is none of that name. Throws DamagedFile. */
  pieceOf(name: string): Promise<Piece | undefined>;
}

/** Opens a zip archive, runs some work and closes it. Throws DamagedFile and TooLarge. */
export async function whileInArchive<T>(
  path: string,
  meter: Meter,
  work: (archive: Archive) => Promise<T>,
): Promise<T> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const options = { autoClose: false };
    const zip = await fromRandomAccessReaderPromise(new FileReader(file), size, options).catch(asDamage);
    const entries = await listEntries(zip, meter).catch(asDamage);
    const places = new Places();
    return await work({
      names: [...entries.keys()],
      async pieceOf(name) {
        const entry = entries.get(name);
        if (!entry) return undefined;
        const piece = await locate(zip, path, entry).catch(asDamage);
        places.add(name, entry.relativeOffsetOfLocalHeader, piece.start + piece.stored);
        return piece;
      },
    });
  } finally {
    closeSync(file);
  }
}

/** Headers are small and near each other, so this many bytes are read at once. */
const windowBytes = 4096;

/** The file reader of the zip library; checks offsets, as those of a damaged archive may be outside the file. */
class FileReader extends RandomAccessReader {
  private window = new Uint8Array(0);
  private start = 0;

  constructor(private readonly file: number) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    setImmediate(() => {
      try {
        buffer.set(this.bytes(position, length), offset);
      } catch (error) {
        callback(error as Error);
        return;
      }
      callback(null, length);
    });
  }

  private bytes(position: number, length: number): Uint8Array {
    const at = position - this.start;
    if (at >= 0 && at + length <= this.window.length) return this.window.subarray(at, at + length);
    const left = fstatSync(this.file).size - position;
    this.window = readOpen(this.file, position, Math.max(length, Math.min(windowBytes, left)));
    this.start = position;
    return this.window.subarray(0, length);
  }
}

async function listEntries(zip: ZipFile, meter: Meter): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    meter.build(costs.archiveEntry);
    if (entries.has(entry.fileName)) throw new DamagedFile(`it has two entries '${entry.fileName}'`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

const [storedAsIs, deflate] = [0, 8];

async function locate(zip: ZipFile, path: string, entry: Entry): Promise<Piece> {
  const { fileName, compressedSize: stored, uncompressedSize: length, compressionMethod: method } = entry;
  if (entry.isEncrypted()) throw new DamagedFile(`its entry '${fileName}' is encrypted`);
  if (method !== storedAsIs && method !== deflate)
    throw new DamagedFile(`its entry '${fileName}' is packed by an unknown method (${method})`);
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  // PyTorch can be configured to compute no checksum (torch.serialization.set_crc32_options), and then writes 0.
  const checksum = entry.crc32 === 0 ? undefined : entry.crc32;
  return { path, start, stored, length, deflated: method === deflate, checksum };
}

/** The used byte ranges of a file, so that two entries cannot claim the same bytes. */
class Places {
  /** Sorted by start. */
  private readonly taken: { readonly name: string; readonly start: number; readonly end: number }[] = [];

  /** Adds a range; the same name may add it again. Throws DamagedFile if it overlaps another's. */
  add(name: string, start: number, end: number): void {
    let [low, high] = [0, this.taken.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.taken[middle]?.start ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    const [before, after] = [this.taken[low - 1], this.taken[low]];
    if (after?.name === name) return;
    const other = before && before.end > start ? before : after && after.start < end ? after : undefined;
    if (other) throw new DamagedFile(`its entries '${other.name}' and '${name}' share bytes`);
    this.taken.splice(low, 0, { name, start, end });
  }
}

/** Converts errors of the zip library to DamagedFile. */
function asDamage(error: unknown): never {
  if (error instanceof DamagedFile || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
  throw new DamagedFile((error as Error).message, { cause: error });
}
