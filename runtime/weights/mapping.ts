/**
 * Applies mappings: rules that translate our variable names to the names of other programs. The names of
 * PyTorch's reparametrizations are translated first, without rules: rules see `conv.weight_orig`.
 */
import { oneNameForTwo } from './messages.ts';

/**
 * A rule that renames variables of ours that match `ours`. Placeholders stand for integers, or for one or several
 * parts of a name.
 */
export interface MappingRule {
  readonly ours: string;
  readonly official: string;
  /** The rule is skipped if the network has a variable of this name. */
  readonly without?: string;
}

/** The names and storage of a network's variables in another program. */
export interface Mapping {
  /** The name or path by which it was loaded. */
  readonly name: string;
  readonly doc: string;
  /** The axis order of the tensors: PyTorch's, or ours; with ours, names such as `weight.u` stay, too. */
  readonly layout: 'PyTorch' | 'HWIO';
  /** Applied in order, each to the result of the previous ones. */
  readonly rules: readonly MappingRule[];
  /** Tensors of a file that need no variable. */
  readonly ignore: readonly string[];
}

/** The default mapping: our names, PyTorch's axis order. */
export const plainMapping: Mapping = {
  name: 'none',
  doc: 'Our names of variables.',
  layout: 'PyTorch',
  rules: [],
  ignore: [],
};

const placeholder = /\{(\w+)\}/g;

/** Lists the names of a pattern's placeholders. */
export function placeholdersOf(pattern: string): string[] {
  return [...pattern.matchAll(placeholder)].map(([, name]) => name ?? '');
}

/**
 * The pattern of a placeholder: an integer for i, j, k, n; one or more parts of a name for path; one part for others.
 */
function expressionOf(name: string): string {
  return /^[ijkn]$/.test(name) ? '\\d+' : name === 'path' ? '.+' : '[^.]+';
}

/** Makes the expression for a whole name; a repeated placeholder matches the same text. */
function matcherOf(pattern: string): RegExp {
  const seen = new Set<string>();
  const body = pattern.split(/(\{\w+\})/).map((part) => {
    const [name] = placeholdersOf(part);
    if (name === undefined) return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    if (seen.has(name)) return `\\k<${name}>`;
    seen.add(name);
    return `(?<${name}>${expressionOf(name)})`;
  });
  return new RegExp(`^${body.join('')}$`);
}

function fill(pattern: string, values: Readonly<Record<string, string>>): string {
  return pattern.replace(placeholder, (_, name: string) => values[name] ?? '');
}

/** Makes the predicate whether a tensor of a file needs no variable. */
export function ignoredBy({ ignore }: Mapping): (official: string) => boolean {
  const matchers = ignore.map(matcherOf);
  return (official) => matchers.some((matcher) => matcher.test(official));
}

/** The role of a variable in a reparametrized weight: the learned value, or an auxiliary one. */
export type Part =
  | { readonly kind: 'plain' }
  | { readonly kind: 'learned' | 'beside'; readonly weight: string; readonly suffix: string };

/**
 * PyTorch's suffixes for the auxiliary variables of a weight: u and v of spectral norm, g (the norms) of weight norm.
 */
const hooks: Readonly<Record<string, string>> = { u: '_u', v: '_v', g: '_g' };

/** Gives the role of a variable in a reparametrized weight, from the names of all variables. */
export function partOf(name: string, names: ReadonlySet<string>): Part {
  if (names.has(`${name}.u`)) return { kind: 'learned', weight: name, suffix: '_orig' };
  if (names.has(`${name}.g`)) return { kind: 'learned', weight: name, suffix: '_v' };
  const weight = name.replace(/\.[uvg]$/, '');
  const suffix = hooks[name.slice(weight.length + 1)];
  return suffix !== undefined && names.has(weight) && partOf(weight, names).kind === 'learned'
    ? { kind: 'beside', weight, suffix }
    : { kind: 'plain' };
}

/** Gives the official name of each variable, in order. Throws a SpadeworkError if two get the same name. */
export function officialNames(ours: readonly string[], { layout, rules }: Mapping): string[] {
  const all = new Set(ours);
  let names = ours.map((name) => {
    const part = layout === 'HWIO' ? ({ kind: 'plain' } as const) : partOf(name, all);
    return part.kind === 'plain' ? name : part.weight + part.suffix;
  });
  for (const rule of rules) {
    const rename = renamer(rule);
    const before = new Set(names);
    names = names.map((name) => rename(name, before) ?? name);
  }
  const owners = new Map<string, string>();
  names.forEach((official, index) => {
    const [owner, self] = [owners.get(official), ours[index] ?? ''];
    if (owner !== undefined) throw oneNameForTwo(official, [owner, self]);
    owners.set(official, self);
  });
  return names;
}

/**
 * Makes the function that renames by a rule; it gives undefined for names that do not match. `all` are the network's
 * names.
 */
export function renamer(rule: MappingRule): (name: string, all?: ReadonlySet<string>) => string | undefined {
  const matcher = matcherOf(rule.ours);
  return (name, all) => {
    const values = matchOf(matcher, name);
    if (!values || (rule.without !== undefined && all?.has(fill(rule.without, values)))) return undefined;
    return fill(rule.official, values);
  };
}

/** Gives the values of the placeholders; undefined if a name does not match. */
function matchOf(matcher: RegExp, name: string): Readonly<Record<string, string>> | undefined {
  const found = matcher.exec(name);
  return found ? (found.groups ?? {}) : undefined;
}
