/** Resolves aliases (`block sync_batch = batch`) to the blocks that they stand for, from declarations alone. */
import type { Alias } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { builtins } from './builtins/index.ts';
import * as messages from './values/messages.ts';
import type { DeclaredBlock, Module } from './values/module.ts';

/**
 * Finds the block of each alias of a module; undefined where a reported mistake leaves an alias without one. Each
 * alias is followed once, so long chains cost linear time.
 */
export function resolveAliases(
  aliases: ReadonlyMap<string, Alias>,
  module: Module,
  report: (diagnostic: Diagnostic) => void,
): Map<string, DeclaredBlock | undefined> {
  const resolved = new Map<string, DeclaredBlock | undefined>();
  for (const start of aliases.values()) {
    const path = new Map<string, Alias>();
    let last = start;
    for (
      let next: Alias | undefined = start;
      next && !path.has(next.name.text) && !resolved.has(next.name.text);
      next = aliases.get(next.target.text)
    ) {
      path.set(next.name.text, next);
      last = next;
    }
    if (path.size === 0) continue;
    const target = last.target.text;
    let found = resolved.get(target);
    if (path.has(target)) report(messages.aliasCycle(target, last.target.span));
    else if (!aliases.has(target)) found = targetOf(last, module, report);
    for (const name of path.keys()) resolved.set(name, found);
  }
  return resolved;
}

/** Finds the block that an alias stands for, following further aliases. */
function targetOf(
  { target: { text, span } }: Alias,
  { names, missing, experiments, file }: Module,
  report: (diagnostic: Diagnostic) => void,
): DeclaredBlock | undefined {
  const found = names.get(text);
  if (found?.block.keyword === 'block') return found;
  if (missing.has(text)) return undefined;
  const isAblation = file.declarations.some((one) => one.kind === 'ablation' && one.name.text === text);
  if (found) report(messages.aliasOfOther(text, 'network', span));
  else if (experiments.has(text)) report(messages.aliasOfOther(text, 'experiment', span));
  else if (isAblation) report(messages.aliasOfOther(text, 'ablation', span));
  else if (builtins.has(text)) report(messages.aliasOfOther(text, 'function', span));
  else report(messages.unknownTarget(text, span, names.keys()));
  return undefined;
}
