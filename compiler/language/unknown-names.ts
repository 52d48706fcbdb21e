/**
 * Gives hints for unknown names: suggests only names that are legal at the place, and adds the import if the library
 * has one.
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
  /** Where the name is: in a block, or in the part of an experiment that binds, weighs, trains or sets. */
  readonly context: 'block' | 'binding' | 'loss' | 'optimizer' | 'setting';
  /** Whether the name is called, passed as an argument, or used in a computation. */
  readonly use: 'called' | 'passed' | 'computed';
  /** The expected type, if a parameter declares one. */
  readonly type?: string | undefined;
  /** The role of the expected network, if a network is expected. */
  readonly asked?: Asked | undefined;
  /** The call whose callee it is, and whether a pipeline gives its first argument. */
  readonly call?: { readonly call: Call; readonly piped: boolean } | undefined;
  /** If a text is expected, the span of the whole expression around the name. */
  readonly text?: Span | undefined;
}

/** The kind of a name that a block or experiment binds, as far as it is known without evaluation. */
export type Bound = 'data' | 'block' | 'network' | 'any';

/** Where the name was looked up. */
export interface Surroundings {
  readonly module: Module;
  readonly bound: ReadonlyMap<string, Bound>;
  /** What can be imported, by name: from the library, and from files that are already imported. */
  readonly importable: () => ReadonlyMap<string, Importable>;
}

/** Gives a hint for the unknown name `name`, which is the text of `span` or its last part. */
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
  // Of `torch.tanh`, the last part is known here.
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

/** Names of values in other languages, with the literals of this one. */
const literals: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['none', 'none'],
  ['null', 'none'],
  ['nil', 'none'],
  ['undefined', 'none'],
]);

/** Tells whether a place may be meant as a text, such as a path. */
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

/** Makes the hint that declares a well-known function as a block; the name may follow that of a foreign module. */
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

/** Makes the hint that imports a name: in the braces of an existing `use`, or in a new line at the top. */
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

/** Tells whether a block fits; `isForeign` marks a block that is not imported yet, for which the test is cheaper. */
function fitsBlock(block: Block, { context, use, type }: Place, isForeign: boolean): boolean {
  if (use === 'computed' || context === 'setting' || context === 'optimizer') return false;
  if (use === 'passed' && type !== undefined && !blockTypes.has(type)) return false;
  const [first, second] = block.parameters;
  if (type === 'Norm') return first?.default === undefined && second !== undefined;
  if (type === 'Weight') return first?.name.text === 'w';
  if (context === 'loss') return block.keyword === 'block';
  // A library block that is not a network usually needs data, which an experiment cannot pass.
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
