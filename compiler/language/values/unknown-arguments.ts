/** Gives hints for arguments of other frameworks: the argument to write here, or that none is needed. */
import type { Argument, Call } from '../../../dsl/ast.ts';
import { removing, replacing, type Hint } from '../../../dsl/fix.ts';
import { textOf, type Span } from '../../../dsl/source.ts';
import { whySettled } from '../../messages/carried-over.ts';

/** Gives a hint for an argument whose name is not in `candidates`; undefined if only the name may be wrong. */
export function hintOfArgument(
  argument: Argument,
  call: Call,
  candidates: readonly string[],
): Hint | undefined {
  const name = argument.name?.text ?? '';
  const why = whySettled(name);
  if (why !== undefined) return removing(placeInList(argument, call), `leave '${name}' out: ${why}`);
  if (activations.has(name.toLowerCase().replaceAll('_', '')))
    return { words: 'activations are stages of their own: x |> conv(8) |> relu', fix: [] };
  if (axes.has(name) && candidates.includes('over'))
    return { words: 'say over what: over: "channels", "pixels", "picture", "positions" or "all"', fix: [] };
  const written = writtenHere(name.toLowerCase(), argument, candidates);
  return written === undefined ? undefined : replacing(argument.span, written, (text) => `write ${text}`);
}

/** Names of axis arguments in other frameworks. */
const axes: ReadonlySet<string> = new Set(['axis', 'axes', 'dim', 'dims']);

const activations: ReadonlySet<string> = new Set([
  'activation',
  'activationfn',
  'act',
  'actlayer',
  'nonlinearity',
]);

/** Gives a hint for `pad: "same"` in a call of a block with these parameters; `span` covers name and value. */
export function hintOfPadding(
  name: string,
  value: string,
  span: Span,
  names: readonly string[],
): Hint | undefined {
  const text = name === 'pad' && names.includes('same') ? paddingHere(value, names) : undefined;
  return text === undefined ? undefined : replacing(span, text, (written) => `write ${written}`);
}

const paddings: ReadonlyMap<string, string> = new Map([
  ['same', 'same: true'],
  ['valid', 'pad: 0'],
]);

/** Translates a padding given as a word to an argument of a block with these parameters; undefined if there is none. */
export function paddingHere(word: string, names: readonly string[]): string | undefined {
  const text = paddings.get(word.toLowerCase());
  return text?.startsWith('same') === true && !names.includes('same') ? undefined : text;
}

/** `padding: "same"` and `betas: [0, 0.9]`: arguments whose value must change too. */
function writtenHere(name: string, { value }: Argument, candidates: readonly string[]): string | undefined {
  if (name === 'padding' && value.kind === 'string' && candidates.includes('same'))
    return paddingHere(value.value, candidates);
  if (name === 'like' && candidates.includes('height') && candidates.includes('width') && isNamed(value)) {
    const like = textOf(value.span);
    return `height: ${like}.height, width: ${like}.width`;
  }
  if (name === 'betas' && value.kind === 'list' && value.items.length === 2 && candidates.includes('beta1')) {
    const [first, second] = value.items.map(({ span }) => textOf(span));
    return `beta1: ${first}, beta2: ${second}`;
  }
  return undefined;
}

const isNamed = ({ kind }: Argument['value']): boolean => kind === 'reference' || kind === 'member';

/** Gives the place of an argument with the comma that belongs to it. */
function placeInList(argument: Argument, call: Call): Span {
  const at = call.arguments.indexOf(argument);
  const [before, after] = [call.arguments[at - 1], call.arguments[at + 1]];
  const { source, start, end } = argument.span;
  if (before) return { source, start: before.span.end, end };
  return after ? { source, start, end: after.span.start } : { source, start, end };
}
