/**
 * Answers for calls of what other frameworks have: how the whole call is written here. A new name alone would keep arguments that
 * mean something else, or nothing.
 */
import type { Argument, Call, Expression } from '../../dsl/ast.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import { carriedOver, plainName, whySettled } from '../messages/carried-over.ts';

/** What layers of PyTorch and Keras call their arguments by position; what they are applied to is none of them. */
const layers: ReadonlyMap<string, readonly string[]> = new Map([
  ['Conv2d', ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'dilation']],
  ['ConvTranspose2d', ['in_channels', 'out_channels', 'kernel_size', 'stride', 'padding', 'output_padding']],
  ['Conv2D', ['filters', 'kernel_size', 'strides']],
  ['Conv2DTranspose', ['filters', 'kernel_size', 'strides']],
  ['Dense', ['units']],
  ['Linear', ['in_features', 'out_features', 'bias']],
  ['BatchNorm2d', ['num_features', 'eps']],
  ['SyncBatchNorm', ['num_features', 'eps']],
  ['SynchronizedBatchNorm2d', ['num_features', 'eps']],
  ['InstanceNorm2d', ['num_features', 'eps']],
  ['GroupNorm', ['num_groups', 'in_channels', 'eps']],
  ['LayerNorm', ['normalized_shape', 'eps']],
  ['ReLU', ['inplace']],
  ['LeakyReLU', ['negative_slope', 'inplace']],
  ['Upsample', ['size', 'scale_factor']],
]);

/** Of these layers the first argument says what the input says here; alone it is that of another framework. */
const withInputs: ReadonlySet<string> = new Set(['Conv2d', 'ConvTranspose2d', 'Linear']);

/** What functions call their arguments by position, behind the data. */
const functions: ReadonlyMap<string, readonly string[]> = new Map([
  ['cat', ['dim']],
  ['concatenate', ['axis']],
  ['interpolate', ['size', 'scale_factor']],
  ['dropout', ['p']],
  ['flatten', ['start_dim', 'end_dim']],
  ['sum', ['dim']],
  ['mean', ['dim']],
  ['softmax', ['dim']],
]);

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

const operand = (value: Expression): string =>
  ['binary', 'conditional', 'pipeline'].includes(value.kind) ? `(${textOf(value.span)})` : textOf(value.span);

/**
 * Writes a call of `name` as one of `target`, which takes `parameters`. Gives the name alone where the arguments may stay, and
 * nothing where they are not clear.
 */
export function calledHere(
  name: string,
  call: Call,
  piped: boolean,
  target: string,
  parameters: readonly string[],
): { readonly text: string; readonly isWhole: boolean } | undefined {
  const { arguments: given } = call;
  const rename = { text: target, isWhole: false };
  if (given.length === 0) return rename;
  const positional = given.filter((argument) => !argument.name);
  const [first] = positional;
  const isLayer = layers.has(name) && !(withInputs.has(name) && given.length === 1);
  const order = isLayer ? layers.get(name) : functions.get(plainName(name));
  if (!order) {
    // Named arguments have hints of their own.
    const room = parameters.length - (piped ? 1 : 0);
    return parameters.length === 0 || positional.length <= room ? rename : undefined;
  }
  const isData = isLayer && !piped && first !== undefined && first.value.kind !== 'number';
  // Whether that is data or a number of channels cannot be told.
  if (isData && withInputs.has(name)) return undefined;
  const data = isLayer ? (isData ? 1 : 0) : piped ? 0 : 1;
  const texts = given.map((argument, at) =>
    at < data && !argument.name
      ? textOf(argument.value.span)
      : argumentHere(argument.name?.text ?? order[at - data], argument, target, parameters),
  );
  if (texts.includes(undefined)) return undefined;
  return { text: `${target}(${texts.filter((text) => text !== '').join(', ')})`, isWhole: true };
}

/** Writes an argument that is called `name` elsewhere; empty where none stands for it, undefined where it is not clear. */
function argumentHere(
  name: string | undefined,
  { value }: Argument,
  target: string,
  parameters: readonly string[],
): string | undefined {
  if (name === undefined) return undefined;
  if (whySettled(name) !== undefined) return '';
  // Channels are the only axis along which pictures are joined here.
  const isChannels = value.kind === 'number' && value.value === 1;
  if (target === 'concat' && (name === 'dim' || name === 'axis'))
    return isChannels || textOf(value.span) === '-1' ? '' : undefined;
  const own = parameters.includes(name) ? name : carriedOver(name).find((one) => parameters.includes(one));
  const isPlain = ['number', 'boolean', 'reference', 'binary', 'unary', 'member', 'index'].includes(
    value.kind,
  );
  return own !== undefined && isPlain ? `${own}: ${textOf(value.span)}` : undefined;
}

/** Gives the place of a call without its label, from where its callee is written. */
export function placeOfCall(callee: Span, { span, label }: Call): Span {
  const end = label ? span.source.text.lastIndexOf(')', label.span.start) + 1 : span.end;
  return { source: span.source, start: callee.start, end };
}
