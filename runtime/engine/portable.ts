/** Loads the portable engine: tfjs on WebAssembly, or on plain JavaScript where even that is missing. */
import { machineError } from '../../dsl/errors.ts';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

/** Is the tfjs module that the portable engine runs on. */
export type PortableTensorFlow = typeof import('@tensorflow/tfjs-core');

/** Names a tfjs backend that runs everywhere Node does. */
export type PortableBackend = 'wasm' | 'cpu';

/**
 * Loads tfjs with the given backend and makes that the current one. WebAssembly uses SIMD and one thread: the
 * threaded build of tfjs starts its workers from Blob addresses, which Node cannot run.
 */
export async function loadPortable(backend: PortableBackend): Promise<PortableTensorFlow> {
  const tf = await import('@tensorflow/tfjs-core');
  // Production mode drops the advertisement for tfjs-node and the notices of backends about each other.
  tf.enableProdMode();
  const restoreListeners = keepProcessListeners();
  try {
    if (backend === 'wasm') {
      const wasm = await import('@tensorflow/tfjs-backend-wasm');
      wasm.setWasmPaths(
        dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep,
      );
    } else {
      await import('@tensorflow/tfjs-backend-cpu');
    }
    if (!(await tf.setBackend(backend)))
      throw machineError(
        'backend-not-started',
        `the tfjs backend "${backend}" could not be started`,
        'run "spadework doctor" to see what the engines lack',
      );
  } finally {
    restoreListeners();
  }
  return tf;
}

/** Takes away the handlers that compiled WebAssembly adds to the process, which turn every error into its own. */
function keepProcessListeners(): () => void {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as 'uncaughtException')));
  return () => {
    events.forEach((event, at) => {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before[at]!.has(listener)) process.removeListener(event, listener as () => void);
      }
    });
  };
}
