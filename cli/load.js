/** Loads the command from its bundle: that of the package, or in the clone one of the sources as they are. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Gives the module of the command. */
export async function loadCommand() {
  const packed = new URL('../dist/command/cli/main.js', import.meta.url);
  if (!existsSync(new URL('main.ts', import.meta.url))) return import(packed.href);
  const { currentBundle } = await import('./clone-bundle.js');
  const bundle = await currentBundle();
  if (bundle !== undefined) return import(pathToFileURL(`${bundle}/cli/main.js`).href);
  // A clone that is read-only runs as it is, which takes a second longer.
  const { register } = await import('tsx/esm/api');
  register();
  return import('./main.ts');
}
