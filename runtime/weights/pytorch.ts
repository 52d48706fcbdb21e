/**
 * Opens the files of torch.save: zip archives (a pickle that names storages, and an uncompressed entry for each
 * storage), and the older layout of pickles followed by raw storages.
 */
import { readPiece, unpackPiece, wholeFile, type Piece } from './bytes.ts';
import { contentsOf, type Contents } from './contents.ts';
import { DamagedFile, RefusedFile } from './errors.ts';
import type { StoredTensors } from './stored.ts';
import { longestPickle, type Meter } from './limits.ts';
import { madeBy } from './messages.ts';
import { refuseOtherArchives } from './other-kinds.ts';
import { unpickle, type ReadPickle } from './pickle.ts';
import { describe, Dict, Opaque } from './python.ts';
import { Storages, widthOf } from './storages.ts';
import { whileInArchive, type Archive } from './zip.ts';

/** Reads the directory of a zip archive written by torch.save. Throws DamagedFile, RefusedFile and TooLarge. */
export async function openTorchZip(path: string, meter: Meter): Promise<StoredTensors> {
  return whileInArchive(path, meter, async (archive) => {
    const { names } = archive;
    const pickle = names.find((name) => /^([^/]*\/)?data\.pkl$/.test(name));
    if (pickle === undefined) refuseOtherArchives(path, names);
    if (pickle === undefined)
      throw new DamagedFile('it is a zip archive without a data.pkl, so torch.save did not write it');
    const folder = pickle.slice(0, -'data.pkl'.length);
    if (names.some((name) => name.startsWith(`${folder}code/`)))
      throw new RefusedFile('it is a TorchScript archive, which is a program and not weights alone');
    const text = await archive.pieceOf(pickle);
    if (!text || text.length > longestPickle) throw new DamagedFile('its data.pkl is too long');
    const contents = contentsOf(unpickle(unpackPiece(text, meter), meter).value, meter);
    const pieces = new Map<string, Piece>();
    for (const { storage } of contents.tensors.values()) {
      if (pieces.has(storage.key)) continue;
      const piece = await archive.pieceOf(`${folder}data/${storage.key}`);
      if (!piece) throw new DamagedFile(`storage '${storage.key}' is missing`);
      pieces.set(storage.key, piece);
    }
    const little = await isLittleEndian(archive, `${folder}byteorder`, meter);
    return storedIn('PyTorch', contents, new Storages(pieces, little, meter));
  });
}

/** Archives before PyTorch 2.1 do not state the byte order: they were written on little-endian machines. */
async function isLittleEndian(archive: Archive, name: string, meter: Meter): Promise<boolean> {
  const piece = await archive.pieceOf(name);
  if (!piece) return true;
  if (piece.length > 'little\n'.length) throw new DamagedFile('its byteorder is neither little nor big');
  return new TextDecoder().decode(unpackPiece(piece, meter)).trim() !== 'big';
}

/** The number in the first pickle of the older layout. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;
/** Pickles start with their protocol; PyTorch uses 2 to 5. */
export const firstByteOfPickles = 0x80;

/** Reads the pickles of the older layout and finds its storages. Throws DamagedFile, RefusedFile and TooLarge. */
export function openTorchLegacy(path: string, meter: Meter): StoredTensors {
  const whole = wholeFile(path);
  const head = readPiece(whole, 0, Math.min(whole.length, longestPickle));
  let at = 0;
  const next = (): ReadPickle => {
    const read = unpickle(head, meter, at);
    at = read.end;
    return read;
  };
  const magic = next().value;
  if (magic !== legacyMagic)
    throw new RefusedFile(
      `it is a pickle that torch.save did not write${magic instanceof Opaque ? `, ${madeBy(magic.maker)}` : ''}`,
    );
  const protocol = next().value;
  if (protocol !== legacyProtocol)
    throw new DamagedFile(`its protocol is ${describe(protocol)}, expected ${legacyProtocol}`);
  const system = next().value;
  const little = !(system instanceof Dict && system.get('little_endian') === false);
  const { value, storages } = next();
  const contents = contentsOf(value, meter);
  const keys = next().value;
  if (!Array.isArray(keys)) throw new DamagedFile('it does not list its storages');
  const pieces = new Map<string, Piece>();
  for (const key of keys) {
    if (typeof key !== 'string' || pieces.has(key))
      throw new DamagedFile(
        `it lists ${describe(key)} among its storages${typeof key === 'string' ? ' twice' : ''}`,
      );
    const storage = storages.get(key);
    const width = storage && widthOf(storage);
    // Without the width of its numbers, the end of a storage and the start of the next are unknown.
    if (!storage || width === undefined)
      throw new DamagedFile(`nothing says what its storage '${key}' holds`);
    const counted = new DataView(readPiece(whole, at, 8).buffer).getBigInt64(0, little);
    const length = storage.stored * width;
    if (counted !== BigInt(storage.stored))
      throw new DamagedFile(`storage '${storage.key}' has ${counted} numbers, expected ${storage.stored}`);
    if (at + 8 + length > whole.length) throw new DamagedFile('it ends in the middle');
    pieces.set(key, { path, start: at + 8, stored: length, length, deflated: false });
    at += 8 + length;
  }
  return storedIn('PyTorch, before 1.6', contents, new Storages(pieces, little, meter));
}

function storedIn(format: string, { tensors, unread }: Contents, storages: Storages): StoredTensors {
  for (const [name, tensor] of tensors) storages.check(name, tensor);
  return {
    format,
    tensors,
    unread,
    read(name, isAsked) {
      const tensor = tensors.get(name);
      return tensor && storages.read(name, tensor, isAsked);
    },
  };
}
