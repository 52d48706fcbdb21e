/** The diagnostics of the evaluator, one function each. */
import { largestSize } from '../../ir/types.ts';
import type { Argument, Call } from '../../../dsl/ast.ts';
import { error, type Diagnostic, type SpanLabel } from '../../../dsl/diagnostic.ts';
import { inserting, replacing, removing, renaming, type Hint } from '../../../dsl/fix.ts';
import type { Span } from '../../../dsl/source.ts';
import type { Asked } from './asked-of.ts';
import type { Counted } from './budget.ts';
import { hintOfArgument } from './unknown-arguments.ts';
import { amongst } from '../../messages/shared.ts';
import type { OpError } from '../../ir/node.ts';
import type { Composite } from '../../ops/composite/index.ts';
import type { SpecAttr } from '../../format/types.ts';

export { notAnEncoder, wrongInput } from '../../messages/shared.ts';

export const unknownName = (name: string, span: Span, hint: Hint | string): Diagnostic =>
  error('unknown-name', `nothing is called '${name}' here`, span, { hint });

export const unknownTarget = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error('unknown-name', `nothing is called '${name}' here`, span, {
    hint: amongst(name, candidates, span, "an alias names a block: declare it, or import it with 'use'").hint,
  });

export const aliasCycle = (name: string, span: Span): Diagnostic =>
  error('alias-cycle', `'${name}' is another name of itself`, span, {
    hint: 'name a block that is declared with a body, or imported',
  });

/** Declarations that an alias cannot stand for, with what to write instead. */
const otherThings = {
  network: 'use the network under its own name',
  function: 'use the function under its own name',
  experiment: "a variant of an experiment is written 'experiment b = a with { ... }'",
  ablation: 'an ablation goes by its own name alone',
} as const;

export const aliasOfOther = (name: string, found: keyof typeof otherThings, span: Span): Diagnostic =>
  error(
    'alias-of-no-block',
    `only blocks have second names, but '${name}' is ${found === 'network' || found === 'function' ? 'a' : 'an'} ${found}`,
    span,
    {
      hint: otherThings[found],
    },
  );

export const boundLater = (name: string, span: Span, later: Span): Diagnostic =>
  error('bound-later', `'${name}' is not bound yet`, span, {
    labels: [{ span: later, text: 'bound here' }],
    hint: 'an experiment is read from top to bottom: move the line that binds it up',
  });

export const unknownModule = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error(
    'unknown-module',
    `there is no module '${name}'`,
    span,
    amongst(
      name,
      candidates,
      span,
      'a file of your own is imported by its path: use "./blocks.spade" { name }',
    ),
  );

export const unknownPreset = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error('unknown-preset', `there is no preset '${name}'`, span, amongst(name, candidates, span));

export const unknownMapping = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error(
    'unknown-mapping',
    `there is no mapping '${name}'`,
    span,
    amongst(name, candidates, span, 'a mapping of your own is a JSON file: naming "mine.json"'),
  );

export const unreadableFile = (path: string, why: string, span: Span | undefined, hint?: Hint): Diagnostic =>
  error('unreadable-file', `cannot read ${path}: ${why}`, span, { hint });

export const importOfItself = (name: string, span: Span): Diagnostic =>
  error('import-cycle', `'${name}' imports itself`, span, {
    hint: removing(span, 'leave it out: what a file declares is known in it'),
  });

export const importCycle = (name: string, span: Span): Diagnostic =>
  error('import-cycle', `'${name}' imports itself through others`, span, {
    hint: 'move what both need into a third file',
  });

/** `uses` are the places that use the name; `elsewhere` imports it from the module that declares it. */
export const notExported = (
  name: string,
  module: string,
  span: Span,
  candidates: Iterable<string>,
  uses: readonly Span[],
  elsewhere?: Hint,
): Diagnostic => {
  const { notes, hint } = amongst(name, candidates, span);
  const near = typeof hint === 'object' ? hint.fix[0]?.text : undefined;
  return error('not-in-module', `module ${module} has no '${name}'`, span, {
    notes,
    hint: elsewhere ?? (near === undefined ? hint : renaming([span, ...uses], near)),
  });
};

export const parameterTwice = (name: string, span: Span, first: Span): Diagnostic =>
  error('duplicate-name', `two parameters are called '${name}'`, span, {
    labels: [{ span: first, text: 'first written here' }],
    hint: 'give one of them another name, or leave it out',
  });

export const behindReturn = (span: Span): Diagnostic =>
  error('behind-return', "nothing behind a 'return' is reached", span, {
    hint: removing(span, "leave it out, or move it up: 'return' ends the block"),
  });

export const duplicateName = (name: string, span: Span, first: Span): Diagnostic =>
  error('duplicate-name', `'${name}' is declared twice`, span, {
    labels: [{ span: first, text: 'first declared here' }],
    hint: 'leave one of the two out, or give it another name',
  });

/** `written` is the argument and its call, if known. */
export const unknownArgument = (
  callee: string,
  name: string,
  span: Span,
  candidates: Iterable<string>,
  written?: { readonly argument: Argument; readonly call: Call },
): Diagnostic => {
  const { notes, hint } = amongst(name, candidates, span);
  return error('unknown-argument', `${callee} has no parameter '${name}'`, span, {
    notes,
    hint: (written && hintOfArgument(written.argument, written.call, [...candidates])) ?? hint,
  });
};

export const tooManyArguments = (
  callee: string,
  found: number,
  most: number,
  span: Span,
  isPiped = false,
): Diagnostic =>
  error(
    'too-many-arguments',
    `${callee} takes at most ${most} argument${most === 1 ? '' : 's'}, found ${found}`,
    span,
    isPiped ? { hint: 'a pipeline puts its value first: x |> f(a) is f(x, a)' } : {},
  );

export const argumentGivenTwice = (callee: string, name: string, span: Span): Diagnostic =>
  error('argument-given-twice', `${callee} is given '${name}' twice`, span);

export const missingArgument = (
  callee: string,
  name: string,
  span: Span,
  hint: Hint | string = `add '${name}: ...'`,
): Diagnostic => error('missing-argument', `${callee} needs '${name}'`, span, { hint });

export const wrongType = (
  what: string,
  expected: string,
  found: string,
  span: Span,
  hint?: Hint | string,
): Diagnostic => error('wrong-type', `${what}: expected ${expected}, found ${found}`, span, { hint });

export const unknownType = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error('unknown-type', `there is no type '${name}'`, span, amongst(name, candidates, span));

export const notCallable = (found: string, span: Span, hint?: Hint | string): Diagnostic =>
  error('not-callable', `expected a block or function, found ${found}`, span, { hint });

export const unknownMember = (
  found: string,
  name: string,
  span: Span,
  candidates: Iterable<string>,
): Diagnostic => error('unknown-member', `${found} has no '${name}'`, span, amongst(name, candidates, span));

/** A member that is really a function or block: `x.relu()`. */
export const memberForCall = (found: string, name: string, call: string, span: Span): Diagnostic =>
  error('unknown-member', `${found} has no '${name}'`, span, {
    hint: `functions and blocks stand before what they are given: ${call}, or behind a '|>'`,
  });

export const notALabelMap = (found: string, name: string, span: Span): Diagnostic =>
  error('unknown-member', `${found} has no '${name}'`, span, {
    notes: [`only a label map has '${name}'`],
    hint: 'give the label map itself, not channels made of it; or take a block that reads any picture',
  });

export const indexOutside = (index: number, count: number, span: Span, hint?: Hint): Diagnostic =>
  error('index-outside', `index ${index} is outside a list of ${count}`, span, {
    hint: hint ?? 'indices start at 0',
  });

export const noReturn = (callee: string, span: Span): Diagnostic =>
  error('no-return', `${callee} ends without a return`, span, { hint: 'give its result: return x' });

export const duplicateParameter = (name: string, span: Span): Diagnostic =>
  error('duplicate-parameter', `two different parameters would be called '${name}'`, span, {
    hint: "give the calls different labels with 'as', or bind one instance with 'let' to share its weights",
  });

export const outsideNetwork = (name: string, span: Span): Diagnostic =>
  error('outside-network', `'${name}' belongs in a block or network`, span);

export const outsideLoss = (name: string, span: Span): Diagnostic =>
  error('outside-loss', `'${name}' belongs in a loss`, span);

export const outsideExperiment = (name: string, span: Span): Diagnostic =>
  error('outside-experiment', `'${name}' belongs where an experiment binds a network`, span, {
    hint: 'let G = Painter(z: encoded(E)); in a loss, encoding(E) is what E says',
  });

export const networkOutsideLoss = (name: string, span: Span): Diagnostic =>
  error('outside-loss', `the network ${name} can be called in losses only`, span, {
    hint: `encoded(${name}) makes what it says of the photograph the input of another network`,
  });

/**
 * `circle` names the blocks that call one another; `back` is the call that closes the cycle, `entry` the call that led
 * into it.
 */
export const tooDeep = (circle: readonly string[], back: Span, entry: Span): Diagnostic =>
  error('too-deep', `${circle[0]} calls itself without end`, back, {
    labels: entry === back ? [] : [{ span: entry, text: 'first called here' }],
    notes: [`the calls go round: ${circle.join(' -> ')}`],
    hint: 'there is no run-time control flow: an `if` on its arguments must end the recursion',
  });

export const tooNested = (
  limit: number,
  chain: readonly string[],
  span: Span | undefined,
  labels: readonly SpanLabel[],
): Diagnostic =>
  error('too-deep', `more than ${limit} calls and expressions are inside one another`, span, {
    labels,
    notes: expandedIn(chain),
    hint: 'let fewer blocks call one another in turn, and give parts of long expressions names of their own',
  });

const amounts: Readonly<Record<Counted, string>> = {
  steps: 'expressions to evaluate',
  nodes: 'operations',
  entries: 'entries of lists',
  characters: 'characters of names',
  mistakes: 'mistakes',
};

export const tooLarge = (
  counted: keyof typeof amounts,
  limit: number,
  chain: readonly string[],
  span: Span | undefined,
  labels: readonly SpanLabel[],
): Diagnostic =>
  error('too-large', `this expands to more than ${limit} ${amounts[counted]}`, span, {
    labels,
    notes: expandedIn(chain),
    hint: 'let loops take fewer rounds, and blocks call others less often: all is unrolled before it runs',
  });

export const tooLargeTogether = (
  counted: Counted,
  limit: number,
  span: Span | undefined,
  labels: readonly SpanLabel[],
): Diagnostic =>
  error('too-large', `all that is expanded here takes more than ${limit} ${amounts[counted]}`, span, {
    labels,
    hint: 'divide the ablation into several, or make what it varies smaller',
  });

export const importsTooLarge = (of: 'depth' | 'files' | 'tokens', limit: number, span: Span): Diagnostic => {
  const amount = { depth: 'files inside one another', files: 'files', tokens: 'words and signs' }[of];
  return error('too-large', `the imports amount to more than ${limit} ${amount}`, span, {
    hint: 'write what is needed here into fewer files, and import it from them directly',
  });
};

export const valueTooLarge = (
  of: 'values' | 'entries',
  limit: number,
  span: Span | undefined,
  labels: readonly SpanLabel[],
): Diagnostic =>
  error(
    'too-large',
    of === 'values'
      ? `lists or blocks are ${limit} times inside one another`
      : `this holds more than ${limit} entries`,
    span,
    { labels, hint: 'make lists that are shorter, and hold each other less often' },
  );

/** A variable with more entries than the engine's arrays can hold. */
export const variableTooLarge = (role: string, shape: readonly number[], span: Span): Diagnostic =>
  error('too-large', `a ${role} of shape [${shape.join(', ')}] has more than ${largestSize} entries`, span, {
    hint: 'make fewer channels, or a smaller kernel',
  });

export const tooManyMistakes = (limit: number, span: Span | undefined): Diagnostic =>
  error('too-many-mistakes', `stopped after ${limit} mistakes`, span);

function expandedIn(chain: readonly string[]): string[] {
  return chain.length === 0 ? [] : [`while expanding ${chain.join(' > ')}`];
}

export const divisionByZero = (span: Span): Diagnostic => error('division-by-zero', 'division by zero', span);

export const tooLargeNumber = (kind: 'integer' | 'float', span: Span): Diagnostic =>
  error('not-a-number', 'the result is too large', span, {
    notes: [
      kind === 'integer' ? `integers go up to ${Number.MAX_SAFE_INTEGER}` : 'numbers go up to about 1.8e308',
    ],
  });

export const noRealNumber = (span: Span): Diagnostic =>
  error('not-a-number', 'the result is no real number', span, {
    notes: ['a power of a negative number is one only where its exponent is whole'],
  });

export const rangeTooLong = (length: number, limit: number, span: Span): Diagnostic =>
  error('range-too-long', `a range of ${length} is too long to unroll`, span, {
    notes: [`the limit is ${limit}`],
  });

export const duplicateItem = (
  what: string,
  span: Span,
  first: Span,
  hint: Hint | string = 'keep one of the two',
): Diagnostic =>
  error('duplicate-item', `the experiment has ${what} twice`, span, {
    labels: [{ span: first, text: 'first written here' }],
    hint,
  });

export const severalExperiments = (file: string, span: Span, names: readonly string[]): Diagnostic =>
  error('several-experiments', `${file} declares ${names.length} experiments`, span, {
    notes: [`there are: ${names.join(', ')}`],
    hint: 'name the one to use',
  });

/** An input of an op, for messages: its shape without the batch, and its place. */
export interface OperandNote {
  readonly name: string;
  readonly shape: readonly number[];
  readonly span: Span | undefined;
}

/** A violated constraint of an op, or inside a network; `mistake` may name a primitive of the op's expansion. */
export const shapeMismatch = (
  mistake: OpError,
  { name: op, traits }: Pick<Composite, 'name'> & Partial<Pick<Composite, 'traits'>>,
  operands: readonly OperandNote[],
  attrs: Readonly<Record<string, SpecAttr>>,
  span: Span,
  isInLoss: boolean,
): Diagnostic =>
  error('shape-mismatch', `${op} does not fit here`, span, {
    notes: [
      `${op} requires: ${mistake.constraint}`,
      ...operands.map(({ name, shape }) => `${name} is ${formatShape(shape)}`),
      ...(Object.keys(attrs).length > 0 ? [`${op} is given ${formatSettings(attrs)}`] : []),
      // The notes above show the shapes already, without the batch.
      ...(mistake.found.includes('[') ? [] : [`found ${mistake.found}`]),
    ],
    labels: operands.flatMap(({ shape, span: place }) =>
      place ? [{ span: place, text: `[${shape.join(', ')}]` }] : [],
    ),
    hint: hintOfLayer(op, traits?.layer, operands) ?? hintFor(mistake, operands, isInLoss),
  });

function formatShape(shape: readonly number[]): string {
  const text = `[${shape.join(', ')}]`;
  return shape.length === 3 ? `${text} (height, width, channels)` : shape.length === 0 ? 'one number' : text;
}

function formatSettings(attrs: Readonly<Record<string, SpecAttr>>): string {
  return Object.entries(attrs)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ');
}

/** `conv2d(64, 3)`: an op that gets a number for its weights was likely meant as a layer. */
function hintOfLayer(
  op: string,
  layer: string | undefined,
  operands: readonly OperandNote[],
): string | undefined {
  return layer !== undefined && operands[1]?.shape.length === 0
    ? `${op} takes weights as a tensor; a layer that has its own is ${layer}`
    : undefined;
}

function hintFor(mistake: OpError, operands: readonly OperandNote[], isInLoss: boolean): string | undefined {
  if (/fits into/.test(mistake.constraint)) return 'use a larger picture, fewer stages or padding';
  if (/more than one pixel/.test(mistake.constraint))
    return 'use a larger picture, fewer stages, or a norm over the batch or the channels';
  if (/groups divides/.test(mistake.constraint))
    return 'take fewer groups, or more channels in every layer that is normalized';
  if (/at least one pixel/.test(mistake.constraint))
    return 'the picture is too small to be made smaller so often';
  if (!/broadcast|agree/.test(mistake.constraint)) return undefined;
  const pictures = operands.map(({ shape }) => shape).filter((shape) => shape.length === 3);
  const [first, ...rest] = pictures;
  if (!first || rest.length === 0) return undefined;
  if (rest.some((shape) => shape[0] !== first[0] || shape[1] !== first[1])) return oneSizeFirst;
  // A loss has no weights of its own.
  return isInLoss
    ? 'compare what has the same channels: fake() with real(), scores of a network with labels()'
    : sameChannelsFirst;
}

const oneSizeFirst = 'bring both to one size first, for example resize(a, like: b)';
const sameChannelsFirst = 'bring both to the same channels first, for example conv(a, b.channels, kernel: 1)';
/** Hints about the operands, which users cannot follow inside the library. */
export const hintsOfOperands: ReadonlySet<string> = new Set([oneSizeFirst, sameChannelsFirst]);

export const missingInExperiment = (what: string, name: string, span: Span, hint: string): Diagnostic =>
  error('incomplete-experiment', `experiment ${name} has no ${what}`, span, { hint });

/** `netG` where `G` exists: the only network whose name is close. */
function nearNetwork(name: string, candidates: readonly string[], span: Span): Hint | undefined {
  const [only, ...others] = candidates.filter((one) => one.endsWith(name) || one.startsWith(name));
  return only !== undefined && others.length === 0 ? replacing(span, only) : undefined;
}

export const unknownNetwork = (
  name: string,
  span: Span,
  candidates: readonly string[],
  found?: string,
  bound?: Span,
): Diagnostic => {
  const near = amongst(
    name,
    candidates,
    span,
    nearNetwork(name, candidates, span) ?? `add: let ${name} = ...`,
  );
  // A network that is bound without `let` is not a network of the experiment.
  const hint =
    bound && inserting(bound.source, bound.start, 'let ', () => `bind it by 'let': let ${name} = ...`);
  const message = `the experiment has no network '${name}'${found ? `: it is ${found}` : ''}`;
  return error('unknown-network', message, span, { ...near, hint: hint ?? near.hint });
};

export const notANetwork = (name: string, found: string, span: Span): Diagnostic =>
  error('wrong-type', `let ${name}: expected a network such as SpadeGenerator(), found ${found}`, span, {
    hint: `what is no network is bound without 'let': ${name} = ...; none leaves it out`,
  });

export const noGenerator = (span: Span, candidates: Iterable<string>): Diagnostic =>
  error('no-generator', 'the experiment has no generator, which makes the fake picture', span, {
    notes: amongst('', candidates, span).notes,
    hint: 'a generator takes a label map, no picture, and returns one picture: let G = SpadeGenerator()',
  });

/** Says what an experiment needs for a loss that uses a network as an encoder or discriminator. */
export const networkNeeded = (asked: Asked | undefined, name: string): string =>
  asked === 'encoding'
    ? `an encoder is needed: let ${name} = StyleEncoder(), which a generator takes a code from: SpadeGenerator(z: encoded(${name}))`
    : asked === 'judge'
      ? `a discriminator is needed: let ${name} = MultiscaleDiscriminator()`
      : `name a network of the experiment: let ${name} = ...`;

export const judgedWithMore = (name: string, inputs: readonly string[], span: Span): Diagnostic =>
  error('not-a-discriminator', `${name} takes ${inputs.join(', ')}, so 'judge' cannot ask it`, span, {
    notes: ["'judge' gives the label map and one picture"],
    hint: `call it instead: ${name}(${inputs.map((input) => `${input}: ...`).join(', ')})`,
  });

export const batchesDiffer = (network: string, span: Span): Diagnostic =>
  error('wrong-input', `the inputs of ${network} are for different numbers of pictures`, span, {
    hint: 'stack all of them with batch_concat, or none',
  });

export const wrongEncoding = (name: string, found: string, span: Span): Diagnostic =>
  error('wrong-encoding', `${name} gives ${found}, which is no code`, span, {
    notes: ['a code is one tensor, or [mean, log_variance] of equal shapes, from which it is sampled'],
  });

export const codeNotTaken = (name: string, span: Span): Diagnostic =>
  error('code-not-taken', `no network takes what '${name}' says of photographs`, span, {
    hint: `bind it to a generator's input, such as z: encoded(${name}), or leave this loss out`,
  });

export const notADiscriminator = (name: string, span: Span, candidates: readonly string[]): Diagnostic =>
  error('not-a-discriminator', `${name} takes no picture, so it cannot judge one`, span, {
    hint:
      candidates.length > 0
        ? `did you mean '${candidates.join("' or '")}'?`
        : 'add: let D = MultiscaleDiscriminator()',
  });

export const notOneNumber = (term: string, found: string, span: Span, hint: Hint | string): Diagnostic =>
  error('loss-not-scalar', `a loss is one number, but ${term} gives ${found}`, span, { hint });

export const unknownPart = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error(
    'unknown-experiment',
    `no experiment or network is called '${name}' here`,
    span,
    amongst(name, candidates, span),
  );

export const noExperiment = (file: string): Diagnostic =>
  error('no-experiment', `${file} declares no experiment and no network`, undefined, {
    hint: 'write experiment name { ... } or network Name(seg: LabelMap) -> Image { ... }',
  });

/** A variable in a loss, where nothing stores it. */
export const variableInLoss = (role: string, span: Span): Diagnostic =>
  error('outside-network', `'${role}' makes a variable, and a loss has none of its own`, span, {
    hint: 'make it in a network of the experiment, which the loss calls and trains',
  });

/** A refusal by a library block, through the function `refuse`. */
export const refused = (message: string, hint: string | undefined, span: Span): Diagnostic =>
  error('refused', message, span, { hint });
