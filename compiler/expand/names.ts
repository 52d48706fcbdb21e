/**
 * Answers for names that mean nothing, in every block of a file: also in those that nobody calls, in branches that are not
 * taken, and behind another mistake. Evaluation would find only the first of a chain.
 */
import { children, type Call, type Declaration, type Expression, type Node } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { builtins } from './builtins.ts';
import * as messages from './messages.ts';
import type { Module } from './modules.ts';
import { parametersByName } from './parameters.ts';
import { typeRules } from './value-types.ts';

/** More mistakes than these help nobody; nor does a suggestion for each of so many. */
const mistakeLimit = 1000;
const suggestionLimit = 100;

/**
 * Reports unknown names, types and named arguments of all declarations of a module. `inherited` gives what a declaration may
 * name beside: what the experiment that it varies binds; undefined where that is not known.
 */
export function checkNames(
  module: Module,
  inherited: (declaration: Declaration) => ReadonlySet<string> | undefined,
  report: (diagnostic: Diagnostic) => void,
): void {
  for (const declaration of module.file.declarations) {
    const known = inherited(declaration);
    if (known) checkNamesIn(declaration, known, module, report);
  }
}

/** Reports unknown names, types and named arguments of a part of a module, in which `inherited` are known beside. */
export function checkNamesIn(
  root: Node,
  inherited: ReadonlySet<string>,
  module: Module,
  report: (diagnostic: Diagnostic) => void,
): void {
  let mistakes = 0;
  // A name counts as bound wherever its declaration binds it; evaluation knows whether it was bound in time.
  const bound = new Set<string>();
  const collect = (node: Node): void => {
    if (node.kind === 'assignment' || node.kind === 'let' || node.kind === 'parameter')
      bound.add(node.name.text);
    if (node.kind === 'for') bound.add(node.variable.text);
    children(node).forEach(collect);
  };
  collect(root);
  // Variables of the comprehensions around what is looked at, and how many of a name there are.
  const inner = new Map<string, number>();
  visit(root);

  function isKnown(name: string): boolean {
    return bound.has(name) || inherited.has(name) || (inner.get(name) ?? 0) > 0;
  }

  /** Reports a mistake, made with what may be meant; what exceeds the limits is left out. */
  function say(make: (candidates: (all: () => Iterable<string>) => Iterable<string>) => Diagnostic): void {
    mistakes += 1;
    const few = mistakes <= suggestionLimit;
    if (mistakes <= mistakeLimit) report(make((all) => (few ? all() : [])));
    else if (mistakes === mistakeLimit + 1)
      report(messages.tooManyMistakes(mistakeLimit, { ...root.span, start: root.span.end }));
  }

  function visit(node: Node): void {
    switch (node.kind) {
      case 'reference':
        if (
          !isKnown(node.name) &&
          !module.names.has(node.name) &&
          !module.missing.has(node.name) &&
          !builtins.has(node.name)
        )
          say((among) =>
            messages.unknownName(
              node.name,
              node.span,
              among(() => [
                ...inner.keys(),
                ...bound,
                ...inherited,
                ...module.names.keys(),
                ...builtins.keys(),
              ]),
            ),
          );
        return;
      // What it names are values of axes.
      case 'matching':
        return;
      case 'type':
        if (!typeRules.has(node.name))
          say(() => messages.unknownType(node.name, node.span, typeRules.keys()));
        return;
      case 'comprehension': {
        visit(node.list);
        const { text } = node.variable;
        inner.set(text, (inner.get(text) ?? 0) + 1);
        visit(node.item);
        if (node.condition) visit(node.condition);
        inner.set(text, (inner.get(text) ?? 1) - 1);
        return;
      }
      case 'call':
        checkArgumentNames(node);
        break;
      default:
    }
    for (const child of children(node)) visit(child);
  }

  function checkArgumentNames(call: Call): void {
    const names = parameterNames(call.callee);
    if (!names) return;
    for (const { name } of call.arguments)
      if (name && !names.has(name.text))
        say((among) =>
          messages.unknownArgument(
            (call.callee as { name: string }).name,
            name.text,
            name.span,
            among(() => names),
          ),
        );
  }

  /** The parameters of a callee that is written as a name and means the same wherever it is evaluated. */
  function parameterNames(callee: Expression): ReadonlySet<string> | undefined {
    if (callee.kind !== 'reference' || isKnown(callee.name) || module.missing.has(callee.name))
      return undefined;
    const block = module.names.get(callee.name)?.block;
    if (block) return new Set(parametersByName(block).keys());
    const builtin = builtins.get(callee.name);
    return builtin && new Set(builtin.names);
  }
}
