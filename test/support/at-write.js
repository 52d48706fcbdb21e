/**
 * Loads at-write-process.ts before a test's command starts; plain JavaScript, as Node runs it without a loader. Plans apply to the
 * process that does the work, and to commands that train.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const plan = process.env['SPADEWORK_TEST_AT_WRITE'];
const trains = ['train', 'resume'].includes(process.argv[2]);
if (isMainThread && basename(process.argv[1] ?? '') === 'work.js' && trains && existsSync(plan)) {
  const { tsImport } = await import('tsx/esm/api');
  await tsImport('./at-write-process.ts', import.meta.url);
}
