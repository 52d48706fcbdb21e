/**
 * Says where the package's own files are. They are looked for from here upwards, since this module runs in three places: the clone
 * (`runtime/base/package.ts`), what the compiler makes of it (`dist/runtime/base/package.js`), and a chunk of the command's bundle.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(import.meta.url);
const ending = extname(here);

/** Tells whether the sources themselves run, which Node needs a loader for. */
export const runsSources = ending === '.ts';

/** Finds the nearest folder around this module that holds a file. */
function folderWith(file: string): string {
  let folder = dirname(here);
  while (!existsSync(join(folder, file)) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

let root: string | undefined;

/** Gives the path of a file or folder that the build does not make, such as `specs`. */
export function packageFile(path: string): string {
  return join((root ??= folderWith('package.json')), path);
}

/** Gives the package's version. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return version;
}

/** Gives the path of a module that a thread or a process starts with, named without its ending: `runtime/data/worker`. */
export function moduleFile(name: string): string {
  return join(folderWith(name + ending), name + ending);
}

/** Gives a script of the command: its first process, or the one that works. */
export function commandScript(name: 'spadework' | 'work'): string {
  return packageFile(`cli/${name}.js`);
}

/** Gives the words by which Node runs a module in a process of its own. */
export function wordsToRun(name: string): string[] {
  if (!runsSources) return [moduleFile(name)];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, moduleFile(name)];
}
