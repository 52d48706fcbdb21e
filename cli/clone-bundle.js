/**
 * Gives the bundle that the command runs from in the clone: of the sources as they are, made at the first command after a change.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { root, writeBundle } from './bundle.js';

const week = 7 * 24 * 60 * 60 * 1000;

/** Gives the folder of the bundle of the sources as they are; undefined where nothing may be written into the clone. */
export async function currentBundle() {
  const cache = join(root, 'node_modules', '.cache', 'spadework');
  const folder = join(cache, digestOfSources());
  if (existsSync(folder)) return folder;
  const making = join(cache, `making-${randomUUID()}`);
  try {
    mkdirSync(making, { recursive: true });
  } catch {
    return undefined;
  }
  await write(making);
  try {
    renameSync(making, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(making, { recursive: true }); // another process was faster
  }
  removeOld(cache, folder);
  return folder;
}

/** Writes the bundle, or leaves nothing. */
async function write(folder) {
  try {
    await writeBundle(folder, { sourcemap: 'linked' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Names a state of the sources by the times and sizes of their files. */
function digestOfSources() {
  const digest = createHash('sha256');
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    digest.update(`${path} ${mtimeMs} ${size}\n`);
  };
  for (const layer of ['dsl', 'compiler', 'runtime', 'cli', 'specs'])
    for (const name of readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' }).sort())
      if (/\.([jt]s|spade)$/.test(name)) add(join(root, layer, name));
  for (const name of ['package.json', 'package-lock.json']) add(join(root, name));
  return digest.digest('hex').slice(0, 16);
}

/** Removes bundles that nobody has made use of for long; one that is in use may still load more of its own. */
function removeOld(cache, current) {
  const now = Date.now();
  utimesSync(current, now / 1000, now / 1000);
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (now - statSync(folder).mtimeMs > week) rmSync(folder, { recursive: true, force: true });
  }
}
