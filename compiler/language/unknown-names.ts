/**
 * Answers for what to try where a name means nothing: only names that would be legal at the place are suggested, and what the
 * library has comes with the line that imports it.
 */
import { formulaOf, whyLacking, carriedOver, wayOf } from '../messages/carried-over.ts';
import type { Block, Call, File } from '../../dsl/ast.ts';
import { inserting, replacing, together, type Hint } from '../../dsl/fix.ts';
import { printText } from '../../dsl/index.ts';
import { lineEndOf, startOf, textOf, type Span } from '../../dsl/source.ts';
import { nearest } from '../../dsl/suggest.ts';
import type { Asked } from './values/asked-of.ts';
import { builtins } from './builtins/index.ts';
import { calledHere, distanceOf, placeOfCall } from './foreign-calls.ts';
import { hintOfForm } from './foreign-forms.ts';
import { networkNeeded } from './values/messages.ts';
import type { Importable, Module } from './values/module.ts';

/** What a name is needed for. */
export interface Place {
  /** Where it stands: in a block, or in the part of an experiment that binds, weighs, trains or sets. */
  readonly context: 'block' | 'binding' | 'loss' | 'optimizer' | 'setting';
  /** Whether it is called, handed on, or computed with. */
  readonly use: 'called' | 'passed' | 'computed';
  /** The type that is asked for, where a parameter says so. */
  readonly type?: string | undefined;
  /** What is asked of a network, where one is wanted. */
  readonly asked?: Asked | undefined;
  /** The call of which it is the callee, and whether a pipeline gives its first argument. */
  readonly call?: { readonly call: Call; readonly piped: boolean } | undefined;
  /** Where a text is asked for, all of the expression that the name is a part of. */
  readonly text?: Span | undefined;
}

/** What a name is that a block or experiment binds itself, as far as that can be told without evaluating it. */
export type Bound = 'data' | 'block' | 'network' | 'any';

/** Where a name was looked for in vain. */
export interface Surroundings {
  readonly module: Module;
  readonly bound: ReadonlyMap<string, Bound>;
  /** What may be imported, by name: of the library, and of the files that are imported already. */
  readonly importable: () => ReadonlyMap<string, Importable>;
}

/** Says what to try in place of `name`, which is all that `span` holds, or its last part. */
export function hintOfUnknownName(
  name: string,
  span: Span,
  place: Place,
  around: Surroundings,
): Hint | string {
  const literal = literals.get(name.toLowerCase());
  if (literal !== undefined) return replacing(span, literal);
  if (place.text && isWord(place.text)) {
    const quoted = printText(textOf(place.text));
    return replacing(place.text, quoted, (written) => `a text is written in quotes: ${written}`);
  }
  const importable = around.importable();
  const own = importable.get(name);
  if (own && fitsBlock(own.block, place, true)) return importing(name, own.from, around.module.file);
  const near = [...around.bound]
    .filter(([, kind]) => fitsBound(kind, place))
    .map(([key]) => key)
    .concat(
      [...around.module.names].filter(([, { block }]) => fitsBlock(block, place, false)).map(([key]) => key),
    )
    .concat([...builtins.keys()].filter((key) => fitsBuiltin(key, place)));
  const far = [...importable].filter(([, { block }]) => fitsBlock(block, place, true)).map(([key]) => key);
  const take = (found: string, text = found, at = span): Hint => {
    const source = near.includes(found) ? undefined : importable.get(found);
    if (!source && text === found && textOf(at) === name) return replacing(at, found);
    const written = replacing(at, text, (all) => `write '${all}'`);
    return source ? together([written, importing(found, source.from, around.module.file)]) : written;
  };
  const call = place.call?.call;
  const distance = distanceOf(name, call);
  if (call && distance !== undefined)
    return replacing(placeOfCall(span, call), distance, (text) => `write '${text}'`);
  const form = place.call && hintOfForm({ name, callee: span, ...place.call });
  if (form !== undefined) return form;
  const takeCalled = (found: string): Hint | string => {
    if (!place.call) return take(found);
    const block = around.module.names.get(found)?.block ?? importable.get(found)?.block;
    const parameters = block?.parameters.map((one) => one.name.text) ?? builtins.get(found)?.names ?? [];
    const written = calledHere(name, span, place.call.call, place.call.piped, found, parameters);
    if (!written) return `it is ${found} here, and takes other arguments: ${parameters.join(', ')}`;
    return written.isWhole ? take(found, written.text, placeOfCall(span, place.call.call)) : take(found);
  };
  // Of `torch.tanh` the part that is known here.
  if (near.includes(name)) return takeCalled(name);
  const carried = carriedOver(name).find((one) => near.includes(one) || far.includes(one));
  if (carried !== undefined) return takeCalled(carried);
  const way = wayOf(name) ?? whyLacking(name);
  if (way !== undefined) return way;
  const formula = formulaOf(name);
  if (formula !== undefined && fitsBuiltin('tanh', place))
    return declaring(name, formula, span, around.module.file);
  const slip = nearest(name, near);
  const further = nearest(name, far);
  const best = further && further.distance < (slip?.distance ?? Infinity) ? further : slip;
  if (!best) return wayToBind(name, place);
  return best.distance === 0 ? takeCalled(best.name) : take(best.name);
}

/** Names of values that the language writes as words of its own. */
const literals: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['none', 'none'],
  ['null', 'none'],
  ['nil', 'none'],
  ['undefined', 'none'],
]);

/** Tells whether a place holds what may be meant as a text, such as a path. */
const isWord = (span: Span): boolean => /^[\w./-]+$/.test(textOf(span));

export function wayToBind(name: string, { context, use, type, asked }: Place): string {
  if (type === 'Network' && context !== 'block') return networkNeeded(asked, name);
  if (type === 'Norm' && use === 'passed')
    return `declare it: block ${name}(x, seg) { ... }, or take a norm of the library: use norms { batch, instance }`;
  if (use === 'called')
    return `declare it: block ${name}(x) { ... }, or import it from a file of yours with 'use'`;
  return context === 'block'
    ? `bind it (${name} = ...), or add it as a parameter`
    : `bind it in the experiment: ${/^[A-Z]/.test(name) ? 'let ' : ''}${name} = ...`;
}

/** Makes the hint that declares a well-known function, which may be written behind the name of another framework's module. */
function declaring(name: string, formula: string, span: Span, file: File): Hint {
  const { source } = file;
  const end = lineEndOf(source);
  const text = `block ${name}(x) { return ${formula} }`;
  const gap = source.text.endsWith('\n') ? end : `${end}${end}`;
  const declared = inserting(source, source.text.length, `${gap}${text}${end}`, () => `declare it: ${text}`);
  return textOf(span) === name
    ? declared
    : together([replacing(span, name, (own) => `write '${own}'`), declared]);
}

/** Makes the hint that imports a name: into the braces of a `use` of the module, or on a line of its own at the top. */
export function importing(name: string, from: string, file: File): Hint {
  const known = file.uses.find((use) => (use.file ? printText(use.module) : use.module) === from);
  const last = known?.names.at(-1);
  if (known && last) {
    const names = [...known.names.map(({ text }) => text), name].join(', ');
    return inserting(file.source, last.span.end, `, ${name}`, () => `import it: use ${from} { ${names} }`);
  }
  const line = `use ${from} { ${name} }`;
  const above = file.uses.at(-1);
  const say = (): string => `import it: ${line}`;
  const end = lineEndOf(file.source);
  if (above) return inserting(file.source, above.span.end, `${end}${line}`, say);
  return inserting(file.source, startOf(file.source), `${line}${end}${end}`, say);
}

function fitsBound(kind: Bound, { context, use, type }: Place): boolean {
  if (kind === 'any') return true;
  if (kind === 'network')
    return use === 'called'
      ? context === 'loss'
      : use === 'passed' && (type === undefined || type === 'Network');
  if (use === 'called') return kind === 'block';
  const isBlockWanted = type !== undefined && blockTypes.has(type);
  return kind === 'block'
    ? use === 'passed' && (type === undefined || isBlockWanted)
    : !isBlockWanted && type !== 'Network';
}

const blockTypes: ReadonlySet<string> = new Set(['Block', 'Norm', 'Weight']);

/** Tells whether a block fits; `isForeign` for one that is only to be imported, of which less is tried. */
function fitsBlock(block: Block, { context, use, type }: Place, isForeign: boolean): boolean {
  if (use === 'computed' || context === 'setting' || context === 'optimizer') return false;
  if (use === 'passed' && type !== undefined && !blockTypes.has(type)) return false;
  const [first, second] = block.parameters;
  if (type === 'Norm') return first?.default === undefined && second !== undefined;
  if (type === 'Weight') return first?.name.text === 'w';
  if (context === 'loss') return block.keyword === 'block';
  // A block of the library that is no network mostly needs data, which an experiment has not.
  return !isForeign || type !== 'network' || block.keyword === 'network';
}

function fitsBuiltin(name: string, { context, use, type }: Place): boolean {
  if (use === 'computed') return false;
  const role = builtins.get(name)?.role;
  if (role === 'number') return use === 'called';
  if (type === 'Initializer') return role === 'initializer';
  if (use === 'passed' && (type !== undefined ? type !== 'Block' && type !== 'Norm' : role !== 'tensor'))
    return false;
  switch (context) {
    case 'block':
      return role !== 'optimizer' && role !== 'input';
    case 'binding':
      return (role === 'input' && use === 'called') || role === 'initializer' || role === 'tensor';
    case 'loss':
      return role === 'loss' || role === 'tensor';
    case 'optimizer':
      return role === 'optimizer';
    case 'setting':
      return false;
  }
}
