/** Answers for texts: reads specs, the standard library of the package, and files that specs import. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataPresets, SourceProvider } from '../compiler/expand/modules.ts';
import type { Source } from '../dsl/source.ts';

const libraryFolder = fileURLToPath(new URL('../specs/', import.meta.url));
const ending = '.spade';
/** What the names of library texts start with in messages. */
const libraryName = 'specs/';

const libraryTexts = new WeakSet<Source>();

/** Tells whether a text was read from the standard library; a user's folder may be called like it. */
export function isLibrarySource(source: Source): boolean {
  return libraryTexts.has(source);
}

let presets: DataPresets | undefined;

/** Reads the settings of known data sets, `specs/presets/<name>.json`. */
export function dataPresets(): DataPresets {
  const folder = join(libraryFolder, 'presets');
  presets ??= Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((file) => [
        basename(file, '.json'),
        JSON.parse(readFileSync(join(folder, file), 'utf8')) as DataPresets[string],
      ]),
  );
  return presets;
}

/** Makes the provider that the command and the trainer give to the compiler. */
export function fileProvider(): SourceProvider {
  const modules = readdirSync(libraryFolder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
  const read = new Map<string, Source>();
  return {
    libraryModules: modules,
    presets: dataPresets(),
    library(module) {
      if (!modules.includes(module)) return undefined;
      const known = read.get(module);
      if (known) return known;
      const text = readFileSync(join(libraryFolder, module + ending), 'utf8');
      const source = { name: `${libraryName}${module}${ending}`, text };
      read.set(module, source);
      libraryTexts.add(source);
      return source;
    },
    file(path, from) {
      // Sources are named by the path that they were read from, so that imports are found beside their importer.
      const place = isAbsolute(path) ? path : normalize(join(dirname(from.name), path));
      try {
        return { name: place, text: readFileSync(place, 'utf8') };
      } catch (error) {
        return { why: reasonOf(error as NodeJS.ErrnoException, place) };
      }
    },
  };
}

function reasonOf(error: NodeJS.ErrnoException, place: string): string {
  return error.code === 'ENOENT'
    ? `there is no file '${place}'`
    : `'${place}' cannot be read (${error.code})`;
}
