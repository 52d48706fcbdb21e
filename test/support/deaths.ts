/**
 * Answers for what a process that dies leaves behind, at every write that it does: the functions by which Node writes files are
 * watched, and the folder is kept as it is before each write and in the middle of it.
 */
import { createHash } from 'node:crypto';
import fs, { cpSync, readdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';

type Call = (...given: unknown[]) => unknown;
type Functions = Record<string, Call>;

const ofPromises = ['writeFile', 'rename', 'rm', 'mkdir'] as const;
const ofSync = ['writeSync', 'mkdirSync', 'rmSync', 'openSync'] as const;

/** Lists the files of a folder with their content, but for what says that a process trains in it. */
export function filesOf(folder: string): Map<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const found = entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (name.startsWith('training.lock')) return [];
    return [
      [
        entry.isDirectory() ? `${name}/` : name,
        entry.isDirectory() ? Buffer.alloc(0) : readFileSync(path),
      ] as const,
    ];
  });
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Does work, and gives copies of `folder` below `kept`, one for each state that a death in the work could leave. States that are the
 * same to the byte are kept once.
 */
export async function statesOfDeath(
  folder: string,
  kept: string,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const seen = new Set<string>();
  const states: string[] = [];
  const keep = (): void => {
    if (!fs.existsSync(folder)) return;
    const digest = createHash('sha256');
    for (const [name, content] of filesOf(folder))
      digest.update(`${name}\0${content.length}\0`).update(content);
    const key = digest.digest('hex');
    if (seen.has(key)) return;
    seen.add(key);
    const copy = join(kept, String(states.length));
    cpSync(folder, copy, { recursive: true, filter: (path) => !path.includes('training.lock') });
    states.push(copy);
  };
  const restore = watchWrites(keep);
  try {
    await work();
  } finally {
    restore();
  }
  return states;
}

/** Calls `look` before each write, and in the middle of those that write bytes; gives what ends it. */
function watchWrites(look: () => void): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (original: Call) => Call): void => {
    const functions = owner as Functions;
    const original = functions[name]!;
    functions[name] = make(original);
    undo.push(() => (functions[name] = original));
  };
  let isWithin = false;
  /** Looks, unless the call comes out of another one: what looks may write as well. */
  const alone = (): void => {
    if (isWithin) return;
    isWithin = true;
    look();
    isWithin = false;
  };
  for (const name of ofPromises)
    replace(fs.promises, name, (original) => async (...given) => {
      alone();
      if (name === 'writeFile') {
        const [path, content, ...rest] = given;
        await original(path, firstHalf(content), ...rest);
        alone();
      }
      return original(...given);
    });
  for (const name of ofSync)
    replace(fs, name, (original) => (...given) => {
      if (isWithin) return original(...given);
      alone();
      if (name !== 'writeSync') return original(...given);
      const bytes = bytesOf(given[1]);
      original(given[0], firstHalf(bytes));
      alone();
      original(given[0], bytes.subarray(firstHalf(bytes).length));
      return bytes.length;
    });
  // Handles share one prototype, which is reached by an open file.
  replace(fs.promises, 'open', (original) => async (...given) => {
    alone();
    const handle = (await original(...given)) as object;
    const write = (handle as Functions)['writeFile']!.bind(handle);
    Object.assign(handle, {
      writeFile: async (content: unknown) => {
        alone();
        const bytes = bytesOf(content);
        await write(firstHalf(bytes));
        alone();
        await write(bytes.subarray(firstHalf(bytes).length));
      },
    });
    return handle;
  });
  syncBuiltinESMExports();
  return () => {
    for (const one of undo.reverse()) one();
    syncBuiltinESMExports();
  };
}

function bytesOf(content: unknown): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : (content as Uint8Array);
}

function firstHalf(content: unknown): Uint8Array {
  const bytes = bytesOf(content);
  return bytes.subarray(0, bytes.length >> 1);
}
