/**
 * Locks a run folder for one training at a time. The holder's process id is in a file during training: so a killed
 * holder is detected at once, and a step may block the thread for any time.
 */
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { DamagedRecord, readText, RecordFormat, whileReading } from '../base/records.ts';
import { holderSchema } from '../base/schemas.ts';
import { lockFile, lockGuard } from './folder.ts';
import { whileWritingAsync } from '../base/files.ts';
import { damagedLock, folderInUse } from './messages.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The process that started the holder and on whose end the holder stops, if there is one. */
  readonly parent?: number;
}

const holderFormat = new RecordFormat<Holder>(holderSchema);

/** The interval of checking whether a holder has ended. */
const lookMilliseconds = 100;

/** Longer than the time after which proper-lockfile treats the guard of a killed process as stale. */
const guardRetries = { retries: 60, factor: 1, minTimeout: 200, maxTimeout: 200 };

/** Run folders in which this process trains. */
const held = new Set<string>();

/**
 * Does work while holding the lock on `folder`, which must exist. Throws a SpadeworkError if another process holds it.
 */
export async function whileLocked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const key = resolve(folder);
  const file = join(folder, lockFile);
  await untilOrphanEnds(file);
  await whileWritingAsync(folder, () => take(folder, key, file));
  try {
    return await work();
  } finally {
    held.delete(key);
    await rm(file, { force: true });
  }
}

/** Waits for a holder whose parent was killed: it stops after its current step. */
async function untilOrphanEnds(file: string): Promise<void> {
  for (;;) {
    const holder = readHolder(file);
    if (
      holder?.parent === undefined ||
      !isAlive(holder) ||
      holder.host !== hostname() ||
      isRunning(holder.parent)
    )
      return;
    await delay(lookMilliseconds);
  }
}

/**
 * Writes the holder's file; the guard keeps two processes from replacing the file of a dead holder at the same time.
 */
async function take(folder: string, key: string, file: string): Promise<void> {
  const guard = join(folder, lockGuard);
  const release = await lockfile
    .lock(folder, { lockfilePath: guard, retries: guardRetries })
    .catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ELOCKED' ? folderInUse(folder, guard) : error;
    });
  try {
    const holder = readHolder(file);
    if (held.has(key) || (holder && isAlive(holder))) throw folderInUse(folder, file);
    const parent = process.connected ? process.ppid : undefined;
    const self: Holder = { pid: process.pid, host: hostname(), ...(parent !== undefined && { parent }) };
    await writeFile(file, JSON.stringify(self));
    held.add(key);
  } finally {
    await release();
  }
}

/** Tells whether a process trains in a folder. */
export function isHeld(folder: string): boolean {
  const holder = readHolder(join(folder, lockFile));
  return held.has(resolve(folder)) || (holder !== undefined && isAlive(holder));
}

/**
 * Reads the holder of a folder; an incomplete file is ignored, as its writer was killed. Throws a SpadeworkError for
 * anything but a file.
 */
function readHolder(file: string): Holder | undefined {
  const text = whileReading(file, damagedLock, () => readText(file));
  try {
    return text === undefined ? undefined : holderFormat.parse(text);
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
}

/** Tells whether a holder may still run; on another machine it always may. */
function isAlive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  // Process ids are reused, in containers even our own: this process knows the locks it holds.
  return pid !== process.pid && isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
