/** Watches every file write of this process, by wrapping Node's functions. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Call = (...given: unknown[]) => unknown;
type Functions = Record<string, Call>;

const ofPromises = ['writeFile', 'rename', 'rm', 'mkdir'] as const;
const ofSync = ['writeSync', 'mkdirSync', 'rmSync', 'openSync'] as const;

/** A moment at which a process can die: before a write, or in the middle of one that writes bytes. */
export interface Moment {
  /** What is written, as the caller names it; undefined if unknown. */
  readonly path: string | undefined;
  /** Whether the write waits for the result of `look`. */
  readonly waits: boolean;
}

/** Calls `look` at each moment of each write; gives the function that stops this. */
export function watchWrites(look: (moment: Moment) => void | Promise<void>): () => void {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (original: Call) => Call): void => {
    const functions = owner as Functions;
    const original = functions[name]!;
    functions[name] = make(original);
    undo.push(() => (functions[name] = original));
  };
  let isWithin = false;
  /** Calls `look`, unless inside another such call: `look` may write, too. */
  const alone = (path: unknown, waits: boolean): void | Promise<void> => {
    if (isWithin) return;
    isWithin = true;
    try {
      return look({ path: typeof path === 'string' ? path : undefined, waits });
    } finally {
      isWithin = false;
    }
  };
  for (const name of ofPromises)
    replace(fs.promises, name, (original) => async (...given) => {
      const [path, content, ...rest] = given;
      await alone(path, true);
      if (name === 'writeFile') {
        await original(path, firstHalf(content), ...rest);
        await alone(path, true);
      }
      return original(...given);
    });
  /** Files open for `writeSync`, by descriptor. */
  const openFiles = new Map<unknown, unknown>();
  for (const name of ofSync)
    replace(fs, name, (original) => (...given) => {
      if (isWithin || (name === 'openSync' && isForReading(given[1]))) return original(...given);
      const path = name === 'writeSync' ? openFiles.get(given[0]) : given[0];
      void alone(path, false);
      if (name === 'openSync') {
        const file = original(...given);
        openFiles.set(file, path);
        return file;
      }
      if (name !== 'writeSync') return original(...given);
      const bytes = bytesOf(given[1]);
      original(given[0], firstHalf(bytes));
      void alone(path, false);
      original(given[0], bytes.subarray(firstHalf(bytes).length));
      return bytes.length;
    });
  // Handles share one prototype, which an open file gives access to.
  replace(fs.promises, 'open', (original) => async (...given) => {
    if (isForReading(given[1])) return original(...given);
    const [path] = given;
    await alone(path, true);
    const handle = (await original(...given)) as object;
    const write = (handle as Functions)['writeFile']!.bind(handle);
    Object.assign(handle, {
      writeFile: async (content: unknown) => {
        await alone(path, true);
        const bytes = bytesOf(content);
        await write(firstHalf(bytes));
        await alone(path, true);
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

function isForReading(flags: unknown): boolean {
  if (typeof flags === 'number') return (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === 0;
  return flags === undefined || flags === 'r';
}

function bytesOf(content: unknown): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : (content as Uint8Array);
}

function firstHalf(content: unknown): Uint8Array {
  const bytes = bytesOf(content);
  return bytes.subarray(0, bytes.length >> 1);
}
