/**
 * Answers for names that mean nothing, in every block of a file: also in those that nobody calls, in branches that are not
 * taken, and behind another mistake. Evaluation would find only the first of a chain.
 */
import { children, type Call, type Declaration, type Expression, type Node } from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { builtins } from './builtins.ts';
import * as messages from './messages.ts';
import type { Module } from './modules.ts';
import { typeRules } from './value-types.ts';

/**
 * Reports unknown names, types and named arguments of all declarations of a module. `inherited` gives what a declaration may
 * name beside: what the experiment that it varies binds; undefined where that is not known.
 */
export function checkNames(
  module: Module,
  inherited: (declaration: Declaration) => readonly string[] | undefined,
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
  inherited: readonly string[],
  module: Module,
  report: (diagnostic: Diagnostic) => void,
): void {
  // A name counts as bound wherever its declaration binds it; evaluation knows whether it was bound in time.
  const bound = new Set<string>(inherited);
  const collect = (node: Node): void => {
    if (node.kind === 'assignment' || node.kind === 'let' || node.kind === 'parameter')
      bound.add(node.name.text);
    if (node.kind === 'for') bound.add(node.variable.text);
    children(node).forEach(collect);
  };
  collect(root);
  visit(root, bound);

  function visit(node: Node, known: ReadonlySet<string>): void {
    switch (node.kind) {
      case 'reference':
        if (
          !known.has(node.name) &&
          !module.names.has(node.name) &&
          !module.missing.has(node.name) &&
          !builtins.has(node.name)
        )
          report(
            messages.unknownName(node.name, node.span, [
              ...known,
              ...module.names.keys(),
              ...builtins.keys(),
            ]),
          );
        return;
      // What it names are values of axes.
      case 'matching':
        return;
      case 'type':
        if (!typeRules.has(node.name)) report(messages.unknownType(node.name, node.span, typeRules.keys()));
        return;
      case 'comprehension': {
        visit(node.list, known);
        const inner = new Set([...known, node.variable.text]);
        visit(node.item, inner);
        if (node.condition) visit(node.condition, inner);
        return;
      }
      case 'call':
        checkArgumentNames(node, known);
        break;
      default:
    }
    for (const child of children(node)) visit(child, known);
  }

  function checkArgumentNames(call: Call, known: ReadonlySet<string>): void {
    const names = parameterNames(call.callee, known);
    if (!names) return;
    for (const { name } of call.arguments)
      if (name && !names.includes(name.text))
        report(messages.unknownArgument((call.callee as { name: string }).name, name.text, name.span, names));
  }

  /** The parameters of a callee that is written as a name and means the same wherever it is evaluated. */
  function parameterNames(callee: Expression, known: ReadonlySet<string>): readonly string[] | undefined {
    if (callee.kind !== 'reference' || known.has(callee.name) || module.missing.has(callee.name))
      return undefined;
    const block = module.names.get(callee.name)?.block;
    return block?.parameters.map((parameter) => parameter.name.text) ?? builtins.get(callee.name)?.names;
  }
}
