/** Answers for starting the decoding worker: a thread starts without a TypeScript loader, whatever runs the main thread. */
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
