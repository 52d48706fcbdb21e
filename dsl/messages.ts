/** The diagnostics about syntax, one function each. */
import { error, type Diagnostic } from './diagnostic.ts';
import { inserting, removing, replacing, type Hint } from './fix.ts';
import { textOf, type Span } from './source.ts';

/** Reports a token that does not fit; `expected` and `found` are phrases such as `a name` and `'+'`. */
export function unexpectedToken(
  expected: string,
  found: string,
  place: Span,
  hint?: Hint | string,
): Diagnostic {
  return error('syntax', `expected ${expected}, found ${found}`, place, { hint });
}

/** Reports an opening bracket without a closing one; `opener` is the place of the bracket. */
export function unclosedBracket(closer: string, found: string, place: Span, opener: Span): Diagnostic {
  return error('unclosed-bracket', `expected a closing '${closer}', found ${found}`, place, {
    labels: [{ span: opener, text: 'opened here' }],
    hint: inserting(place.source, place.start, closer, () => `add '${closer}'`),
  });
}

/**
 * Reports a closing bracket of another kind than the open one at `opener`. If the right one follows later, the wrong
 * one is extra; otherwise it should be replaced.
 */
export function wrongBracket(closer: string, wrong: Span, opener: Span, isClosedLater: boolean): Diagnostic {
  const found = wrong.source.text.slice(wrong.start, wrong.end);
  return error('unclosed-bracket', `expected a closing '${closer}', found '${found}'`, wrong, {
    labels: [{ span: opener, text: 'opened here' }],
    hint: isClosedLater
      ? removing(wrong, `leave the '${found}' out`)
      : replacing(wrong, closer, (text) => `write '${text}' in place of '${found}'`),
  });
}

/** Reports a list whose next item follows without a comma; `opener` is the place of the list's bracket. */
export function missingComma(
  closer: string,
  found: string,
  place: Span,
  opener: Span,
  previousEnd: number,
): Diagnostic {
  return error('missing-comma', `expected ',' or a closing '${closer}', found ${found}`, place, {
    labels: [{ span: opener, text: 'opened here' }],
    hint: inserting(place.source, previousEnd, ',', (comma) => `separate items with '${comma}'`),
  });
}

/** Reports characters that belong to no token. */
export function unknownCharacter(text: string, place: Span, hint: Hint | string | undefined): Diagnostic {
  const characters = [...text].length === 1 ? 'character' : 'characters';
  return error('unknown-character', `unknown ${characters} '${text}'`, place, { hint });
}

/** Reports the place at which a text exceeds the length limit. */
export function textTooLong(limit: number, place: Span): Diagnostic {
  return error('too-large', `the text has more than ${limit} words and signs`, place, {
    hint: 'divide it into several files, or generate less of it: lists and loops are written in a line',
  });
}

/** Reports a string whose line ends before its closing quote. */
export function unterminatedString(place: Span, hint: Hint | string): Diagnostic {
  return error('unterminated-string', 'the string is not closed on its line', place, { hint });
}

/** Reports a backslash with a character that has no meaning after one. */
export function unknownEscape(escape: string, place: Span): Diagnostic {
  return error('unknown-escape', `unknown escape '${escape}' in a string`, place, {
    hint: replacing(
      place,
      `\\${escape}`,
      (text) => `a backslash is written twice: ${text}; the escapes are \\n, \\" and \\\\`,
    ),
  });
}

/** Reports an integer that a 64-bit float cannot hold exactly, or a number that it cannot hold at all. */
export function numberOutOfRange(place: Span): Diagnostic {
  return error('number-out-of-range', 'the number is too large', place, {
    hint: /[.eE]/.test(textOf(place))
      ? 'numbers go up to about 1.8e308'
      : `integers go up to ${Number.MAX_SAFE_INTEGER}`,
  });
}

/** Reports code that is nested too deeply for the compiler. */
export function nestedTooDeep(place: Span, inStatements: boolean): Diagnostic {
  return error('nested-too-deep', 'this is nested too deeply', place, {
    hint: inStatements
      ? 'move its parts into blocks of their own, which are called in their place'
      : 'give its parts names of their own: part = ...',
  });
}

/** Reports a `use` below a declaration. */
export function lateUse(place: Span, hint: Hint | string): Diagnostic {
  return error('late-use', "'use' must stand before the first declaration", place, {
    hint,
  });
}

/** Reports that a file has more mistakes than are listed. */
export function tooManyMistakes(count: number, place: Span): Diagnostic {
  return error('too-many-mistakes', `stopped after ${count} mistake${count === 1 ? '' : 's'}`, place);
}

/** What an experiment may contain. */
export const itemPhrase = "'data', 'let', 'load', 'loss', 'train', an assignment or a closing '}'";

/** What an ablation may contain. */
export const partPhrase = "an axis 'path in [...]', 'case', 'with', 'except', 'seeds' or a closing '}'";

/** Hints that several messages use. */
export const hints = {
  reservedWord: (word: string) => `'${word}' is a reserved word: choose another name`,
  bracketOnNewLine: (bracket: string) =>
    `a '${bracket}' that belongs to the expression above must stand on its line`,
  chainedComparison: "comparisons do not chain: write 'a < b and b < c'",
  comparisonForAssignment: "'=' binds a name, '==' compares",
  assignmentForComparison: "'==' compares, '=' binds a name",
  alias:
    "a second name for a block is written 'block a = b', both names alone; settings are given where it is used: 'a(kernel: 3)'",
  block: "a block is written 'block a(x) { ... }', a second name for a block 'block a = b'",
  networkAlias: 'only blocks have second names: use the network under its own',
  conditional: "a conditional is written 'if condition then value else value'",
  leadingZero: 'numbers below one are written with a zero: 0.5',
  range: 'a range is written range(first, end): range(0, 3) is 0, 1, 2',
  loop: "a loop goes through a list: 'for i in range(3) { ... }'",
  unusedValue: "a value is bound to a name, 'x = value', or given back, 'return value'",
  changes: "what a path is changed to stands behind '='",
  axesOfTensors:
    'a tensor is not cut by its axes: channel_part(x, index: 0, of: 2) is one of equal parts of its channels, conv(x, 3, kernel: 1) makes others',
  change: 'a change is a path and a value: train.steps=100, G.norm=instance()',
  record:
    'values have no names inside of another: each is bound by itself, out = 8, or given to a call, conv(out: 8)',
  networkByLet: (name: string) => `networks are bound by 'let': let ${name} = ...`,
  statements: "a name that begins a line is bound to a value: 'name = value'",
  typeWithColon: "a parameter's type stands behind a colon: 'seg: LabelMap'",
  commentSign: "comments begin with '#'",
  braces: "what belongs to it stands in braces: '{ ... }'",
  namedWithColon: "names are given with ':', for example 'kernel: 3'",
  override: 'only what is inherited is changed by its path: experiment b = a with { G.norm = ... }',
  variant: "a variant is written 'experiment b = a with { ... }'",
  ablation: "an ablation is written 'ablation name of experiment { ... }'",
  axis: "an axis is a path and its values: 'G.norm in [spade(), batch()]', or 'in { name: value }'",
  loading:
    'weights are loaded with \'load V from "weights.safetensors"\', and \'naming "..."\' behind it for a mapping',
  order: 'sizes are width, then height: 512x256 is twice as wide as high',
  loss: "a network has one loss, a sum: 'loss G = a + 10 * b'",
  unpacking: "a name is bound at a time: 'pair = ...', then 'a = pair[0]'",
  refusal: 'a block reports a mistake in its use by: return refuse("why", hint: "what to do")',
  severalValues: 'several values are given back as a list',
  declarations: "a file declares blocks, networks, experiments and ablations: 'block f(x) { return x }'",
  usage: "imports are written 'use norms { spade, batch }' or 'use \"./mine.spade\" { block }'",
} as const;
