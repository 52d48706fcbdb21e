/** The errors and hints about files of weights, one function each. */
import { suggesting } from '../../dsl/fix.ts';
import { warningText } from '../../dsl/diagnostic.ts';
import { inputError, type SpadeworkError } from '../../dsl/errors.ts';

import { formatBytes } from '../base/format.ts';

/** Python code that saves weights in a readable form: from a network, or from other values by name. */
const saveNetwork = 'torch.save(network.state_dict(), "weights.pth")';
const saveEach = (value: string): string =>
  `torch.save({name: ${value} for name, value in weights.items()}, "weights.pth")`;

export const saveArrays = saveEach('torch.as_tensor(value)');

/** [pattern of a Python constructor, code that converts its objects to tensors]; plain tensors stay the same. */
const conversions: readonly (readonly [maker: RegExp, save: string])[] = [
  [/'numpy\./, saveArrays],
  [/_sparse/, saveEach('value.to_dense()')],
  [/_qtensor/, saveEach('value.dequantize()')],
];

/** Gives the Python code that saves unreadable objects as tensors. */
function saveInstead(unread: readonly string[]): string {
  const found = conversions.find(([maker]) => unread.some((what) => maker.test(what)));
  return found?.[1] ?? saveNetwork;
}

export const noSuchFile = (path: string): SpadeworkError =>
  inputError(
    'no-such-file',
    `there is no file '${path}'`,
    'check the path; weights are .safetensors or .pth files',
  );

export const unreadableFile = (path: string, why: string): SpadeworkError =>
  inputError('unreadable-weights', `'${path}' cannot be read: ${why}`, 'name a file that you may read');

export const unknownFormat = (path: string): SpadeworkError =>
  inputError(
    'unknown-format',
    `'${path}' is no file of weights: it is neither safetensors nor what torch.save writes`,
    `fetch it again where a download or Git LFS left another file in its place, or save the weights in Python with ${saveNetwork}`,
  );

/** `what` names the kind or content of the file, `hint` how to get weights from it. */
export const otherKindOfFile = (path: string, what: string, hint: string): SpadeworkError =>
  inputError('other-kind-of-file', `'${path}' ${what}`, hint);

export const notRegular = (path: string): SpadeworkError =>
  inputError(
    'weights-not-regular',
    `'${path}' is no regular file`,
    'name a file of weights: a device or a pipe is not read',
  );

export const folderOfWeights = (path: string): SpadeworkError =>
  inputError('folder-of-weights', `'${path}' is a folder`, 'name the file of weights in it');

export const damagedWeights = (path: string, why: string, cause?: unknown): SpadeworkError =>
  inputError('damaged-weights', `'${path}' is damaged: ${why}`, 'fetch or save the file again', { cause });

/** What is read of a file, to explain a refusal. */
const readAlone =
  'only tensors, numbers, texts and containers of them are read, and nothing in a file is ever run';
const saveAlone = `where you trust the file, save its weights alone in Python: ${saveNetwork}`;

export const refusedWeights = (path: string, why: string, cause?: unknown): SpadeworkError =>
  inputError('refused-weights', `'${path}' is refused: ${why}; ${readAlone}`, saveAlone, { cause });

/** Refuses objects that are not read, and says how to save them as tensors. */
const refusedObjects = (path: string, why: string, unread: readonly string[]): SpadeworkError =>
  inputError(
    'refused-objects',
    `'${path}' is refused: ${why}; ${readAlone}`,
    `where you trust the file, save its weights as tensors in Python: ${saveInstead(unread)}`,
  );

export const tooLargeWeights = (path: string, why: string, hint: string, cause?: unknown): SpadeworkError =>
  inputError('too-large-weights', `'${path}' is refused: ${why}`, hint, { cause });

/** The reason for refusing a file, and what to do. */
interface Refusal {
  readonly why: string;
  readonly hint: string;
}

/** The pickle, the entries or the header of a file make too many values. */
export const buildsTooMuch = (fileBytes: number): Refusal => ({
  why: `its ${formatBytes(fileBytes)} would make more values in memory than tensors need`,
  hint: saveAlone,
});

/** A file unpacks to too much. */
export const unpacksTooMuch = (unpacked: number, fileBytes: number): Refusal => ({
  why: `its ${formatBytes(fileBytes)} would unpack to ${formatBytes(unpacked)} or more, which is no packing of weights`,
  hint: saveAlone,
});

/** The tensors together repeat or share stored numbers too often. */
export const takesTooMuch = (tensor: string, taken: number, fileBytes: number): Refusal => ({
  why: `with '${shortened(tensor)}' the tensors of its ${formatBytes(fileBytes)} would take ${formatBytes(taken)}, as they repeat what is stored`,
  hint: 'where you trust the file, save such tensors whole in Python: tensor.contiguous()',
});

/** Says why a pickle with out-of-band buffers is refused. */
export const needsBuffers = (offset: number): string =>
  `its pickle asks for bytes that lie in no file (byte ${offset})`;

/** Texts of a file are cut at this length in messages. */
const longest = 100;
const shortened = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** Describes an unread object by its Python constructor. */
export const madeBy = (maker: string): string => `made by '${shortened(maker)}'`;

/** Describes an unread class or function. */
export const nameAlone = (name: string): string => `'${shortened(name)}' of Python`;

/** Describes a name that two tensors have. */
export const twoTensors = 'the name of two tensors';

/** Describes a container that is nested too deep to be searched. */
export const tooDeep = 'a container so deep in others that it is not looked into';

/** Lists unread objects, the outermost first. */
function listUnread(unread: ReadonlyMap<string, string>): string {
  const depth = (path: string): number => path.split('.').length;
  const inOrder = [...unread].sort(([a], [b]) => depth(a) - depth(b));
  const shown = inOrder.slice(0, 3).map(([at, what]) => (at === '' ? what : `'${shortened(at)}' is ${what}`));
  return shown.join(', ') + (unread.size > shown.length ? ` (${unread.size} in all)` : '');
}

/** Says that there are Python objects in place of tensors. */
export const objectsInPlace = (unread: ReadonlyMap<string, string>): string =>
  `objects of Python are not read: ${listUnread(unread)}; save tensors in their place: ${saveInstead([...unread.values()])}`;

export const noTensorsBut = (path: string, unread: ReadonlyMap<string, string>): SpadeworkError =>
  refusedObjects(path, `it holds no tensors, but objects of Python: ${listUnread(unread)}`, [
    ...unread.values(),
  ]);

export const unreadUnder = (path: string, inside: string, what: string): SpadeworkError =>
  refusedObjects(path, `'${inside}' is ${what}`, [what]);

export const noTensors = (path: string): SpadeworkError =>
  inputError('no-tensors', `'${path}' holds no tensors`, `save the weights in Python with ${saveNetwork}`);

export const unreadableDtype = (path: string, name: string, dtype: string): SpadeworkError =>
  inputError(
    'unreadable-dtype',
    `'${name}' of '${path}' has dtype ${dtype}, which is not read`,
    'convert it to float32 in Python',
  );

export const noSuchMapping = (
  name: string,
  known: readonly string[],
  near: string | undefined,
): SpadeworkError =>
  inputError(
    'no-such-mapping',
    `there is no mapping '${name}'`,
    suggesting(near, `known are ${known.join(', ')}; a file of your own ends in .json`),
  );

export const badMapping = (path: string, why: string): SpadeworkError =>
  inputError(
    'bad-mapping',
    `the mapping '${path}' cannot be used: ${why}`,
    'docs/weights.md says what a mapping holds',
  );

export const oneNameForTwo = (official: string, ours: readonly [string, string]): SpadeworkError =>
  inputError(
    'one-name-for-two',
    `the mapping names both '${ours[0]}' and '${ours[1]}' '${official}'`,
    'give each of them a rule of its own, the more special one first',
  );

/** Renders a part of a file as a command line option, quoted for a shell. */
export function insideOption(prefix: string): string {
  const path = prefix.replace(/\.$/, '');
  return `--inside ${/^[\w.-]+$/.test(path) ? path : `'${path}'`}`;
}

/** The most parts that a message lists. */
const listed = 10;
export const list = (names: readonly string[]): string =>
  names.slice(0, listed).join(', ') + (names.length > listed ? `, … (${names.length})` : '');

/** Lists the other parts of a file that contain the whole network. */
export const otherCopies = (copies: readonly string[]): string =>
  `everything fits elsewhere in the file, too: ${list(copies.map(insideOption))}`;

/** Warns that one of several copies was chosen automatically. */
export const oneOfCopies = (
  path: string,
  network: string,
  taken: string,
  copies: readonly string[],
): string =>
  warningText(
    'one-of-copies',
    `'${path}' holds ${network} ${copies.length + 1} times, read is ${taken === '' ? 'what lies outside of its parts' : `'${taken.replace(/\.$/, '')}'`}`,
    `${otherCopies(copies)} of 'spadework import' take the others`,
  );

/** `parts` are the parts with names of the network, the best first; `roots` are all top-level parts. */
export const notUnder = (
  path: string,
  inside: string,
  parts: readonly string[],
  roots: readonly string[],
): SpadeworkError =>
  inputError(
    'not-under',
    `'${path}' has nothing under '${inside}'`,
    parts[0] === '' || (parts.length === 0 && roots.length === 0)
      ? 'leave out --inside'
      : parts.length > 0
        ? `the names of this network lie under ${list(parts.map(insideOption))}`
        : `it has ${list(roots)}, but not the names of this network: choose another --network or --mapping`,
  );

/** A tensor with values that are not finite. */
export interface NotFinite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** The number of values that are not finite, and of all values. */
  readonly count: number;
  readonly of: number;
  /** The index of the first such value, and the value. */
  readonly index: readonly number[];
  readonly first: number;
}

/** Describes a tensor with values that are not finite. */
export const notFiniteValue = ({ name, shape, dtype, count, of, index, first }: NotFinite): string =>
  `'${name}' (${showShape(shape)}): ${count} of ${of}, the first at [${index.join(', ')}] (${first}${dtype === 'F64' ? ' as float32' : ''})`;

export const notFiniteValues = (path: string, bad: readonly NotFinite[]): SpadeworkError =>
  inputError(
    'not-finite-values',
    `'${path}' holds values that are not finite`,
    'the training that saved it had failed by then: take an earlier checkpoint of it',
    {
      notes: [
        ...bad.slice(0, listed).map(notFiniteValue),
        ...(bad.length > listed ? [`... and ${bad.length - listed} more tensors`] : []),
      ],
    },
  );

/** The request for a file. */
export interface Asked {
  readonly network: string;
  /** One of `specs/mappings`, or the path of a JSON file. */
  readonly mapping?: string | undefined;
  readonly inside?: string | undefined;
}

/** A network, mapping and part that a file fits. */
export interface Fitting {
  readonly network: string;
  /** The name of the mapping; undefined if our names fit. */
  readonly mapping: string | undefined;
  /** The prefix of the names in the file. */
  readonly inside: string;
}

export const doesNotFit = (
  report: readonly string[],
  asked: Asked,
  instead: Fitting | undefined,
): SpadeworkError =>
  inputError(
    'does-not-fit',
    'the weights do not fit the network',
    instead
      ? tryInstead(asked, instead)
      : 'choose the spec and the mapping that belong to the file; --partial takes what fits and leaves the rest as it is',
    { notes: report },
  );

export const nothingFits = (
  report: readonly string[],
  asked: Asked,
  instead: Fitting | undefined,
): SpadeworkError =>
  inputError(
    'no-weights-fit',
    'none of the weights fits the network',
    instead
      ? tryInstead(asked, instead)
      : 'choose the spec, the network and the mapping that belong to the file',
    { notes: report },
  );

function tryInstead(asked: Asked, { network, mapping, inside }: Fitting): string {
  const without = [
    ...(mapping === undefined && asked.mapping !== undefined ? ['--mapping'] : []),
    ...(inside === '' && asked.inside !== undefined ? ['--inside'] : []),
  ];
  const options = [
    `--network ${network}`,
    ...(mapping === undefined ? [] : [`--mapping ${mapping}`]),
    ...(inside === '' || asked.inside === undefined ? [] : [insideOption(inside)]),
    ...without.map((option) => `and no ${option}`),
  ];
  return `everything fits with ${options.join(' ')}`;
}

/** Prints a shape: `1024x36x3x3`, or `scalar`. */
export function showShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('x');
}
