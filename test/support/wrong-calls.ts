/** Lists wrong calls of the library, with the error that each gets. They are written without the help of types. */
import type { Model } from '../../runtime/index.ts';

/** A call, its code, and parts of its message: the function, what was found, what is expected. */
export type WrongCall = readonly [call: (model: Untyped) => unknown, code: string, ...parts: string[]];

type Untyped = Record<keyof Model, (...values: unknown[]) => unknown>;

/** Sizes of the experiment that the calls are made on. */
export const side = 32;
export const classes = 3;
export const latent = 3;
const pixels = side * side;

const labels = (count = 1): Int32Array => new Int32Array(count * pixels);
const real = (count = 1): Float32Array => new Float32Array(count * pixels * 3);
const batch = (count: number): object => ({
  labels: { shape: [count, side, side], values: labels(count) },
  real: { shape: [count, side, side, 3], values: real(count) },
});
const withEntry = <T extends { [index: number]: number }>(array: T, value: number, at = 5): T => {
  array[at] = value;
  return array;
};
const step =
  (options: unknown): WrongCall[0] =>
  (model) =>
    model.step(batch(1), options);
const paint =
  (feed: unknown, options?: unknown): WrongCall[0] =>
  (model) =>
    model.synthesize({ labels: feed }, options);
const train =
  (feeds: object): WrongCall[0] =>
  (model) =>
    model.step({ ...batch(1), ...feeds });
const z =
  (feed: unknown): WrongCall[0] =>
  (model) =>
    model.synthesize({ labels: labels(), z: feed });
class Options {
  training = true;
}

/** Arrays that are not a batch, or not arrays. */
export const wrongFeeds: readonly WrongCall[] = [
  [
    paint(labels(4)),
    'wrong-length',
    "synthesize: 'labels'",
    '4096',
    '1024 ([1,32,32])',
    '{ shape: [4,32,32], values }',
  ],
  [paint(labels(2), { batch: 3 }), 'wrong-length', '2048', '3072 ([3,32,32])'],
  [paint(labels().subarray(1)), 'wrong-length', '1023', 'row by row'],
  [paint([]), 'wrong-length', 'found: 0'],
  [paint({ shape: [0, side, side], values: [] }), 'wrong-shape', '[0,32,32]', '[1,32,32]'],
  [paint({ shape: [side, side], values: labels() }), 'wrong-shape', '[32,32]', 'the batch comes first'],
  [paint({ shape: [2, side, side], values: labels() }), 'wrong-length', '1024', '2048 ([2,32,32])'],
  [paint({ shape: [-1, side, side], values: labels() }), 'wrong-shape', '[-1,32,32]'],
  [paint({ shape: [1.5, side, side], values: labels() }), 'wrong-shape', '[1.5,32,32]'],
  [paint({ shape: [NaN, side, side], values: labels() }), 'wrong-shape', '[NaN,32,32]'],
  [paint({ shape: '1,32,32', values: labels() }), 'wrong-shape', '"1,32,32"'],
  [paint({ shape: new Array(3), values: labels() }), 'wrong-shape', '[undefined,undefined,undefined]'],
  [paint({ shape: [1, side, side] }), 'not-numbers', 'an object'],
  [paint({ values: labels() }), 'not-numbers', 'an object'],
  [paint({ shape: [1, side, side], values: 7 }), 'not-numbers', 'found: 7'],
  [paint(undefined), 'not-numbers', 'undefined'],
  [paint(null), 'not-numbers', 'null'],
  [paint(7), 'not-numbers', 'found: 7'],
  [paint('0'.repeat(pixels)), 'not-numbers', '...'],
  [
    paint(Array.from({ length: side }, () => new Array<number>(side).fill(0))),
    'not-numbers',
    'a list of 32 at entry 0',
    'flat(Infinity)',
  ],
  [paint(new Array(pixels)), 'not-numbers', 'undefined at entry 0'],
  [paint(Array.from({ length: pixels }, (_, i) => (i === 9 ? '1' : 1))), 'not-numbers', '"1" at entry 9'],
  [paint(Array.from({ length: pixels }, () => 1n)), 'not-numbers', 'BigInt 1n at entry 0'],
  [paint(new BigInt64Array(pixels)), 'not-numbers', 'BigInt64Array', 'Number'],
  [paint(new DataView(new ArrayBuffer(pixels))), 'not-numbers', 'DataView'],
  [paint(new ArrayBuffer(4 * pixels)), 'not-numbers', 'ArrayBuffer'],
  [paint(new Map()), 'not-numbers', 'an object of Map'],
  [paint(Promise.resolve(labels())), 'not-numbers', 'await is missing'],
  [paint(() => labels()), 'not-numbers', 'a function'],
  [paint(withEntry(labels(), classes)), 'unknown-class', '3 at entry 5', '0 to 2'],
  [paint(withEntry(labels(), -1)), 'unknown-class', '-1 at entry 5'],
  [paint(withEntry(new Uint8Array(pixels), 255)), 'unknown-class', '255 at entry 5'],
  [paint(withEntry(new Float64Array(pixels), 2 ** 32 + 1)), 'unknown-class', '4294967297 at entry 5'],
  [paint(withEntry(new Uint32Array(pixels), 2 ** 32 - 1)), 'unknown-class', '4294967295 at entry 5'],
  [paint(withEntry(new Float32Array(pixels), 0.5)), 'not-whole', '0.5 at entry 5'],
  [paint(withEntry(new Float32Array(pixels), NaN)), 'not-whole', 'NaN at entry 5'],
  [paint(withEntry(new Float32Array(pixels), Infinity)), 'not-whole', 'Infinity at entry 5'],
  [(model) => model.synthesize({}), 'missing-input', "lacks its input 'labels'"],
  [(model) => model.synthesize({ Labels: labels() }), 'unknown-input', "did you mean 'labels'?"],
  [(model) => model.synthesize({ labels: labels(), constructor: [1] }), 'unknown-input', "'constructor'"],
  [(model) => model.synthesize(JSON.parse('{"__proto__": [1]}') as object), 'unknown-input', "'__proto__'"],
  [(model) => model.synthesize(undefined), 'wrong-argument', "synthesize: the argument 'feeds'", 'undefined'],
  [(model) => model.synthesize(null), 'wrong-argument', 'null'],
  [(model) => model.synthesize(labels()), 'wrong-argument', 'Int32Array'],
  [(model) => model.synthesize(new Map([['labels', labels()]])), 'wrong-argument', 'an object of Map'],
  [
    (model) => model.synthesize(Object.create({ labels: labels() }) as object),
    'wrong-argument',
    "the argument 'feeds'",
  ],
  [z(new Float32Array(2 * latent)), 'wrong-length', "'z'", '6', '3 ([1,3])'],
  [z([0, NaN, 0]), 'not-finite', "'z'", 'NaN at entry 1'],
  [z([0, 0, 1e39]), 'not-finite', '1e+39 at entry 2', 'single precision'],
  [z({ shape: [latent], values: [0, 0, 0] }), 'wrong-shape', '[3]', '[1,3]'],
  [train({ real: withEntry(real(), NaN) }), 'not-finite', "step: 'real'", 'NaN at entry 5'],
  [train({ real: withEntry(real(), -Infinity) }), 'not-finite', '-Infinity at entry 5'],
  [
    train({ real: withEntry(new Uint8Array(3 * pixels), 128) }),
    'not-a-photo',
    '128 at entry 5',
    '/ 127.5 - 1',
  ],
  [train({ real: real(2) }), 'wrong-length', "'real'", '6144', '3072 ([1,32,32,3])'],
  [train({ real: { shape: [2, side, side, 3], values: real(2) } }), 'unlike-batches', '1 and 2 pictures'],
  [train({ real: { shape: [1, 3, side, side], values: real() } }), 'wrong-shape', "layout: 'NCHW'"],
  [train({ 'G/G.z': [1, 2] }), 'wrong-length', "'G/G.z'", '3 ([1,3])'],
  [train({ random_state: [1, 2] }), 'unknown-input', "'random_state'"],
];

/** Options with unknown names or wrong values, and wrong arguments. */
export const wrongOptions: readonly WrongCall[] = [
  [step({ signal: true }), 'wrong-option', "'signal'", 'found: true', 'an AbortSignal', 'controller.signal'],
  [step({ step: -1 }), 'wrong-option', "step: the option 'step'", 'found: -1', 'a whole number from 0'],
  [step({ step: NaN }), 'wrong-option', 'found: NaN'],
  [step({ step: 1.5 }), 'wrong-option', 'found: 1.5'],
  [step({ step: 2 ** 31 }), 'wrong-option', '2147483648'],
  [step({ step: '1' }), 'wrong-option', '"1"'],
  [step({ step: null }), 'wrong-option', 'null'],
  [step({ rates: { G: NaN } }), 'wrong-option', "'rates.G'", 'NaN', 'a finite number from 0'],
  [step({ rates: { G: -1 } }), 'wrong-option', 'found: -1'],
  [step({ rates: { G: Infinity } }), 'wrong-option', 'Infinity'],
  [step({ rates: { G: 1e39 } }), 'wrong-option', '1e+39'],
  [step({ rates: { G: '1e-4' } }), 'wrong-option', '"1e-4"'],
  [step({ rates: { H: 1 } }), 'unknown-optimizer', "'H'", 'rates of G, D'],
  [step({ rates: { toString: 1 } }), 'unknown-optimizer', "'toString'"],
  [step({ rates: [1e-4] }), 'wrong-option', "'rates'", 'a list of 1'],
  [step({ rates: 1e-4 }), 'wrong-option', '0.0001'],
  [step({ stepsPerEpoch: 0 }), 'wrong-option', "'stepsPerEpoch'", 'found: 0'],
  [step({ stepsPerEpoch: NaN }), 'wrong-option', 'NaN'],
  [step({ seed: -1 }), 'wrong-option', "'seed'", '0 to 2147483647'],
  [step({ seed: 2 ** 31 }), 'wrong-option', '2147483648'],
  [step({ seed: 0.5 }), 'wrong-option', '0.5'],
  [step({ seed: NaN }), 'wrong-option', 'NaN'],
  [step({ seed: 1n }), 'wrong-option', 'BigInt 1n'],
  [step({ exposeGradients: 1 }), 'wrong-option', "'exposeGradients'", 'true or false'],
  [step({ exposePictures: 'yes' }), 'wrong-option', '"yes"'],
  [step({ exposePicture: true }), 'unknown-option', "did you mean 'exposePictures'?"],
  [step({ noise: [1] }), 'wrong-option', "'noise'"],
  [step({ noise: { labels: labels() } }), 'given-twice', "'labels' in feeds and in noise"],
  [step({ noise: { 'labels.instances': labels() } }), 'unknown-input', "'labels.instances'"],
  [step({ noise: { 'G/G.z': [1, NaN, 2] } }), 'not-finite', 'NaN at entry 1'],
  [step({ noise: { 'G/G.y': [1, 2, 3] } }), 'unknown-input', "did you mean 'G/G.z'?"],
  [
    (model) => model.step({ labels: labels() }, { noise: { real: real() } }),
    'unknown-input',
    "'real' is not among the noise",
  ],
  [step({ batch: 0 }), 'wrong-batch', 'found: 0'],
  [step({ batch: -2 }), 'wrong-batch', 'found: -2'],
  [step({ batch: 1e12 }), 'wrong-batch', '1000000000000'],
  [step({ batch: '2' }), 'wrong-batch', '"2"'],
  [step({ batch: 2 }), 'wrong-shape', '[1,32,32]', '[2,32,32]'],
  [step({ layout: 'nchw' }), 'unknown-choice', "did you mean 'NCHW'?"],
  [step({ layout: 1 }), 'unknown-choice', 'one of NHWC, NCHW'],
  [step({ layout: null }), 'unknown-choice', 'null'],
  [step({ dtype: 'f16' }), 'unknown-option', "'dtype'"],
  [step(null), 'wrong-argument', "the argument 'options'", 'null'],
  [step(3), 'wrong-argument', 'found: 3'],
  [step(['layout']), 'wrong-argument', 'a list of 1'],
  [step(new Options()), 'wrong-argument', 'an object of Options'],
  [step(Object.create({ seed: 1 })), 'wrong-argument', "the argument 'options'"],
  [(model) => model.forward('G', { seg: labels() }, { training: 'false' }), 'wrong-option', '"false"'],
  [
    (model) => model.forward('G', { seg: labels() }, { traning: true }),
    'unknown-option',
    "did you mean 'training'?",
  ],
  [(model) => model.forward(undefined, {}), 'wrong-argument', "forward: the argument 'network'"],
  [(model) => model.forward('g', { seg: labels() }), 'unknown-network', "did you mean 'G'?"],
  [(model) => model.forward('G/x', { seg: labels() }), 'unknown-network', "'G/x'", 'one of G, D'],
  [(model) => model.forward('__proto__', {}), 'unknown-network', "'__proto__'"],
  [(model) => model.loss('G', batch(1), { gradients: 'no' }), 'wrong-option', "loss: the option 'gradients'"],
  [(model) => model.loss(7, batch(1)), 'wrong-argument', 'found: 7'],
  [(model) => model.encode({ real: real() }), 'unknown-method', "'encode'"],
  [
    (model) => model.gradients('G', { seg: labels() }),
    'wrong-argument',
    "gradients: the argument 'cotangents'",
  ],
  [(model) => model.gradients('G', { seg: labels() }, null), 'wrong-argument', 'null'],
  [(model) => model.gradients('G', { seg: labels() }, { seg: labels() }), 'given-twice', "'seg'"],
  [
    (model) => model.gradients('G', { seg: labels() }, { z: [1, 2, 3] }),
    'unknown-input',
    "'z' is not among the cotangents",
  ],
  [
    (model) => model.gradients('G', { seg: labels() }, { output: real(), cotangent: real() }),
    'given-twice',
    'cotangent',
  ],
  [
    (model) => model.gradients('G', { seg: labels() }, [1]),
    'wrong-length',
    "'cotangent'",
    '3072 ([1,32,32,3])',
  ],
  [
    (model) => model.gradients('G', { seg: labels() }, withEntry(real(), NaN)),
    'not-finite',
    'NaN at entry 5',
  ],
  [(model) => model.inputs('step', { batch: 0 }), 'wrong-batch', 'inputs: the batch'],
  [(model) => model.inputs('step', { bach: 2 }), 'unknown-option', "did you mean 'batch'?"],
  [(model) => model.inputs('step', null), 'wrong-argument', 'null'],
  [(model) => model.inputs(), 'wrong-argument', "the argument 'method'"],
  [(model) => model.outputs('steps'), 'unknown-method', "did you mean 'step'?"],
];

/** Mistakes in reading and setting variables. */
export const wrongVariables: readonly WrongCall[] = [
  [(model) => model.read('G.conv_img.bias'), 'wrong-argument', "read: the argument 'names'", "['G.fc.bias']"],
  [(model) => model.read([7]), 'wrong-argument', 'found: 7'],
  [(model) => model.read(new Array(1)), 'wrong-argument', 'undefined'],
  [(model) => model.read(['toString']), 'unknown-variable', "'toString'"],
  [(model) => model.write(), 'wrong-argument', "write: the argument 'values'"],
  [(model) => model.write([[1]]), 'wrong-argument', 'a list of 1'],
  [(model) => model.write({ 'G.conv_img.bias': [1, 2] }), 'wrong-length', 'found: 2', '3 ([3])'],
  [(model) => model.write({ 'G.conv_img.bias': [1, NaN, 2] }), 'not-finite', 'NaN at entry 1'],
  [(model) => model.write({ 'G.conv_img.bias': undefined }), 'not-numbers', 'undefined'],
  [(model) => model.write({ 'G.conv_img.bias': [1, 2, 3], 'G.none': [1] }), 'unknown-variable', "'G.none'"],
  [(model) => model.readOfficial(), 'wrong-argument', "readOfficial: the argument 'options'"],
  [(model) => model.readOfficial({}), 'wrong-option', "'network'", 'undefined'],
  [(model) => model.readOfficial({ network: 'G', within: '' }), 'wrong-option', "'within'"],
  [(model) => model.readOfficial({ network: 'G', prefix: 1 }), 'wrong-option', "'prefix'"],
  [(model) => model.readOfficial({ network: 'G', mapping: 1 }), 'wrong-option', "'mapping'"],
  [
    (model) => model.readOfficial({ network: 'G', mapping: [{ ours: 'a' }] }),
    'wrong-option',
    "'mapping[0].official'",
  ],
  [
    (model) => model.readOfficial({ network: 'G', mapping: [{ ours: 'a', official: 'b', to: 'c' }] }),
    'unknown-option',
    "'mapping[0].to'",
  ],
  [
    (model) => model.writeOfficial(null, { network: 'G' }),
    'wrong-argument',
    "writeOfficial: the argument 'tensors'",
  ],
  [
    (model) => model.writeOfficial({ 'conv_img.bias': [1, 2, 3] }, { network: 'G' }),
    'not-numbers',
    'is no tensor',
    'a list of 3',
  ],
  [
    (model) => model.writeOfficial({ 'conv_img.bias': { shape: [3], values: [1, 2] } }, { network: 'G' }),
    'wrong-length',
    '3 ([3])',
  ],
  [
    (model) =>
      model.writeOfficial({ 'conv_img.bias': { shape: [3], values: [1, 2, Infinity] } }, { network: 'G' }),
    'not-finite',
    'Infinity at entry 2',
  ],
  [
    (model) => model.toOfficial(undefined, { network: 'G' }),
    'wrong-argument',
    "toOfficial: the argument 'tensors'",
  ],
  [(model) => model.toOfficial({ a: 1 }, { network: 'G' }), 'nothing-own', 'found: a\n', 'expected: G.'],
  [
    (model) => model.toOfficial({ 'D.x': { shape: [1], values: [1] } }, { network: 'G' }),
    'nothing-own',
    "none of the tensors is of a variable of 'G'",
  ],
  [
    (model) => model.toOfficial({ 'G.conv_img.bias': { shape: [2], values: [1, 2] } }, { network: 'G' }),
    'wrong-shape',
    '[2]',
    '[3]',
  ],
];
