/** Puts a program on an engine. */
import { is } from '../../compiler/ir/op.ts';
import { read } from '../../compiler/ir/sources.ts';
import { isOutOfMemory } from '../base/shortage.ts';
import { type Program, nodesOf } from '../../compiler/ir/program.ts';
import type { Engine } from '../engine/choose.ts';
import { NativeSession } from './native.ts';
import { PortableSession } from './portable.ts';
import type { Session } from './session.ts';
import { machineError, type SpadeworkError } from '../../dsl/errors.ts';

/** Opens a session for a program on an engine; a failure for lack of memory becomes a SpadeworkError. */
export function openSession(engine: Engine, program: Program): Promise<Session> {
  return whileComputing(async () =>
    engine.kind === 'native'
      ? NativeSession.open(engine.tf, program)
      : new PortableSession(engine.tf, program),
  );
}

/** Names the library behind an engine, with its version and device. */
export function describeLibrary(engine: Engine): string {
  return engine.kind === 'native'
    ? `TensorFlow ${engine.libraryVersion}, ${engine.device.toUpperCase()}`
    : `TensorFlow.js ${engine.libraryVersion}, ${engine.backend === 'wasm' ? 'WebAssembly' : 'JavaScript'}`;
}

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
