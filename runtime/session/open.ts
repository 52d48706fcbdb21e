/** Puts a program on an engine. */
import type { Program } from '../../compiler/ir/program.ts';
import type { Engine } from '../engine/choose.ts';
import { whileComputing } from './computing.ts';
import { NativeSession } from './native.ts';
import { PortableSession } from './portable.ts';
import type { Session } from './session.ts';

/** Opens a session for a program on an engine; a lack of memory becomes a SpadeworkError. */
export function openSession(engine: Engine, program: Program): Promise<Session> {
  return whileComputing(async () =>
    engine.kind === 'native'
      ? NativeSession.open(engine.tf, program)
      : new PortableSession(engine.tf, program),
  );
}

/** Names the library of an engine, with its version and device. */
export function describeLibrary(engine: Engine): string {
  return engine.kind === 'native'
    ? `TensorFlow ${engine.libraryVersion}, ${engine.device.toUpperCase()}`
    : `TensorFlow.js ${engine.libraryVersion}, ${engine.backend === 'wasm' ? 'WebAssembly' : 'JavaScript'}`;
}
