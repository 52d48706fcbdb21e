/** Evaluates statements: binds names, takes branches, and unrolls loops. */
import { walk, type For, type Statement } from '../../dsl/ast.ts';
import type { Span } from '../../dsl/source.ts';
import type { Evaluation, Scope } from './values/evaluation.ts';
import { hintOfRounds } from './operand-hints.ts';
import { unknown, type Value } from './values/values.ts';

/** Runs statements; gives the value of the `return` that was reached, if any. */
export function runStatements(
  evaluator: Evaluation,
  statements: readonly Statement[],
  scope: Scope,
): Value | undefined {
  for (const statement of statements) {
    evaluator.budget.descend();
    const result = execute(evaluator, statement, scope);
    evaluator.budget.ascend();
    if (result) return result;
  }
  return undefined;
}

function execute(evaluator: Evaluation, statement: Statement, scope: Scope): Value | undefined {
  switch (statement.kind) {
    case 'assignment':
      scope.bindings.set(statement.name.text, evaluator.evaluate(statement.value, scope));
      return undefined;
    case 'let': {
      const value = evaluator.evaluate(statement.value, scope);
      const path = [...(evaluator.recorder?.scope ?? []), statement.name.text].join('.');
      const isInstance = value.kind === 'block' && value.path === undefined;
      scope.bindings.set(statement.name.text, isInstance ? { ...value, path } : value);
      return undefined;
    }
    case 'return':
      return evaluator.evaluate(statement.value, scope);
    case 'if':
      switch (evaluator.expressions.truth(statement.condition, scope)) {
        case true:
          return runStatements(evaluator, statement.then, scope);
        case false:
          return statement.otherwise && runStatements(evaluator, statement.otherwise, scope);
        default:
          return skip(evaluator, statement, scope);
      }
    case 'for': {
      const items = evaluator.expressions.listValue(
        evaluator.evaluate(statement.list, scope),
        statement.list.span,
        (value) => hintOfRounds(value, statement.list.span),
      );
      if (!items) return skip(evaluator, statement, scope);
      evaluator.budget.enter(undefined, headerOf(statement));
      let result: Value | undefined;
      for (const item of items) {
        scope.bindings.set(statement.variable.text, item);
        result = runStatements(evaluator, statement.body, scope);
        if (result) break;
      }
      evaluator.budget.leave();
      return result;
    }
  }
}

/** The header line of a loop. */
function headerOf({ span, list }: For): Span {
  return { ...span, end: list.span.end };
}

/** Skips a statement that depends on a mistake: what it binds or returns becomes unknown. */
function skip(evaluator: Evaluation, statement: Statement, scope: Scope): Value | undefined {
  let result: Value | undefined;
  walk(statement, (node) => {
    evaluator.budget.spend('steps');
    if (node.kind === 'assignment' || node.kind === 'let') scope.bindings.set(node.name.text, unknown);
    if (node.kind === 'return') result = unknown;
  });
  return result;
}
