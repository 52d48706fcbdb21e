/**
 * Says where the package's own files are. They are found from its root, since this module runs from three places: the clone
 * (`runtime/base/package.ts`), the modules that the compiler makes of it (`dist/`), and the command's bundle.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = fileURLToPath(import.meta.url);

/** Tells whether the sources themselves run, which Node needs a loader for. */
export const runsSources = extname(here) === '.ts';

let root: string | undefined;

/** Finds the folder that holds package.json. */
function packageRoot(): string {
  if (root !== undefined) return root;
  let folder = dirname(here);
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return (root = folder);
}

/** Gives the path of a file or folder of the package, such as `specs`, which is not made by the build. */
export function packageFile(path: string): string {
  return join(packageRoot(), path);
}

/** Gives the package's version. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return version;
}

/** Gives the path of a module that is run by itself, as it can be run here: `runtime/data/worker` has its ending to be added. */
export function moduleFile(name: string): string {
  return runsSources ? packageFile(`${name}.ts`) : packageFile(join('dist', `${name}.js`));
}

/** Gives the script that is the command. */
export function commandScript(name: 'spadework' | 'work'): string {
  return packageFile(join(runsSources ? 'cli' : 'dist/cli', `${name}.js`));
}

/** Gives the words by which Node runs a module in a process of its own. */
export function wordsToRun(name: string): string[] {
  if (!runsSources) return [moduleFile(name)];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, moduleFile(name)];
}
