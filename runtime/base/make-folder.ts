/** Creates folders with their parents. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Creates a folder and its missing parents. The path is made absolute first: in a deleted working folder, Node would
 * search for the parent of a relative path forever.
 */
export function makeFolder(path: string): void {
  mkdirSync(resolve(path), { recursive: true });
}
