/**
 * Gives hints for foreign calls that are not one call here: scaling with modes, the maximum of two tensors, one-hot,
 * weight wrappers.
 */
import type { Argument, Call, Expression } from '../../dsl/ast.ts';
import { replacing, type Hint } from '../../dsl/fix.ts';
import { textOf, type Span } from '../../dsl/source.ts';
import { plainName } from '../messages/carried-over.ts';
import { appliedTo, operand, placeOfCall } from './foreign-calls.ts';

/** A foreign call: its callee, whose last part is `name`, and whether a pipeline gives its data. */
interface ForeignCall {
  readonly name: string;
  readonly callee: Span;
  readonly call: Call;
  readonly piped: boolean;
}

const write = (text: string): string => `write '${text}'`;

/** Gives a hint for a foreign call that is not one call here; undefined if it is. */
export function hintOfForm(foreign: ForeignCall): Hint | string | undefined {
  const plain = plainName(foreign.name);
  if (scalings.has(plain)) return hintOfScaling(foreign);
  if (plain === 'onehot') return hintOfOneHot(foreign);
  const weight = parametrizations.get(plain);
  if (weight !== undefined && foreign.call.arguments[0]?.value.kind === 'call')
    return `a layer is given what normalizes its weight: conv(8, weight: ${weight}), with use norms { ${weight} }`;
  const prefix = textOf(foreign.callee);
  if (!/^(?:torch|tf|np|numpy|jnp|K|F)\./.test(prefix)) return undefined;
  if (plain === 'max' || plain === 'min') return hintOfExtreme(foreign, plain);
  return constants.has(plain) ? constantsHere : undefined;
}

/** Functions that wrap layers in other frameworks, with the argument for the layer's weight here. */
const parametrizations: ReadonlyMap<string, string> = new Map([
  ['spectralnorm', 'spectral'],
  ['weightnorm', 'weight_norm'],
]);

const constants: ReadonlySet<string> = new Set([
  'zeros',
  'ones',
  'full',
  'zeroslike',
  'oneslike',
  'fulllike',
]);
const constantsHere = 'numbers join tensors as they are: x * 0 is zeros in the shape of x, x * 0 + 1 is ones';

/** `torch.max(x, y)`. */
function hintOfExtreme({ callee, call, piped }: ForeignCall, name: 'max' | 'min'): Hint | string {
  const own = `${name}imum`;
  const [a, b, ...others] = call.arguments;
  const isPair = a && b && !a.name && !b.name && others.length === 0 && !piped && b.value.kind !== 'number';
  return isPair
    ? replacing(placeOfCall(callee, call), `${own}(${textOf(a.value.span)}, ${textOf(b.value.span)})`, write)
    : `${own}(x, y) chooses between two tensors${name === 'max' ? '; that of windows is max_pool(x)' : ''}`;
}

/** `F.one_hot(seg, 35)`. */
function hintOfOneHot({ callee, call, piped }: ForeignCall): Hint | string {
  const [map] = call.arguments;
  const words = 'a label map has its channels by itself: seg.one_hot';
  if (!map || map.name || piped) return words;
  const text = `${operand(map.value).replace(/\.ids$/, '')}.one_hot`;
  return replacing(placeOfCall(callee, call), text, () => `a label map has its channels by itself: ${text}`);
}

/** Scaling functions of other frameworks, with their default mode. */
const scalings: ReadonlyMap<string, 'nearest' | 'bilinear'> = new Map([
  ['interpolate', 'nearest'],
  ['upsample', 'nearest'],
  ['resize', 'nearest'],
  ['bilinear', 'bilinear'],
  ['resizebilinear', 'bilinear'],
  ['upsamplebilinear', 'bilinear'],
  ['upsamplingbilinear2d', 'bilinear'],
]);

const scalingHere =
  'upsample(x, factor: 2) repeats pixels; resize(x, like: y) takes the nearest, resize_bilinear(x, height: 64, width: 64) goes between them';

/** `F.interpolate(x, size: [32, 32], mode: "bilinear")`; undefined if only a factor is given, for nearest pixels. */
function hintOfScaling(foreign: ForeignCall): Hint | string | undefined {
  const { name, callee, call, piped } = foreign;
  const isLayer = /^[A-Z]/.test(name);
  const [first] = call.arguments;
  const outer = isLayer && !piped ? appliedTo(call) : undefined;
  const inner = !isLayer && !piped && first && !first.name ? first : undefined;
  const data = inner ? textOf(inner.value.span) : outer?.slice(1, -1).trim();
  const given = argumentsOf(call.arguments.slice(inner ? 1 : 0));
  if (!given) return scalingHere;
  const mode = given.get('mode') ?? given.get('method');
  const own = /^tf\.image\./.test(textOf(callee)) ? 'bilinear' : (scalings.get(plainName(name)) ?? '');
  const way = mode ? (mode.kind === 'string' ? mode.value : '') : own;
  const sides = sidesOf(given, data);
  if (way === 'nearest' && !given.has('size') && !given.has('like')) return undefined;
  const known = ['mode', 'method', 'size', 'like', 'scale_factor', 'align_corners'];
  const isClear = [...given.keys()].every((key) => known.includes(key));
  const corners = given.get('align_corners');
  const isPlain = !corners || /^(?:false|none)$/i.test(textOf(corners.span));
  if (!sides || !isClear || !isPlain || (way !== 'nearest' && way !== 'bilinear')) return scalingHere;
  const target = way === 'nearest' ? 'resize' : 'resize_bilinear';
  const settings = `height: ${sides[0]}, width: ${sides[1]}`;
  const place = placeOfCall(callee, call);
  const isWhole = outer !== undefined && data !== undefined && data !== '';
  const end = isWhole ? call.span.source.text.indexOf(outer, call.span.end) + outer.length : place.end;
  const hasData = inner !== undefined || isWhole;
  return replacing({ ...place, end }, `${target}(${hasData ? `${data}, ` : ''}${settings})`, write);
}

/** Reads the arguments after the data by name; undefined if that is unclear. */
function argumentsOf(given: readonly Argument[]): ReadonlyMap<string, Expression> | undefined {
  const order = ['size', 'scale_factor', 'mode', 'align_corners'];
  const named = given.map(({ name, value }, at) => [name?.text ?? order[at] ?? '', value] as const);
  const isNone = (value: Expression): boolean => /^none$/i.test(textOf(value.span));
  const all = new Map(named.filter(([, value]) => !isNone(value)));
  return all.has('') ? undefined : all;
}

/** Writes the requested height and width; undefined if they are unclear. */
function sidesOf(
  given: ReadonlyMap<string, Expression>,
  data: string | undefined,
): readonly [string, string] | undefined {
  const [size, like, factor] = ['size', 'like', 'scale_factor'].map((name) => given.get(name));
  const text = (value: Expression): string => textOf(value.span);
  if (like) return [`${operand(like)}.height`, `${operand(like)}.width`];
  if (size?.kind === 'list') {
    const [height, width, ...others] = size.items;
    return height && width && others.length === 0 ? [text(height), text(width)] : undefined;
  }
  if (size?.kind === 'number') return [text(size), text(size)];
  if (size?.kind === 'member' && size.name.text === 'size')
    return [`${text(size)}.height`, `${text(size)}.width`];
  if (size || !factor || data === undefined || !/^[A-Za-z_][\w.]*$/.test(data)) return undefined;
  return [`${data}.height * ${operand(factor)}`, `${data}.width * ${operand(factor)}`];
}
