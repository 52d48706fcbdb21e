/** Answers for the engines that tests run on: the portable one always, the native one where it is set up. */
import { describe, it } from 'vitest';
import type { TensorFlow } from '../../compiler/ops/define.ts';
import { findNativeEngine, loadNative, loadPortable } from '../../runtime/engine/index.ts';

/** Loads tfjs on WebAssembly. */
export function portableTensorFlow(): Promise<TensorFlow> {
  return loadPortable('wasm');
}

/** Runs `define` with the native engine, or leaves one skipped test that says why there is none. */
export async function describeNative(name: string, define: (tf: TensorFlow) => void): Promise<void> {
  const silent = { log: () => undefined };
  const found = await findNativeEngine(silent);
  if (found.kind === 'unavailable') {
    console.warn(`Skipping ${name}: ${found.reason} ${found.fix}`);
    it.skip(`${name} (no native engine: ${found.reason})`);
    return;
  }
  const tf = await loadNative(silent);
  describe(name, () => define(tf));
}
