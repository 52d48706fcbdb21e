/**
 * Translates calls of PyTorch and Keras layers and functions into calls of this language, arguments included. A new
 * name alone would keep arguments that have another meaning here, or none.
 */
import type { Argument, Call, Expression } from '../../dsl/ast.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import { carriedOver, plainName, whySettled } from '../messages/carried-over.ts';
import { paddingHere } from './values/unknown-arguments.ts';

/**
 * How a layer or function of PyTorch or Keras is called: the order of its arguments, and its defaults that differ from
 * ours.
 */
interface Foreign {
  /** The names of the positional arguments; the data that a layer is applied to is not one of them. */
  readonly order: readonly string[];
  /** Arguments to add where the call omits them, by our names. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Whether the default stride is the window size. */
  readonly stepsByWindow?: boolean;
}

const torchConv = ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding'];
const torchPool: Foreign = { order: ['kernel_size', 'stride', 'padding'], stepsByWindow: true };
const kerasPool: Foreign = { order: ['pool_size', 'strides', 'padding'], stepsByWindow: true };
const torchBatch: Foreign = { order: ['num_features', 'eps'], defaults: { affine: 'true' } };
const kerasNorm = { affine: 'true', epsilon: '1e-3' };

const layers: ReadonlyMap<string, Foreign> = new Map<string, Foreign>([
  ['Conv2d', { order: [...torchConv, 'dilation', 'groups', 'bias'], defaults: { pad: '0' } }],
  [
    'ConvTranspose2d',
    {
      order: [...torchConv, 'output_padding', 'groups', 'bias'],
      defaults: { stride: '1', pad: '0', output_pad: '0' },
    },
  ],
  ['Conv2D', { order: ['filters', 'kernel_size', 'strides', 'padding'], defaults: { pad: '0' } }],
  [
    'Conv2DTranspose',
    {
      order: ['filters', 'kernel_size', 'strides', 'padding'],
      defaults: { stride: '1', pad: '0', output_pad: '0' },
    },
  ],
  ['Dense', { order: ['units'] }],
  ['Linear', { order: ['in_features', 'out_features', 'bias'] }],
  ['BatchNorm2d', torchBatch],
  ['SyncBatchNorm', torchBatch],
  ['SynchronizedBatchNorm2d', torchBatch],
  ['BatchNormalization', { order: [], defaults: { ...kerasNorm, momentum: '0.01' } }],
  ['BatchNorm', torchBatch],
  ['InstanceNormalization', { order: [], defaults: { affine: 'true', epsilon: '1e-3' } }],
  ['InstanceNorm2d', { order: ['num_features', 'eps'] }],
  ['GroupNorm', { order: ['num_groups', 'in_channels', 'eps'], defaults: { affine: 'true' } }],
  ['GroupNormalization', { order: ['groups'], defaults: kerasNorm }],
  ['LayerNorm', { order: ['normalized_shape', 'eps'], defaults: { affine: 'true' } }],
  ['LayerNormalization', { order: [], defaults: kerasNorm }],
  ['ReLU', { order: ['inplace'] }],
  ['LeakyReLU', { order: ['negative_slope', 'inplace'], defaults: { slope: '0.01' } }],
  ['Dropout', { order: ['p', 'inplace'] }],
  ['ReflectionPad2d', { order: ['amount'] }],
  ['MaxPool2d', torchPool],
  ['AvgPool2d', torchPool],
  ['MaxPooling2D', kerasPool],
  ['AveragePooling2D', kerasPool],
  ['Upsample', { order: ['size', 'scale_factor', 'mode'] }],
]);

/**
 * The first argument of these layers is the number of input channels, which here follows from the input; as the only
 * argument it belongs to a layer that infers its input (Keras).
 */
const withInputs: ReadonlySet<string> = new Set(['Conv2d', 'ConvTranspose2d', 'Linear']);

/** Functions whose first argument is the data, by their plain names. */
const functions: ReadonlyMap<string, Foreign> = new Map<string, Foreign>([
  ['cat', { order: ['dim'] }],
  ['concatenate', { order: ['axis'] }],
  ['interpolate', { order: ['size', 'scale_factor', 'mode'] }],
  ['dropout', { order: ['p', 'training', 'inplace'] }],
  ['flatten', { order: ['start_dim', 'end_dim'] }],
  ['sum', { order: ['dim'] }],
  ['mean', { order: ['dim'] }],
  ['softmax', { order: ['dim'] }],
  ['relu', { order: ['inplace'] }],
  ['leakyrelu', { order: ['negative_slope', 'inplace'], defaults: { slope: '0.01' } }],
  ['batchnormalization', { order: [], defaults: { ...kerasNorm, momentum: '0.01' } }],
  ['groupnorm', { order: ['num_groups'] }],
  ['layernorm', { order: ['normalized_shape'] }],
  ['maxpool2d', torchPool],
  ['avgpool2d', torchPool],
]);

/** The defaults that differ in TensorFlow and Keras, by the plain names of the functions. */
const ofTensorFlow: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { slope: '0.3' },
  leaky_relu: { slope: '0.2' },
};
const isTensorFlow = (whole: string): boolean => /^(?:tf|keras|layers|K)\./.test(whole);

/** Distances of two tensors, as formulas in the functions of this language. */
const distances: ReadonlyMap<string, string> = new Map([
  ...['l1', 'l1loss', 'mae', 'meanabsoluteerror'].map((name) => [name, 'abs'] as const),
  ...['l2', 'l2loss', 'mse', 'mseloss', 'meansquarederror'].map((name) => [name, 'square'] as const),
]);

/** Writes the distance of two tensors for a call named as in other frameworks; undefined if the name is no distance. */
export function distanceOf(name: string, call: Call | undefined): string | undefined {
  const kind = distances.get(plainName(name));
  const [a, b] = call?.arguments ?? [];
  if (!kind || !a || !b || call?.arguments.length !== 2 || a.name || b.name) return undefined;
  return `mean(${kind}(${operand(a.value)} - ${operand(b.value)}))`;
}

/** Writes an expression as an operand, in parentheses where needed. */
export const operand = (value: Expression): string =>
  ['binary', 'conditional', 'pipeline'].includes(value.kind) ? `(${textOf(value.span)})` : textOf(value.span);

/**
 * Translates a call of `name`, the last part of `callee`, to a call of `target` with `parameters`. Gives only the name
 * if the arguments can stay, and undefined if their meaning is unclear.
 */
export function calledHere(
  name: string,
  callee: Span,
  call: Call,
  piped: boolean,
  target: string,
  parameters: readonly string[],
): { readonly text: string; readonly isWhole: boolean } | undefined {
  const { arguments: given } = call;
  const rename = { text: target, isWhole: false };
  const positional = given.filter((argument) => !argument.name);
  const [first] = positional;
  const isLayer = layers.has(name) && !(withInputs.has(name) && given.length === 1);
  const foreign = isLayer ? layers.get(name) : functions.get(plainName(name));
  if (!foreign) {
    // Named arguments have their own hints.
    const room = parameters.length - (piped ? 1 : 0);
    return parameters.length === 0 || positional.length <= room ? rename : undefined;
  }
  const { order } = foreign;
  const isData =
    isLayer && !piped && first !== undefined && !isSetting(first.value) && appliedTo(call) === undefined;
  // The argument may be data or a number of channels.
  if (isData && withInputs.has(name)) return undefined;
  const data = isLayer ? (isData ? 1 : 0) : piped ? 0 : 1;
  const texts = given.map((argument, at) =>
    at < data && !argument.name
      ? textOf(argument.value.span)
      : argumentHere(argument.name?.text ?? order[at - data], argument, target, parameters),
  );
  if (texts.includes(undefined)) return undefined;
  const written = texts.flatMap((text) => (text === undefined || text === '' ? [] : [text]));
  const all = [...written, ...defaultsOf(name, textOf(callee), foreign, written, parameters)];
  return all.length === 0 && given.length === 0
    ? rename
    : { text: `${target}(${all.join(', ')})`, isWhole: true };
}

/** Tells whether a value cannot be data: a number or a boolean word, in any case. */
const isSetting = (value: Expression): boolean =>
  ['number', 'boolean', 'string', 'size', 'list', 'none'].includes(value.kind) ||
  literalOf(value) !== undefined;

/** Reads `True`, `False` and `None`, which parse as names here. */
const literalOf = (value: Expression): string | undefined =>
  value.kind === 'reference' && /^(?:True|False|None)$/.test(value.name)
    ? value.name.toLowerCase()
    : undefined;

/** Gives the argument list after a call, as in `nn.ReLU(true)(x)`, with its parentheses; undefined if there is none. */
export function appliedTo({ span }: Call): string | undefined {
  return /^[ \t]*(\([^()\n]*\))/.exec(span.source.text.slice(span.end))?.[1];
}

/** Writes the other framework's defaults that differ from ours. */
function defaultsOf(
  name: string,
  callee: string,
  { defaults = {}, stepsByWindow = false }: Foreign,
  written: readonly string[],
  parameters: readonly string[],
): string[] {
  const valueOf = (own: string): string | undefined =>
    written.find((text) => text.startsWith(`${own}: `))?.slice(own.length + 2);
  const own = { ...defaults, ...(isTensorFlow(callee) ? ofTensorFlow[name] : {}) };
  const size = valueOf('size');
  if (stepsByWindow && size !== undefined) own['stride'] = size;
  // PyTorch counts the zeros around a picture in its averages.
  if (stepsByWindow && valueOf('pad') !== undefined && parameters.includes('count_pad'))
    own['count_pad'] = 'true';
  return Object.entries(own).flatMap(([key, value]) => {
    const isGiven = valueOf(key) !== undefined || (key === 'pad' && valueOf('same') !== undefined);
    const isElementwise = key === 'affine' && valueOf('elementwise') !== undefined;
    return isGiven || isElementwise || !parameters.includes(key) ? [] : [`${key}: ${value}`];
  });
}

/** Arguments that are redundant here: they follow from the input, or from whether a network trains. */
const saysNothing: ReadonlySet<string> = new Set(['num_channels', 'training']);

/**
 * Translates an argument called `name` elsewhere; empty if it has no equivalent and is not needed, undefined if its
 * meaning is unclear.
 */
function argumentHere(
  name: string | undefined,
  { value }: Argument,
  target: string,
  parameters: readonly string[],
): string | undefined {
  if (name === undefined) return undefined;
  // A scale for the full shape has one value per entry, not per channel.
  if (name === 'normalized_shape' && value.kind === 'list' && value.items.length === 3)
    return 'elementwise: true';
  const isDefault = value.kind === 'none' || literalOf(value) === 'none';
  if (whySettled(name) !== undefined || saysNothing.has(name) || isDefault) return '';
  if (name === 'mode' && target === 'upsample') return textOf(value.span) === '"nearest"' ? '' : undefined;
  if (name === 'groups' && !parameters.includes(name) && textOf(value.span) === '1') return '';
  // Pictures are joined along channels only.
  const isChannels = value.kind === 'number' && value.value === 1;
  if (target === 'concat' && (name === 'dim' || name === 'axis'))
    return isChannels || textOf(value.span) === '-1' ? '' : undefined;
  const own = parameters.includes(name) ? name : carriedOver(name).find((one) => parameters.includes(one));
  if (own === 'pad' && value.kind === 'string') return paddingHere(value.value, parameters);
  const isPlain = ['number', 'boolean', 'reference', 'binary', 'unary', 'member', 'index'].includes(
    value.kind,
  );
  return own !== undefined && isPlain ? `${own}: ${literalOf(value) ?? textOf(value.span)}` : undefined;
}

/** Gives the span of a call without its label, starting at its callee. */
export function placeOfCall(callee: Span, { span, label }: Call): Span {
  const end = label ? span.source.text.lastIndexOf(')', label.span.start) + 1 : span.end;
  return { source: span.source, start: callee.start, end };
}
