/**
 * Says what a pass is: a name, what it works on, and one function from graph to graph. Passes hold nothing between two runs; what a
 * forward pass remembers of a builder, the driver (pipeline.ts) holds for it. compiler/index.ts lists all passes in their order.
 */
import type { Builder, Node } from '../ir/node.ts';
import type { Method, Program } from '../ir/program.ts';
import type { Target } from '../ir/target.ts';
import type { LevelPlanner } from './deduplicate-patches/levels.ts';

export type Pass = ForwardPass | MethodPass | ProgramPass;

/** What every pass is told beside its graph. */
export interface PassContext {
  readonly target: Target;
  /** The method that is split into stages, if one is. */
  readonly staged?: StagedMethod | undefined;
}

/** A method that is called again and again with some of its inputs unchanged. */
export interface StagedMethod {
  readonly method: string;
  /** Tells which inputs change with the label map only. */
  readonly isMap: (input: string) => boolean;
}

/**
 * Rewrites the forward graph of an objective, or of a method without one, before it is differentiated: gradients are made of what it
 * gives. New nodes are made by the builder that the old ones are of.
 */
export interface ForwardPass<Memory = unknown> {
  readonly name: string;
  readonly level: 'forward';
  /** Makes what the pass remembers of one builder: objectives of a step share what was rewritten for one of them. */
  remember(): Memory;
  run(graph: ForwardGraph, context: ForwardContext<Memory>): ForwardGraph;
}

/** Rewrites a finished method, gradients and updates included. */
export interface MethodPass {
  readonly name: string;
  readonly level: 'method';
  run(method: Method, context: PassContext): Method;
}

/** Rewrites a program as a whole. */
export interface ProgramPass {
  readonly name: string;
  readonly level: 'program';
  run(program: Program, context: PassContext): Program;
}

/** The terms of a loss, or what a method gives, with the variables that have changed on the way: from weights up to here. */
export interface ForwardGraph extends Method {
  /** The values of variables when it begins, with their names. They stay as they are, whatever they were computed from. */
  readonly weights: ReadonlyMap<Node, string>;
  /** Those of the weights that gradients will be asked of. */
  readonly trained: ReadonlySet<Node>;
}

export interface ForwardContext<Memory> extends PassContext {
  readonly b: Builder;
  /** What the pass remembers of the builder. */
  readonly memory: Memory;
  /** The patches of the program; undefined where everything is computed pixel by pixel. */
  readonly levels?: LevelPlanner | undefined;
}
