/**
 * Answers for calls of what other frameworks have: how the whole call is written here. A new name alone would keep arguments that
 * mean something else, or nothing.
 */
import type { Argument, Call, Expression } from '../../dsl/ast.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import { carriedOver, plainName, whySettled } from '../messages/carried-over.ts';
import { paddingHere } from './values/unknown-arguments.ts';

/** How a layer or function of PyTorch or Keras is called: its arguments in order, and what it does by itself that is otherwise here. */
interface Foreign {
  /** The names of the arguments by position; what a layer is applied to is none of them. */
  readonly order: readonly string[];
  /** What is written here where the call says nothing of it, by our names. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Whether a step that is not given is as long as the window. */
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

/** Of these layers the first argument says what the input says here; alone it is that of another framework. */
const withInputs: ReadonlySet<string> = new Set(['Conv2d', 'ConvTranspose2d', 'Linear']);

/** Functions, whose first argument is the data, by their plain names. */
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

/** What of these defaults TensorFlow and Keras have otherwise, by the plain names of what they belong to. */
const ofTensorFlow: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { slope: '0.3' },
  leaky_relu: { slope: '0.2' },
};
const isTensorFlow = (whole: string): boolean => /^(?:tf|keras|layers|K)\./.test(whole);

/** Distances of two tensors, which are written with functions of tensors. */
const distances: ReadonlyMap<string, string> = new Map([
  ...['l1', 'l1loss', 'mae', 'meanabsoluteerror'].map((name) => [name, 'abs'] as const),
  ...['l2', 'l2loss', 'mse', 'mseloss', 'meansquarederror'].map((name) => [name, 'square'] as const),
]);

/** Writes the distance of two tensors that a call asks for by a name of other frameworks; undefined where it asks for none. */
export function distanceOf(name: string, call: Call | undefined): string | undefined {
  const kind = distances.get(plainName(name));
  const [a, b] = call?.arguments ?? [];
  if (!kind || !a || !b || call?.arguments.length !== 2 || a.name || b.name) return undefined;
  return `mean(${kind}(${operand(a.value)} - ${operand(b.value)}))`;
}

/** Writes an expression so that more may be written around it. */
export const operand = (value: Expression): string =>
  ['binary', 'conditional', 'pipeline'].includes(value.kind) ? `(${textOf(value.span)})` : textOf(value.span);

/**
 * Writes a call of `name`, which is the last part of `callee`, as one of `target`, which takes `parameters`. Gives the name alone
 * where the arguments may stay, and nothing where they are not clear.
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
    // Named arguments have hints of their own.
    const room = parameters.length - (piped ? 1 : 0);
    return parameters.length === 0 || positional.length <= room ? rename : undefined;
  }
  const { order } = foreign;
  const isData =
    isLayer && !piped && first !== undefined && !isSetting(first.value) && appliedTo(call) === undefined;
  // Whether that is data or a number of channels cannot be told.
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

/** What stands in no place of data: numbers and words of truth, in whatever letters. */
const isSetting = (value: Expression): boolean =>
  ['number', 'boolean', 'string', 'size', 'list', 'none'].includes(value.kind) ||
  literalOf(value) !== undefined;

/** Reads `True`, `False` and `None`, which are names here. */
const literalOf = (value: Expression): string | undefined =>
  value.kind === 'reference' && /^(?:True|False|None)$/.test(value.name)
    ? value.name.toLowerCase()
    : undefined;

/** Gives what a call is applied to, `nn.ReLU(true)(x)`, brackets included; undefined where that is nothing. */
export function appliedTo({ span }: Call): string | undefined {
  return /^[ \t]*(\([^()\n]*\))/.exec(span.source.text.slice(span.end))?.[1];
}

/** Writes out what the other framework does by itself, and what is written here says nothing of. */
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
  // PyTorch counts the zeros around the picture in its averages.
  if (stepsByWindow && valueOf('pad') !== undefined && parameters.includes('count_pad'))
    own['count_pad'] = 'true';
  return Object.entries(own).flatMap(([key, value]) => {
    const isGiven = valueOf(key) !== undefined || (key === 'pad' && valueOf('same') !== undefined);
    const isElementwise = key === 'affine' && valueOf('elementwise') !== undefined;
    return isGiven || isElementwise || !parameters.includes(key) ? [] : [`${key}: ${value}`];
  });
}

/** Arguments that follow from the input, or from whether a network trains. */
const saysNothing: ReadonlySet<string> = new Set(['num_channels', 'training']);

/** Writes an argument that is called `name` elsewhere; empty where none stands for it, undefined where it is not clear. */
function argumentHere(
  name: string | undefined,
  { value }: Argument,
  target: string,
  parameters: readonly string[],
): string | undefined {
  if (name === undefined) return undefined;
  // The shape of all that is normalized has a scale for each of its entries.
  if (name === 'normalized_shape' && value.kind === 'list' && value.items.length === 3)
    return 'elementwise: true';
  const isDefault = value.kind === 'none' || literalOf(value) === 'none';
  if (whySettled(name) !== undefined || saysNothing.has(name) || isDefault) return '';
  if (name === 'mode' && target === 'upsample') return textOf(value.span) === '"nearest"' ? '' : undefined;
  if (name === 'groups' && !parameters.includes(name) && textOf(value.span) === '1') return '';
  // Channels are the only axis along which pictures are joined here.
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

/** Gives the place of a call without its label, from where its callee is written. */
export function placeOfCall(callee: Span, { span, label }: Call): Span {
  const end = label ? span.source.text.lastIndexOf(')', label.span.start) + 1 : span.end;
  return { source: span.source, start: callee.start, end };
}
