/** Names the data that the set-up of an engine passes around. */
import type { SpadeworkError } from '../../dsl/errors.ts';

/** Receives one finished line for the user, without a line break. */
export type Log = (line: string) => void;

/** Chooses where things are looked for and told; every field has the process's own as default. */
export interface EngineOptions {
  /** Environment variables, for search paths, settings and started programs. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Receives lines about what is being done. Default: the error stream. */
  readonly log?: Log;
  /** Shows how far a download is. Default: on the error stream, where lines are not taken by `log`. */
  readonly progress?: boolean;
  /** Makes the engine anew even where the cached one is whole. */
  readonly rebuild?: boolean;
}

/** Says that the native engine cannot be used here: the error has why, and what the user can do. Each is one sentence. */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly error: SpadeworkError;
}

/** Tells where the compiled kernels of an engine are, or why there are none. */
export type Kernels =
  { readonly kind: 'ready'; readonly file: string } | { readonly kind: 'absent'; readonly reason: string };

/** Describes a native engine that is ready to load. */
export interface ReadyEngine {
  readonly kind: 'ready';
  /** Folder in the cache that holds the binding. */
  readonly folder: string;
  readonly libraryVersion: string;
  readonly device: 'cpu' | 'gpu';
  /** Tells whether it was found in the cache or made by this call. */
  readonly origin: 'cached' | 'built';
  /** Our own ops; without them graphs are made of TensorFlow's alone. */
  readonly kernels: Kernels;
  /** Says what did not go as wished though the engine works, for example a GPU that cannot be used. */
  readonly note?: string;
}
