/** What evaluation is to those who take part in it: its scopes, calls and losses, and what each may ask of the whole. */
import type { Call, Expression, Statement } from '../../../dsl/ast.ts';
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Hint } from '../../../dsl/fix.ts';
import type { Source, Span } from '../../../dsl/source.ts';
import type { Composite } from '../../ops/composite/index.ts';
import type { Budget } from './budget.ts';
import type { Module } from './module.ts';
import type { Recorder } from './recorder.ts';
import type { BlockValue, TensorValue, Value } from './values.ts';

/** What a loss may ask for: pictures, judgements and codes of the step that it belongs to, and calls of networks. */
export interface LossContext {
  fake(span: Span): Value;
  real(): Value;
  labels(): Value;
  judge(network: string, picture: TensorValue | undefined, span: Span): Value;
  encoding(network: string, span: Span): Value;
  call(network: string, given: Argumented): Value;
  /** Says which network to give for a parameter of a block, in a call that gives none. */
  hintOfNetwork(callee: BlockValue, parameter: string, written: WrittenCall): Hint | string;
  /** What blocks were called with, by the place of the call. */
  readonly calls: Map<Span, BlockValue>;
}

export interface Scope {
  readonly module: Module;
  /** Where parts of an experiment were written in several files: the module that each may name. */
  readonly moduleOf?: (source: Source) => Module | undefined;
  readonly bindings: Map<string, Value>;
  /** Where an experiment binds its names, for those that are used before. */
  readonly declared?: ReadonlyMap<string, Span>;
}

/** The arguments of a call, as they were written. */
export interface Argumented {
  readonly positional: Value[];
  readonly named: Map<string, Value>;
  /** Where each value was written, by position or name. */
  readonly spans: Map<number | string, Span>;
  /** Where the names of named arguments were written. */
  readonly nameSpans: ReadonlyMap<string, Span>;
  /** The whole call. */
  readonly span: Span;
  /** What is called, as it was written. */
  readonly callee: Span;
  /** The call itself, where a text holds it. */
  readonly written?: WrittenCall | undefined;
}

/** A call as it is written, with the names that it may use. */
export interface WrittenCall {
  readonly call: Call;
  readonly scope: Scope;
  /** Whether a pipeline gives the first argument. */
  readonly piped: boolean;
}

/** A value on its way through a pipeline. */
export interface Piped {
  readonly value: Value;
  readonly span: Span;
}

/** What those who evaluate a part of a text ask of the evaluation as a whole (evaluate.ts). */
export interface Evaluation {
  /** What the expansion may take. */
  readonly budget: Budget;
  /** Where applied blocks write their nodes; none outside of networks and losses. */
  readonly recorder: Recorder | undefined;
  readonly loss: LossContext | undefined;
  /** Says what a network of the experiment encodes; none outside of experiments. */
  readonly encoded: ((network: string, span: Span) => Value) | undefined;
  /** Reports a mistake, and gives the value that stands for it. */
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
  /** Makes a variable under the current scope. */
  declare(
    role: 'parameter' | 'state',
    name: string,
    shape: readonly number[],
    initializer: Parameters<Recorder['variable']>[3],
    span: Span,
    stored?: Parameters<Recorder['variable']>[5],
  ): Value;
  /** Reads a value as a tensor: label maps become channels, numbers constants; undefined where it is neither. */
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
