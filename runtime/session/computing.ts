/** Work on any engine: what it does not need is left out, and a lack of memory is said in words. */
import { is } from '../../compiler/ir/op.ts';
import { type Program, nodesOf } from '../../compiler/ir/program.ts';
import { read } from '../../compiler/ir/sources.ts';
import { machineError, type SpadeworkError } from '../../dsl/errors.ts';
import { isOutOfMemory } from '../base/shortage.ts';

/** Leaves out of a program the variables that none of its methods touches. */
export function withoutUnusedVariables(program: Program): Program {
  const used = new Set(
    program.methods.flatMap((method) => [
      ...nodesOf(method).flatMap((node) => (is(read, node) ? [node.attrs.name] : [])),
      ...method.writes.keys(),
    ]),
  );
  return { ...program, variables: program.variables.filter(({ name }) => used.has(name)) };
}

/** Does work on an engine; its failure for lack of memory becomes a SpadeworkError. */
export async function whileComputing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isOutOfMemory(error) ? outOfMemory(error as Error) : error;
  }
}

const outOfMemory = (error: Error): SpadeworkError =>
  machineError(
    'out-of-memory',
    'the engine ran out of memory',
    'lower batch, size or width in the spec, or close other programs',
    { cause: error },
  );
