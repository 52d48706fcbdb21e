/** Recognizes files that contain no tensors by their first bytes, and says how to get weights from them. */
import { basename } from 'node:path';
import { quoted } from '../base/shell.ts';
import { standInOf, standIns } from '../base/stand-ins.ts';
import { OtherKind } from './errors.ts';
import { saveArrays } from './messages.ts';

/** How many first bytes are needed to recognize a file. */
export const tellingBytes = 512;

/** A file to recognize. */
interface Seen {
  readonly path: string;
  /** Its first bytes, one character each. */
  readonly start: string;
}

/** A kind of file. */
interface Kind {
  readonly isOf: (seen: Seen) => boolean;
  /** The predicate for messages: `is a web page`. */
  readonly what: string;
  readonly hint: (path: string) => string;
}

const saved = 'torch.save(weights, "weights.pth")';
const inPython = (path: string, read: string, more = saved): string =>
  `turn them into tensors in Python: ${read.replace('FILE', JSON.stringify(path))}; ${more}`;
const readHdf5 =
  'weights = {}; h5py.File(FILE).visititems(lambda name, one: weights.update({name: torch.tensor(one[()])} if isinstance(one, h5py.Dataset) else {}))';
const unpack =
  (command: string) =>
  (path: string): string =>
    `unpack it, and name what was in it: ${command} ${quoted(path)} > ${quoted(unpackedName(path))}`;

/** Gives a name for the unpacked content that likely does not exist yet. */
const unpackedName = (path: string): string => `unpacked-${basename(path).replace(/\.(gz|bz2|xz|zst)$/, '')}`;

const startsWith =
  (text: string, at = 0): Kind['isOf'] =>
  ({ start }) =>
    start.startsWith(text, at);

const arraysOfNumPy: Kind = {
  isOf: startsWith('\u0093NUMPY'),
  what: 'holds arrays of NumPy, expected tensors',
  hint: () => `save them as tensors in Python: ${saveArrays}`,
};

/** The recognized kinds; none of them contains tensors. */
const kinds: readonly Kind[] = [
  { isOf: ({ start }) => start === '', what: 'is empty', hint: () => 'fetch or save the file again' },
  arraysOfNumPy,
  { isOf: startsWith('\u001f\u008b'), what: 'is packed by gzip', hint: unpack('gunzip -c') },
  { isOf: startsWith('BZh'), what: 'is packed by bzip2', hint: unpack('bunzip2 -c') },
  { isOf: startsWith('\u00fd7zXZ\0'), what: 'is packed by xz', hint: unpack('xz -dc') },
  { isOf: startsWith('\u0028\u00b5\u002f\u00fd'), what: 'is packed by zstd', hint: unpack('zstd -dc') },
  {
    isOf: startsWith('ustar', 257),
    what: 'is a tar archive',
    hint: (path) => `unpack it, and name the file of weights that was in it: tar -xf ${quoted(path)}`,
  },
  {
    isOf: startsWith('\u0089HDF\r\n\u001a\n'),
    what: 'is an HDF5 file, as Keras writes them, expected tensors',
    hint: (path) => inPython(path, readHdf5),
  },
  {
    // A protobuf message: a version, which is small, then the writer's name or the graph.
    isOf: ({ start }) =>
      start.startsWith('\b') && start.charCodeAt(1) < 32 && ['\u0012', ':'].includes(start[2] ?? ''),
    what: 'is an ONNX file, which is a program and not weights alone',
    hint: (path) =>
      inPython(
        path,
        'weights = {one.name: torch.tensor(onnx.numpy_helper.to_array(one)) for one in onnx.load(FILE).graph.initializer}',
      ),
  },
  {
    isOf: ({ path, start }) =>
      /\.(index|meta|data-\d+-of-\d+)$/.test(path) || start.startsWith('model_checkpoint_path:'),
    what: 'is a part of a checkpoint of TensorFlow, expected tensors of PyTorch or safetensors',
    hint: (path) =>
      inPython(
        path.replace(/\.(index|meta|data-\d+-of-\d+)$/, ''),
        'reader = tf.train.load_checkpoint(FILE); weights = {name: torch.tensor(reader.get_tensor(name)) for name, dtype in reader.get_variable_to_dtype_map().items() if dtype.is_floating}',
      ),
  },
  {
    isOf: ({ start }) => /^\s*[{[]\s*["{[\]}\d]/.test(start),
    what: 'is a text of JSON, expected tensors',
    hint: () => 'name the file of weights: one that is in parts lists them, and each is a file of its own',
  },
];

/** Throws an OtherKind if a file is of a known kind without tensors; `first` are its first bytes. */
export function refuseOtherKinds(path: string, first: Uint8Array): void {
  const seen = { path, start: Buffer.from(first).toString('latin1') };
  const standIn = standInOf(seen.start);
  if (standIn) throw new OtherKind(`is ${standIns[standIn].what}`, standIns[standIn].fetch);
  const kind = kinds.find(({ isOf }) => isOf(seen));
  if (kind) throw otherKind(kind, path);
}

/** File endings of weights inside archives. */
const weightsInside = /\.(pth|pt|ckpt|bin|safetensors|tar)$/i;

/** Throws an OtherKind for a zip archive that torch.save did not write, if its kind is known. */
export function refuseOtherArchives(path: string, names: readonly string[]): void {
  if (names.some((name) => name.endsWith('.npy'))) throw otherKind(arraysOfNumPy, path);
  const inside = names.find((name) => weightsInside.test(name));
  const isKeras = names.some((name) => name.endsWith('.weights.h5'));
  if (inside === undefined && !isKeras) return;
  throw isKeras
    ? new OtherKind(
        'is a model of Keras, expected tensors',
        `unzip it: unzip ${quoted(path)}; then ${inPython('model.weights.h5', readHdf5)}`,
      )
    : new OtherKind(
        `is a zip archive that holds the file '${inside}'`,
        `unzip it, and name that file: unzip ${quoted(path)}`,
      );
}

const otherKind = ({ what, hint }: Kind, path: string): OtherKind => new OtherKind(what, hint(path));
