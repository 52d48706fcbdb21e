/** Parses changes by path that come from a command line: `G.norm=instance()`. */
import { walk, type Experiment, type Override } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { parseOverride } from '../../dsl/index.ts';
import type { Source } from '../../dsl/source.ts';
import { isTextSetting } from '../schema/spec.ts';
import { builtins } from '../language/builtins/index.ts';
import { nameOfModule, type ModuleLoader } from '../language/modules.ts';
import type { Importable, Module } from '../language/values/module.ts';
import { boundIn, checkNamesIn } from '../language/names.ts';
import { isBinding } from './items.ts';
import * as messages from './messages.ts';

/**
 * Parses settings as changes. Names are looked up in the experiment's module, then in the standard library, so that a
 * trial needs no import.
 */
export function readSets(
  experiment: Experiment,
  module: Module,
  sets: readonly string[],
  loader: ModuleLoader,
  report: (diagnostic: Diagnostic) => void,
): Override[] {
  return sets.flatMap((text) => {
    const source: Source = { name: messages.setSource, text };
    const { override, diagnostics } = parseOverride(source);
    diagnostics.forEach(report);
    if (!override) return [];
    const bound = new Set(experiment.items.filter(isBinding).map(({ name }) => name.text));
    const own = moduleOfSet(override, module, bound, loader, report);
    loader.adopt(source, own);
    const unknown: Diagnostic[] = [];
    const nothing = (): ReadonlyMap<string, Importable> => new Map();
    const known = boundIn(experiment);
    checkNamesIn(override, known, own, nothing, (diagnostic) => unknown.push(diagnostic));
    const [first] = unknown;
    if (first && isWord(text)) {
      report(withQuotes(first, text));
      return [];
    }
    unknown.forEach(report);
    return [override];
  });
}

/** Tells whether a value may be meant as a text, such as a path; its parts are not names then. */
function isWord(text: string): boolean {
  return /^[^=]*=\s*[\w./-]+\s*$/.test(text);
}

/** Adds the hint to quote a value that is one word without meaning: shells remove quotes. */
function withQuotes(diagnostic: Diagnostic, text: string): Diagnostic {
  if (diagnostic.hint?.startsWith('did you mean') === true) return diagnostic;
  const [path = '', value = ''] = text.split('=').map((part) => part.trim());
  const [section, name = ''] = path.split('.');
  const isText = (section === 'data' || section === 'train') && isTextSetting(section, name);
  // For a single word, only the setting's type tells whether a text or a name is meant.
  if (!isText && !/[./]/.test(value)) return diagnostic;
  return { ...diagnostic, hint: `a text needs quotes that the shell leaves: --set ${path}='"${value}"'` };
}

/** Gives the names that a setting may use. The library is loaded only if a name is not found elsewhere. */
function moduleOfSet(
  override: Override,
  module: Module,
  bound: ReadonlySet<string>,
  loader: ModuleLoader,
  report: (diagnostic: Diagnostic) => void,
): Module {
  const isKnown = (name: string): boolean =>
    [module.names, module.missing, builtins].some((names) => names.has(name)) || bound.has(name);
  const unknown = new Map<string, Override['span']>();
  walk(override.value, (node) => {
    if (node.kind === 'reference' && !isKnown(node.name)) unknown.set(node.name, node.span);
  });
  if (unknown.size === 0) return module;
  const names = new Map(module.names);
  const missing = new Set(module.missing);
  for (const [name, [only, ...others]] of loader.libraryBlocks()) {
    if (!only || isKnown(name)) continue;
    if (others.length === 0) {
      names.set(name, only);
      continue;
    }
    missing.add(name);
    const place = unknown.get(name);
    if (!place) continue;
    const modules = [only, ...others].map((one) => nameOfModule(one.from));
    report(messages.ambiguousName(name, place, modules));
  }
  return { ...module, names, missing };
}
