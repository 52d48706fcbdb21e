/** Answers for making folders. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. The path is made absolute first: in a working folder that was deleted, Node
 * looks for the parent of a relative one without end.
 */
export function makeFolder(path: string): void {
  mkdirSync(resolve(path), { recursive: true });
}
