/** Makes the messages for embedding programs: one function a message. */
import { didYouMean as meant } from '../../dsl/fix.ts';
import { inputError, SpadeworkError } from '../../dsl/errors.ts';
import { knownError } from '../base/known-error.ts';
import { suggest } from '../../dsl/suggest.ts';

/** Makes the error for a wrong call: what is wrong, then `found` and `expected`, then the hint. */
const wrongCall = (
  code: string,
  what: string,
  found: string,
  expected: string,
  hint: string,
): SpadeworkError => inputError(code, what, hint, { notes: [`found: ${found}`, `expected: ${expected}`] });

/** Runs a function of the library and adds its name to the mistakes found. */
export function inCall<T>(call: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(error, call);
  }
}

/** Adds the name of the call to an error for its user; errors of the caller's own objects are unchanged. */
function named(error: unknown, call: string): unknown {
  const known = error instanceof SpadeworkError ? error : knownError(error);
  return known ? known.in(call) : error;
}

/** `inCall` for asynchronous functions. */
export async function inLongCall<T>(call: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw named(error, call);
  }
}

/** Writes a shape. */
export const shapeText = (shape: readonly number[]): string => `[${shape.join(',')}]`;

/** Lists names, shortened if there are many. */
function list(names: readonly string[]): string {
  const most = 12;
  const shown = names.slice(0, most).join(', ');
  if (names.length === 0) return 'none';
  return names.length > most ? `${shown}, ... (${names.length})` : shown;
}

function didYouMean(name: string, known: readonly string[], otherwise: string): string {
  const near = suggest(name, known);
  return near === undefined ? otherwise : meant(near);
}

export const disposed = (name: string): SpadeworkError =>
  wrongCall(
    'disposed',
    `the model '${name}' was disposed of`,
    'a call after dispose()',
    'calls before it',
    'open the model again, or dispose of it later',
  );

export const unreadableSpec = (file: string, why: string): SpadeworkError =>
  wrongCall(
    'unreadable-file',
    `the spec '${file}' cannot be read`,
    why,
    'a text that ends in .spade, or a spec as JSON',
    'check the path; it is relative to the working folder',
  );

export const unknownNetwork = (name: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-network',
    `there is no network '${name}'`,
    `'${name}'`,
    `one of ${list(known)}`,
    didYouMean(name, known, 'model.networks lists the networks'),
  );

export const unknownMethod = (name: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-method',
    `there is no method '${name}'`,
    `'${name}'`,
    `one of ${list(known)}`,
    didYouMean(name, known, 'model.methods lists the methods'),
  );

export const unknownInput = (method: string, name: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-input',
    `'${method}' has no input '${name}'`,
    `'${name}'`,
    `some of ${list(known)}`,
    didYouMean(name, known, `model.inputs('${method}') lists the inputs with their shapes`),
  );

export const undeclaredInput = (name: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-input',
    `no network takes the declared input '${name}'`,
    `'${name}'`,
    `some of ${list(known)}`,
    didYouMean(name, known, "declare inputs by the names of the network's parameters"),
  );

export const unknownOption = (name: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-option',
    `there is no option '${name}'`,
    `'${name}'`,
    `some of ${list(known)}`,
    didYouMean(name, known, 'docs/library.md says what each option does'),
  );

export const unknownChoice = (option: string, found: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-choice',
    `the option '${option}' cannot be '${found}'`,
    `'${found}'`,
    `one of ${list(known)}`,
    didYouMean(found, known, 'leave it out to take the default'),
  );

export const missingInput = (method: string, name: string, shape: readonly number[]): SpadeworkError =>
  wrongCall(
    'missing-input',
    `'${method}' lacks its input '${name}'`,
    'nothing',
    shapeText(shape),
    `model.inputs('${method}') lists the inputs with their shapes`,
  );

export const wrongShape = (
  name: string,
  found: readonly number[],
  expected: readonly number[],
  hint: string,
): SpadeworkError =>
  wrongCall('wrong-shape', `'${name}' has another shape`, shapeText(found), shapeText(expected), hint);

export const wrongLength = (
  name: string,
  found: number,
  expected: readonly number[],
  isBatch: boolean,
): SpadeworkError => {
  const entries = expected.reduce((product, size) => product * size, 1);
  const [batch = 1, ...item] = expected;
  const pictures = found / (entries / batch);
  const couldBe = isBatch && Number.isInteger(pictures) && pictures > 0;
  return wrongCall(
    'wrong-length',
    `'${name}' has another number of entries`,
    `${found}`,
    `${entries} (${shapeText(expected)})`,
    couldBe
      ? `if these are ${pictures} pictures, say so: { shape: ${shapeText([pictures, ...item])}, values }`
      : 'give numbers row by row, all pictures of a batch behind each other',
  );
};

export const unlikeBatches = (
  first: string,
  firstBatch: number,
  second: string,
  secondBatch: number,
): SpadeworkError =>
  wrongCall(
    'unlike-batches',
    `'${first}' and '${second}' are not of one batch`,
    `${firstBatch} and ${secondBatch} pictures`,
    'as many pictures in every input',
    'check which of them lacks pictures, or is an array of one picture without a shape',
  );

export const wrongBatch = (found: string, most: number): SpadeworkError =>
  wrongCall(
    'wrong-batch',
    'the batch is no size',
    found,
    `a whole number from 1 to ${most}`,
    'leave it out: it follows from the shapes of the feeds',
  );

export const batchNotInParts = (batch: number, parts: number): SpadeworkError =>
  wrongCall(
    'wrong-batch',
    `a step of this spec takes its batch in ${parts} equal parts`,
    `${batch} ${batch === 1 ? 'picture' : 'pictures'}`,
    `a multiple of ${parts}`,
    `give feeds with shapes of ${parts} pictures, or leave accumulate out of the train section`,
  );

export const wrongArgument = (name: string, found: string, expected: string, hint: string): SpadeworkError =>
  wrongCall('wrong-argument', `the argument '${name}' cannot be used`, found, expected, hint);

export const wrongOption = (name: string, found: string, expected: string, hint: string): SpadeworkError =>
  wrongCall('wrong-option', `the option '${name}' cannot have this value`, found, expected, hint);

export const uselessOption = (name: string, why: string, hint: string): SpadeworkError =>
  wrongCall('useless-option', `the option '${name}' has no use here`, `'${name}'`, why, hint);

export const givenTwice = (name: string, first: string, second: string): SpadeworkError =>
  wrongCall(
    'given-twice',
    `'${name}' is given twice`,
    `'${name}' in ${first} and in ${second}`,
    'one array for each input',
    `leave it out of ${first} or of ${second}`,
  );

export const wrongOrigin = (name: string, from: string, role: string): SpadeworkError =>
  wrongCall(
    'unknown-input',
    `'${name}' is not among the ${from}`,
    `the ${role} '${name}' in ${from}`,
    `${from} alone`,
    `give '${name}' among the feeds`,
  );

export const notNumbers = (name: string, found: string): SpadeworkError =>
  wrongCall(
    'not-numbers',
    `'${name}' holds no numbers that can be used`,
    found,
    'a typed array, a list of numbers, or { shape, values }',
    'BigInt arrays and nested lists are converted by you: Int32Array.from(big, Number), nested.flat(Infinity)',
  );

export const noShape = (name: string, found: string): SpadeworkError =>
  wrongCall(
    'wrong-shape',
    `the shape of '${name}' is none`,
    found,
    'a list of whole numbers from 0',
    'give { shape: [1, height, width, channels], values }, or the values alone',
  );

export const notWhole = (name: string, index: number, found: number): SpadeworkError =>
  wrongCall(
    'not-whole',
    `'${name}' takes whole numbers`,
    `${found} at entry ${index}`,
    'class ids or instance ids',
    'give an Int32Array or a Uint8Array of ids, one for each pixel',
  );

export const unknownClass = (name: string, index: number, found: number, classes: number): SpadeworkError =>
  wrongCall(
    'unknown-class',
    `'${name}' holds an id that is no class`,
    `${found} at entry ${index}`,
    `0 to ${classes - 1}`,
    'map ids that mean nothing to a class of their own, and count it in classes',
  );

export const unknownInstance = (name: string, index: number, found: number, most: number): SpadeworkError =>
  wrongCall(
    'unknown-instance',
    `'${name}' holds a number that is no instance`,
    `${found} at entry ${index}`,
    `0 to ${most}`,
    'number the instances of each picture from 0; which number an instance has does not matter',
  );

export const notFinite = (name: string, index: number, found: number): SpadeworkError =>
  wrongCall(
    'not-finite',
    `'${name}' takes finite numbers`,
    `${found} at entry ${index}`,
    'numbers that are finite in single precision',
    'look for what made it: a division by 0, a logarithm of 0, an average of nothing',
  );

export const notAnEdge = (name: string, index: number, found: number): SpadeworkError =>
  wrongCall(
    'not-an-edge',
    `'${name}' holds more than edges`,
    `${found} at entry ${index}`,
    '0, or 1 where a pixel borders on another instance',
    `feed instance ids as '${name.replace(/edges$/, 'instances')}'; their edges are made of them`,
  );

export const notAPhoto = (name: string, index: number, found: number): SpadeworkError =>
  wrongCall(
    'not-a-photo',
    `'${name}' holds numbers that no photograph has`,
    `${found} at entry ${index}`,
    'numbers from -1 (black) to 1 (white)',
    'scale 8-bit values: value / 127.5 - 1',
  );

export const unknownVariable = (name: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-variable',
    `there is no variable '${name}'`,
    `'${name}'`,
    `one of ${known.length} names`,
    didYouMean(name, known, 'model.variables lists them'),
  );

export const wrongSemantics = (found: string): SpadeworkError =>
  wrongCall(
    'wrong-semantics',
    'the semantics are no label map',
    found,
    'rank 4, one channel that is 1 among the classes at each pixel',
    "set layout: 'NCHW' where channels come first, and edges: false where the last channel is a class",
  );

export const severalOutputs = (network: string, outputs: readonly string[]): SpadeworkError =>
  wrongCall(
    'several-outputs',
    `the network '${network}' has several outputs`,
    'a cotangent without a name',
    list(outputs.map((name) => name.replace('output', 'cotangent'))),
    "name them: { 'cotangent/0': values }",
  );

export const notTrainable = (name: string): SpadeworkError =>
  wrongCall(
    'not-trainable',
    `'${name}' has no training step`,
    'a spec without losses or without a train section',
    'an experiment with loss and train',
    'open an experiment; model.methods says what there is',
  );

export const noCheckpointOf = (run: string, step: number): SpadeworkError =>
  wrongCall(
    'no-checkpoint',
    `the run '${run}' has no whole checkpoint of step ${step}`,
    'no such folder below checkpoints/, or a damaged one',
    'the step of one that is there',
    'leave the option checkpoint out to take the last one',
  );

export const noRate = (network: string, known: readonly string[]): SpadeworkError =>
  wrongCall(
    'unknown-optimizer',
    `no optimizer moves '${network}'`,
    `a rate of '${network}'`,
    `rates of ${list(known)}`,
    didYouMean(network, known, 'name a network that the train section optimizes'),
  );

export const officialShape = (
  official: string,
  ours: string,
  found: readonly number[],
  expected: readonly number[],
): SpadeworkError =>
  wrongCall(
    'wrong-shape',
    `the official '${official}' does not fit '${ours}'`,
    shapeText(found),
    shapeText(expected),
    'open the spec with the settings (width, classes, layers) that the weights were made with',
  );

export const notATensor = (name: string, found: string): SpadeworkError =>
  wrongCall(
    'not-numbers',
    `the official '${name}' is no tensor`,
    found,
    '{ shape, values }',
    'give the shape as well, in the order of axes that PyTorch has',
  );

export const nothingOfficial = (
  network: string,
  found: readonly string[],
  expected: readonly string[],
): SpadeworkError =>
  wrongCall(
    'nothing-fits',
    `none of the tensors belongs to '${network}'`,
    list(found),
    list(expected),
    'set prefix to what the names start with, within to the part of the network, and the mapping of their code',
  );

export const nothingOwn = (
  network: string,
  found: readonly string[],
  expected: readonly string[],
): SpadeworkError =>
  wrongCall(
    'nothing-own',
    `none of the tensors is of a variable of '${network}'`,
    list(found),
    list(expected),
    'name tensors as model.variables lists them, as the gradients of a call are; those of the official code go to writeOfficial',
  );

export const unknownPart = (network: string, within: string): SpadeworkError =>
  wrongCall(
    'unknown-part',
    `'${network}' has no variables under '${within}'`,
    `'${within}'`,
    'a label, or several with dots between them: up_0.norm_0',
    'model.variables lists the names',
  );
