/** Starts the decoding worker from its TypeScript source: a thread does not inherit the loader of the main thread. */
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
