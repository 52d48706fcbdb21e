/** Makes all states that a process's death could leave: copies a folder before each write and in the middle of it. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { watchWrites } from './writes.ts';

/** Lists the files of a folder with their content, except the training lock. */
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
 * Does work, and copies `folder` into `kept`, once for each state that a death during the work could leave. Equal
 * states are kept once.
 */
export async function statesOfDeath(
  folder: string,
  kept: string,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const seen = new Set<string>();
  const states: string[] = [];
  const keep = (): void => {
    if (!existsSync(folder)) return;
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
