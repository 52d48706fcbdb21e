/** Chooses the engine of a run: the native one where it can be had, else the portable one, saying why. */
import { badEngineRequest, fallingBack } from './messages.ts';
import { ensureNativeEngine } from './install.ts';
import type { NativeTensorFlow } from './load-binding.ts';
import { loadReady } from './native.ts';
import { loadPortable, type PortableBackend, type PortableTensorFlow } from './portable.ts';
import { type EngineOptions, type Log } from './types.ts';

/** Is what a user may ask for. */
export type EngineRequest = 'auto' | 'native' | 'portable';

/** Is an engine loaded into this process. */
export type Engine =
  | {
      readonly kind: 'native';
      readonly tf: NativeTensorFlow;
      /** Version of libtensorflow. */
      readonly libraryVersion: string;
      readonly device: 'cpu' | 'gpu';
      readonly note?: string;
    }
  | {
      readonly kind: 'portable';
      readonly tf: PortableTensorFlow;
      /** Version of tfjs. */
      readonly libraryVersion: string;
      readonly backend: PortableBackend;
      /** Says why this is not the native engine, where that was wished. */
      readonly note?: string;
    };

/**
 * Loads the engine asked for; with 'auto', SPADEWORK_ENGINE decides, and the native engine is preferred. `log` gets
 * the progress of a set-up and the one line about a fallback. Throws a SpadeworkError only where 'native' was asked
 * for and cannot be had.
 */
export async function chooseEngine(
  request: EngineRequest,
  log: Log,
  options: Omit<EngineOptions, 'log'> = {},
): Promise<Engine> {
  const wanted =
    request === 'auto' ? requestFromEnvironment(options.environment ?? process.env, log) : request;
  if (wanted === 'portable') return portableEngine();
  const ready = await ensureNativeEngine({ ...options, log });
  if (ready.kind === 'ready') {
    const { libraryVersion, device, note } = ready;
    if (note !== undefined) log(note);
    return {
      kind: 'native',
      tf: loadReady(ready),
      libraryVersion,
      device,
      ...(note === undefined ? {} : { note }),
    };
  }
  if (wanted === 'native') throw ready.error;
  const note = fallingBack(ready.error);
  log(note);
  return { ...(await portableEngine()), note };
}

function requestFromEnvironment(environment: NodeJS.ProcessEnv, log: Log): EngineRequest {
  const found = environment['SPADEWORK_ENGINE'];
  if (found === 'native' || found === 'portable' || found === 'auto') return found;
  if (found) log(badEngineRequest(found));
  return 'auto';
}

async function portableEngine(): Promise<Engine & { kind: 'portable' }> {
  const backend: PortableBackend = typeof WebAssembly === 'undefined' ? 'cpu' : 'wasm';
  const tf = await loadPortable(backend);
  return { kind: 'portable', tf, backend, libraryVersion: tf.version_core };
}
