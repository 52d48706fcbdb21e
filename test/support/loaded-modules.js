/** Preloaded into a process: writes the URL of each module that it loads, a line each, into the file SPADEWORK_TEST_LOADED. */
import { appendFileSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

/** Called by Node, in the thread of the hooks. */
export async function load(url, context, next) {
  if (!url.startsWith('node:')) appendFileSync(process.env.SPADEWORK_TEST_LOADED, `${url}\n`);
  return next(url, context);
}
