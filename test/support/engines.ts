/** Provides the engines for tests: the portable one always, the native one if it is set up. */
import { describe, it } from 'vitest';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { findNativeEngine } from '../../runtime/engine/install.ts';
import { loadNative } from '../../runtime/engine/native.ts';
import { loadPortable } from '../../runtime/engine/portable.ts';

/** Loads tfjs on WebAssembly. */
export function portableTensorFlow(): Promise<TensorFlow> {
  return loadPortable('wasm');
}

/** Marks tests that run in `npm run test:full`, not in `npm test`. */
export const full = { tags: 'full' } as const;

/** Marks all tests of a list but the first as full, as the first represents them. */
export function fullAfterFirst(index: number): { readonly tags?: 'full' } {
  return index === 0 ? {} : full;
}

/** Runs `define` with the native engine, or defines one skipped test that names the missing need. */
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
