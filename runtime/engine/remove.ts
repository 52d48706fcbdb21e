/** Removes the cached engines. */
import { existsSync, readlinkSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { enginesFolder, folderBytes } from './cache.ts';
import { bindingFile, bindingPackageFolder } from './load-binding.ts';
import { nodeApiVersion } from './recipe.ts';

/** Deletes all engines in the cache, with their logs, and gives the folder and the bytes freed. */
export function removeEngine(environment: NodeJS.ProcessEnv = process.env): {
  folder: string;
  freedBytes: number;
} {
  const folder = enginesFolder(environment);
  const freedBytes = folderBytes(folder);
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  removeLink(join(bindingPackageFolder(), 'lib', `napi-v${nodeApiVersion}`, bindingFile), folder);
  return { folder, freedBytes };
}

/** Removes the package's link to a binding where it leads into `folder`. */
function removeLink(path: string, folder: string): void {
  try {
    if (readlinkSync(path).startsWith(folder + sep)) rmSync(path);
  } catch {
    // No link, or a package folder that cannot be written: then the link dangles, which the next start repairs.
  }
}
