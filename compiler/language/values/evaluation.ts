/**
 * Defines the interfaces between the parts of the evaluator: scopes, arguments, the context of a loss, and the
 * evaluation as a whole.
 */
import type { Call, Expression, Statement } from '../../../dsl/ast.ts';
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Hint } from '../../../dsl/fix.ts';
import type { Source, Span } from '../../../dsl/source.ts';
import type { Composite } from '../../ops/composite/index.ts';
import type { Budget } from './budget.ts';
import type { Module } from './module.ts';
import type { Recorder } from './recorder.ts';
import type { BlockValue, TensorValue, Value } from './values.ts';

/** What a loss can use of its step: pictures, judgements, codes, and calls of networks. */
export interface LossContext {
  fake(span: Span): Value;
  real(): Value;
  labels(): Value;
  judge(network: string, picture: TensorValue | undefined, span: Span): Value;
  encoding(network: string, span: Span): Value;
  call(network: string, given: Argumented): Value;
  /** Gives a hint on the network to pass for a block's parameter, for a call that passes none. */
  hintOfNetwork(callee: BlockValue, parameter: string, written: WrittenCall): Hint | string;
  /** The blocks that were called, with their arguments, by the place of the call. */
  readonly calls: Map<Span, BlockValue>;
}

export interface Scope {
  readonly module: Module;
  /** If an experiment's parts come from several files: the module whose names each text may use. */
  readonly moduleOf?: (source: Source) => Module | undefined;
  readonly bindings: Map<string, Value>;
  /** The places where an experiment binds its names, to report uses before the binding. */
  readonly declared?: ReadonlyMap<string, Span>;
}

/** The arguments of a call, as they were written. */
export interface Argumented {
  readonly positional: Value[];
  readonly named: Map<string, Value>;
  /** The place of each value, by position or name. */
  readonly spans: Map<number | string, Span>;
  /** The places of the names of named arguments. */
  readonly nameSpans: ReadonlyMap<string, Span>;
  /** The place of the whole call. */
  readonly span: Span;
  /** The place of the callee. */
  readonly callee: Span;
  /** The AST of the call, if it was written in a text. */
  readonly written?: WrittenCall | undefined;
}

/** The AST of a call, with its scope. */
export interface WrittenCall {
  readonly call: Call;
  readonly scope: Scope;
  /** Whether a pipeline gives the first argument. */
  readonly piped: boolean;
}

/** A value that enters a pipeline stage. */
export interface Piped {
  readonly value: Value;
  readonly span: Span;
}

/** What the parts of the evaluator need from the whole (evaluate.ts). */
export interface Evaluation {
  /** The limits of the expansion. */
  readonly budget: Budget;
  /** Records the nodes of applied blocks; undefined outside of networks and losses. */
  readonly recorder: Recorder | undefined;
  readonly loss: LossContext | undefined;
  /** Gives the code that a network of the experiment makes of the photograph; undefined outside of experiments. */
  readonly encoded: ((network: string, span: Span) => Value) | undefined;
  /** Reports a mistake and gives the `unknown` value. */
  fail(mistake: Diagnostic): Value;
  evaluate(expression: Expression, scope: Scope): Value;
  run(statements: readonly Statement[], scope: Scope): Value | undefined;
  apply(callee: Value, given: Argumented, label: string | undefined): Value;
  record(
    op: Composite,
    inputs: readonly TensorValue[],
    attrs: Parameters<Recorder['op']>[2],
    span: Span,
    places?: readonly (Span | undefined)[],
    blamed?: Span,
  ): Value;
  /** Declares a variable in the current scope. */
  declare(
    role: 'parameter' | 'state',
    name: string,
    shape: readonly number[],
    initializer: Parameters<Recorder['variable']>[3],
    span: Span,
    stored?: Parameters<Recorder['variable']>[5],
  ): Value;
  /** Reads a value as a tensor: label maps become channels, numbers constants; undefined for other values. */
  asTensor(value: Value, span: Span): TensorValue | undefined;
  readonly calls: {
    call(call: Call, piped: Piped | undefined, scope: Scope): Value;
    lackOf(value: Value, written: Expression, scope: Scope): Diagnostic | undefined;
  };
  readonly expressions: {
    truth(expression: Expression, scope: Scope): boolean | undefined;
    listValue(
      value: Value,
      span: Span,
      hintFor: (value: Value) => Hint | undefined,
    ): readonly Value[] | undefined;
  };
}
