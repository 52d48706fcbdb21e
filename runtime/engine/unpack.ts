/** Takes single files out of a wheel, which is a zip archive, or out of a folder with its contents. */
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

/** Unpacks the entries that `isWanted` accepts into `target` and gives their paths. */
export async function unpackArchive(
  archive: string,
  target: string,
  isWanted: (path: string) => boolean,
): Promise<string[]> {
  const zip = await openPromise(archive);
  const taken: string[] = [];
  try {
    // yauzl refuses absolute paths and paths with `..` by itself.
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/') || !isWanted(entry.fileName)) continue;
      const path = join(target, entry.fileName);
      mkdirSync(dirname(path), { recursive: true });
      const mode = (entry.externalFileAttributes >>> 16) & 0o111 ? 0o755 : 0o644;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path, { mode }));
      taken.push(entry.fileName);
    }
  } finally {
    zip.close();
  }
  return taken;
}

/** Moves the files that `isWanted` accepts from the folder `source` to `target`, on the same disk. */
export function takeFromFolder(
  source: string,
  target: string,
  isWanted: (path: string) => boolean,
): string[] {
  const taken: string[] = [];
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const path = relative(source, join(entry.parentPath ?? entry.path, entry.name));
    if (!entry.isFile() || !isWanted(path)) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    renameSync(join(source, path), join(target, path));
    taken.push(path);
  }
  return taken;
}

/** Tells which of `paths` are not in `folder`. */
export function missingFrom(folder: string, paths: readonly string[]): string[] {
  return paths.filter((path) => !existsSync(join(folder, path)));
}
