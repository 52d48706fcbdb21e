/** Answers for the engines that tests run on: the portable one always, the native one where it is set up. */
import { describe, it } from 'vitest';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { findNativeEngine } from '../../runtime/engine/install.ts';
import { loadNative } from '../../runtime/engine/native.ts';
import { loadPortable } from '../../runtime/engine/portable.ts';

/** Loads tfjs on WebAssembly. */
export function portableTensorFlow(): Promise<TensorFlow> {
  return loadPortable('wasm');
}

/** Marks tests that `npm test` leaves to `npm run test:full`. */
export const full = { tags: 'full' } as const;

/** Marks tests that a quick test of the same kind stands for: all of a list but the first. */
export function fullAfterFirst(index: number): { readonly tags?: 'full' } {
  return index === 0 ? {} : full;
}

/** Runs `define` with the native engine, or leaves one skipped test that says what it needs. */
export async function describeNative(
  name: string,
  define: (tf: TensorFlow) => void,
  options: { readonly tags?: 'full' } = {},
): Promise<void> {
  const silent = { log: () => undefined };
  const found = await findNativeEngine(silent);
  if (found.kind === 'unavailable') {
    it.skip(name, { tags: ['needs-native', ...(options.tags ? [options.tags] : [])] }, () => undefined);
    return;
  }
  const tf = await loadNative(silent);
  describe(name, options, () => define(tf));
}
