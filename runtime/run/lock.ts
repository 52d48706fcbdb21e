/**
 * Answers for one training at a time in a run folder. The holder's process id lies in a file for as long as it trains: a
 * killed holder is known at once, and a step may block the thread for as long as it takes.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import lockfile from 'proper-lockfile';
import { lockFile, lockGuard, whileWritingAsync } from './folder.ts';
import { folderInUse } from './messages.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Longer than proper-lockfile takes to call the guard of a killed process stale. */
const guardRetries = { retries: 60, factor: 1, minTimeout: 200, maxTimeout: 200 };

/** Run folders which this process trains in. */
const held = new Set<string>();

/** Does work as the only process that trains in `folder`, which has to exist. Throws a RunError where another does. */
export async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const key = resolve(folder);
  const file = join(folder, lockFile);
  await whileWritingAsync(folder, () => take(folder, key, file));
  try {
    return await work();
  } finally {
    held.delete(key);
    await rm(file, { force: true });
  }
}

/** Writes the holder's file; the guard keeps two processes from both replacing the file of a dead holder. */
async function take(folder: string, key: string, file: string): Promise<void> {
  const guard = join(folder, lockGuard);
  const release = await lockfile
    .lock(folder, { lockfilePath: guard, retries: guardRetries })
    .catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ELOCKED' ? folderInUse(folder, guard) : error;
    });
  try {
    const holder = await readHolder(file);
    if (held.has(key) || (holder && isAlive(holder))) throw folderInUse(folder, file);
    const self: Holder = { pid: process.pid, host: hostname() };
    await writeFile(file, JSON.stringify(self));
    held.add(key);
  } finally {
    await release();
  }
}

/** Tells whether a process trains in a folder. */
export async function isHeld(folder: string): Promise<boolean> {
  const holder = await readHolder(join(folder, lockFile));
  return held.has(resolve(folder)) || (holder !== undefined && isAlive(holder));
}

/** Reads who holds a folder; half a file is what a killed process left. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Tells whether a holder may still train; nobody can tell of another machine. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  // Ids are given again, in containers even the same one: this process knows what it holds.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
