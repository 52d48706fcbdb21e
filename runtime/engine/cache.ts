/** Keeps compiled engines in the user's cache folder: names, stamps, the lock, and the removal of halves. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import lockfile from 'proper-lockfile';
import { bindingFile, bindingPackageFolder, hostFile, sessionFile } from './load-binding.ts';
import { packageFile } from '../base/package.ts';
import { waitingForOther } from './messages.ts';
import { nodeApiVersion, tensorflowVersion, wheelContents, type WheelKey } from './recipe.ts';
import type { Log } from './types.ts';

/** Is written last into an engine's folder: what is in it and how it was made. */
export interface Stamp {
  readonly key: string;
  readonly libraryVersion: string;
  readonly device: 'cpu' | 'gpu';
  /** Digest of the wheel, or the folder of the user's own library. */
  readonly source: { readonly wheel: string; readonly sha256: string } | { readonly folder: string };
  readonly obtainedWith: string;
  readonly compiler: string;
  readonly node: string;
  readonly madeAt: string;
  /** Sizes in bytes of the files that must be there, by path relative to the folder. */
  readonly files: Readonly<Record<string, number>>;
}

const stampFile = 'ready.json';
const buildingMark = '.building-';

/** Finds the cache folder: SPADEWORK_CACHE, or `spadework` in XDG_CACHE_HOME, or in ~/.cache. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const own = environment['SPADEWORK_CACHE'];
  if (own) return resolve(own);
  // The XDG specification says to ignore a relative path.
  const shared = environment['XDG_CACHE_HOME'];
  return join(
    shared?.startsWith('/') ? shared : join(environment['HOME'] ?? homedir(), '.cache'),
    'spadework',
  );
}

/** Gives the folder that holds all engines of the cache. */
export function enginesFolder(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'engine');
}

/** Names an engine after all that its binary depends on. */
export function engineKey(
  library: WheelKey | { readonly folder: string; readonly files: readonly string[] },
): string {
  const digest = createHash('sha256');
  for (const source of bindingSources()) digest.update(readFileSync(source)).update('\0');
  if (typeof library === 'string') {
    digest.update(wheelContents.join());
    return `tensorflow-${tensorflowVersion}-${library}-napi${nodeApiVersion}-${digest.digest('hex').slice(0, 12)}`;
  }
  // A user's own library is not copied, so its place and the size and time of its files are part of the name.
  digest.update(library.folder);
  for (const path of library.files) {
    const { size, mtimeMs } = statSync(path);
    digest.update(`${path}:${size}:${mtimeMs}`);
  }
  return `own-${process.platform}-${process.arch}-napi${nodeApiVersion}-${digest.digest('hex').slice(0, 12)}`;
}

/** Lists the sources that are compiled, headers included. */
function bindingSources(): string[] {
  const folder = join(bindingPackageFolder(), 'binding');
  const names = readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name));
  return [...names.sort().map((name) => join(folder, name)), hostSource(), sessionSource()];
}

/** Gives the path of the source of the small helper module. */
export function hostSource(): string {
  return packageFile('runtime/engine/host.cc');
}

/** Gives the path of the source of the module that runs sessions. */
export function sessionSource(): string {
  return packageFile('runtime/engine/session.cc');
}

/** Reads the stamp of the engine in `folder`, or undefined where it is absent, of another key, or not whole. */
export function readStamp(folder: string, key: string): Stamp | undefined {
  let stamp: Stamp;
  try {
    stamp = JSON.parse(readFileSync(join(folder, stampFile), 'utf8')) as Stamp;
  } catch {
    return undefined;
  }
  if (stamp.key !== key || stamp.files === undefined) return undefined;
  const whole = Object.entries(stamp.files).every(
    ([name, size]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === size,
  );
  return whole ? stamp : undefined;
}

/** Writes the stamp into a folder that holds all of `required`, which turns the folder into an engine. */
export function writeStamp(folder: string, stamp: Omit<Stamp, 'files'>, libraries: readonly string[]): Stamp {
  const required = [bindingFile, hostFile, sessionFile, ...libraries];
  const files = Object.fromEntries(required.map((name) => [name, statSync(join(folder, name)).size]));
  const complete = { ...stamp, files };
  writeFileSync(join(folder, stampFile), `${JSON.stringify(complete, undefined, 2)}\n`);
  return complete;
}

/** Makes a fresh folder beside the final one, on the same disk so that a rename can put it in place. */
export function createBuildFolder(engines: string, key: string): string {
  const folder = join(engines, `${key}${buildingMark}${process.pid}-${Date.now().toString(36)}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Removes what killed set-ups of `key` left behind. Only for the holder of the lock. */
export function removeHalves(engines: string, key: string): void {
  for (const name of readdirSync(engines)) {
    if (name.startsWith(`${key}${buildingMark}`))
      rmSync(join(engines, name), { recursive: true, force: true });
  }
}

/** Runs `work` while no other process sets up the same engine; says once that it waits. */
export async function whileLocked<T>(
  engines: string,
  key: string,
  log: Log,
  work: () => Promise<T>,
): Promise<T> {
  const take = () =>
    lockfile.lock(join(engines, key), {
      realpath: false,
      stale: 10_000,
      update: 2_000,
      // A lock lost to a long pause of this process is harmless: what is made is put in place by one rename.
      onCompromised: () => undefined,
    });
  let release: (() => Promise<void>) | undefined;
  for (let said = false; release === undefined;) {
    try {
      release = await take();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (!said) log(waitingForOther());
      said = true;
      await new Promise((wake) => setTimeout(wake, 300));
    }
  }
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}

/** Adds up the sizes of all files below `folder`; 0 where it is absent. Links count as nothing. */
export function folderBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += folderBytes(path);
    else if (entry.isFile()) total += lstatSync(path).size;
  }
  return total;
}
