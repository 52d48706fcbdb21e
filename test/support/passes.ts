/** Runs single passes on small graphs that tests build. */
import { must } from '../../dsl/errors.ts';
import type { Builder, Node } from '../../compiler/ir/node.ts';
import { passes } from '../../compiler/index.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import { fusePointwise } from '../../compiler/passes/fuse-pointwise.ts';
import type { ForwardPass, MethodPass } from '../../compiler/passes/pass.ts';
import { ForwardPipeline, runPasses } from '../../compiler/passes/pipeline.ts';
import { simplifyAlgebra } from '../../compiler/passes/simplify-algebra.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** Gives the result of a forward pass on a value; `weights` stay, some of which are trained. */
export function rewrittenBy(
  pass: ForwardPass,
  b: Builder,
  root: Node,
  weights: readonly Node[] = [],
  trained: readonly Node[] = [],
): Node {
  const { outputs } = new ForwardPipeline([pass], { b, target: cpu }, {}).run({
    name: 'm',
    outputs: new Map([['y', root]]),
    writes: new Map(),
    weights: new Map(weights.map((weight, index) => [weight, `w${index}`])),
    trained: new Set(trained),
  });
  return must(outputs.get('y'), 'there is an output y');
}

/** Runs passes over one method. */
export function methodAfter(method: Method, some: readonly MethodPass[]): Method {
  const program: Program = { variables: [], methods: [method] };
  const context = { target: cpu };
  return some.reduce((one, pass) => {
    const { methods } = runPasses([pass], { ...program, methods: [one] }, context, { verify: false });
    return must(methods[0], 'there is a method');
  }, method);
}

/** Fuses the pointwise ops of a method. */
export const fused = (method: Method): Method => methodAfter(method, [simplifyAlgebra, fusePointwise]);

/** Gives the program of some methods in the form in which it runs. */
export const asRun = (program: Program): Program => runPasses(passes.finish, program, { target: cpu });
