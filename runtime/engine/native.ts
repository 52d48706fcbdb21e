/** Loads the native engine into this process. */
import { mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ensureNativeEngine } from './install.ts';
import { bindingFile, bindingPackageFolder, loadBinding, type NativeTensorFlow } from './load-binding.ts';
import { nodeApiVersion } from './recipe.ts';
import type { EngineOptions, ReadyEngine } from './types.ts';

let loaded: { readonly folder: string; readonly tf: NativeTensorFlow } | undefined;

/**
 * Sets up the native engine where needed and gives tfjs-node-gpu with it. Throws a SpadeworkError that says why, and what to
 * do, where it cannot be set up.
 */
export async function loadNative(options: EngineOptions = {}): Promise<NativeTensorFlow> {
  const ready = await ensureNativeEngine(options);
  if (ready.kind === 'unavailable') throw ready.error;
  return loadReady(ready);
}

/** Loads an engine that is ready. A process can hold one native engine only; the first one stays. */
export function loadReady(ready: ReadyEngine): NativeTensorFlow {
  if (loaded === undefined) {
    placeBinding(ready.folder);
    const kernels = ready.kernels.kind === 'ready' ? { kernels: ready.kernels.file } : {};
    loaded = { folder: ready.folder, tf: loadBinding(ready.folder, kernels) };
  }
  return loaded.tf;
}

/**
 * Links the cached binding into the npm package, so that code which imports the package by itself gets the same one.
 * Our own loading does not depend on it, so a package folder that cannot be written is no failure.
 */
export function placeBinding(folder: string, packageFolder = bindingPackageFolder()): boolean {
  const target = join(folder, bindingFile);
  const places = join(packageFolder, 'lib', `napi-v${nodeApiVersion}`);
  const place = join(places, bindingFile);
  try {
    if (linkTarget(place) === target) return true;
    mkdirSync(places, { recursive: true });
    // A link cannot be made over a file; a rename can, in one step.
    const temporary = `${place}.${process.pid}`;
    symlinkSync(target, temporary);
    renameSync(temporary, place);
    return true;
  } catch {
    return false;
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
