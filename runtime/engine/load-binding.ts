/** Loads tfjs-node-gpu with a given compiled binding into this process, silently. Knows nothing of how it was made. */
import { createRequire, Module } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { must } from '../../dsl/errors.ts';
import { bindingPackage } from './recipe.ts';
import type { SessionModule } from './session-module.ts';

/** Is the module tfjs-node-gpu exports: all of tfjs, plus `node`, `io` for files and the native backend. */
export type NativeTensorFlow = typeof import('@tensorflow/tfjs-node-gpu');

/** Names the files of a compiled engine inside its folder. */
export const bindingFile = 'tfjs_binding.node';
export const hostFile = 'spadework_host.node';
export const sessionFile = 'spadework_session.node';

interface Host {
  holdErrorStream(): void;
  releaseErrorStream(): void;
  setVariable(name: string, value: string): void;
  releaseMemory(): void;
}

/** The log level of TensorFlow's native code at which it writes nothing but the cause of its own death. */
const silentLevel = '3';

const requireHere = createRequire(import.meta.url);

/** Finds the folder of the npm package that the binding belongs to. */
export function bindingPackageFolder(): string {
  return join(requireHere.resolve(`${bindingPackage}/package.json`), '..');
}

/** Chooses how a binding is loaded. */
export interface LoadOptions {
  /** Holds back what the library writes meanwhile; false lets it through, to explain a failure. Default: true. */
  readonly quiet?: boolean;
  /** File of compiled kernels to load with it. */
  readonly kernels?: string;
}

/** The libraries of this process that were loaded with kernels. */
const withKernels = new WeakSet<object>();

/** The modules of ours that were loaded with the libraries of this process. */
const modules = new WeakMap<object, { readonly host: Host; readonly sessions: SessionModule }>();

let collect: (() => void) | undefined;

/** Has JavaScript free what nobody holds anymore; large arrays that were let go of may else stay for long. */
export function collectGarbage(): void {
  if (!collect) {
    // There is no other way to ask for it in a running process.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}

/** Gives the system the memory that the library `tf`, which `loadBinding` gave, has freed. */
export function releaseMemory(tf: object): void {
  modules.get(tf)?.host.releaseMemory();
}

/** Gives what runs sessions of the library `tf`, which `loadBinding` gave. */
export function sessionModuleOf(tf: object): SessionModule {
  return must(modules.get(tf), 'the library was loaded with its modules').sessions;
}

/** Tells whether `tf`, which `loadBinding` gave, has our own ops. */
export function hasKernels(tf: object): boolean {
  return withKernels.has(tf);
}

/**
 * Loads tfjs-node-gpu with the binding in `folder`. TensorFlow reads its environment while it loads, so every
 * variable must be set before.
 */
export function loadBinding(folder: string, { quiet = true, kernels }: LoadOptions = {}): NativeTensorFlow {
  const host = requireHere(join(folder, hostFile)) as Host;
  // Left alone where the user has set it.
  const level = (process.env['TF_CPP_MIN_LOG_LEVEL'] ??= silentLevel);
  host.setVariable('TF_CPP_MIN_LOG_LEVEL', level);
  // Ops run one after another, each on all processors: two at a time fight for them and for their caches.
  if (kernels !== undefined)
    host.setVariable('TF_NUM_INTEROP_THREADS', (process.env['TF_NUM_INTEROP_THREADS'] ??= '1'));
  replaceRetiredUtilities();
  const requireFromPackage = createRequire(join(bindingPackageFolder(), 'package.json'));
  const restoreLocator = locateBindingAt(join(folder, bindingFile), requireFromPackage);
  const restoreWarnings = holdDeprecationWarnings();
  try {
    // Static constructors of the library write lines that no variable stops. Held for this one call only, because
    // other threads share the stream.
    if (quiet && level === silentLevel) host.holdErrorStream();
    requireHere(join(folder, bindingFile));
    const sessions = requireHere(join(folder, sessionFile)) as SessionModule;
    if (kernels !== undefined) requireHere(kernels);
    host.releaseErrorStream();
    // Before the backends register themselves: production mode also silences their notices about each other.
    (requireFromPackage('@tensorflow/tfjs-core') as NativeTensorFlow).enableProdMode();
    const tf = requireFromPackage(bindingPackage) as NativeTensorFlow;
    if (kernels !== undefined) withKernels.add(tf);
    modules.set(tf, { host, sessions });
    return tf;
  } finally {
    host.releaseErrorStream();
    restoreWarnings();
    restoreLocator();
  }
}

/** Gives `util` two helpers that tfjs-node-gpu calls, which Node 22 warns about and Node 23 removed. */
function replaceRetiredUtilities(): void {
  const helpers = util as unknown as Record<string, unknown>;
  helpers['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  helpers['isArray'] = Array.isArray;
}

/**
 * Answers the package's search for its binding with `path` until the returned function is called. Standing in for
 * the module that searches leaves the package's own folder alone, which may be read-only.
 */
function locateBindingAt(path: string, requireFromPackage: NodeJS.Require): () => void {
  const id = requireFromPackage.resolve('@mapbox/node-pre-gyp');
  const original = requireFromPackage.cache[id];
  const standIn = new Module(id);
  standIn.exports = { find: () => path };
  standIn.loaded = true;
  requireFromPackage.cache[id] = standIn;
  return () => {
    if (original === undefined) delete requireFromPackage.cache[id];
    else requireFromPackage.cache[id] = original;
  };
}

/** Drops deprecation warnings about old dependencies of tfjs, which the user can do nothing about. */
function holdDeprecationWarnings(): () => void {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  return () => {
    if (noDeprecation === undefined) delete process.noDeprecation;
    else process.noDeprecation = noDeprecation;
  };
}
