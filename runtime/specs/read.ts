/** Reads texts from files: specs, their imports, and the standard library of the package. */
import { shortageOf } from '../base/shortage.ts';
import { listMappings } from '../weights/library.ts';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { libraryName, type Library } from '../../compiler/library.ts';
import type { DataPresets, SourceProvider } from '../../compiler/language/values/module.ts';
import type { Source } from '../../dsl/source.ts';
import { reasonOf } from '../base/file-reasons.ts';
import { packageFile } from '../base/package.ts';
import { DamagedRecord, readText } from '../base/records.ts';
import { treeAhead } from './stored-trees.ts';

const libraryFolder = packageFile('specs');
const ending = '.spade';

const libraryTexts = new WeakSet<Source>();

/** Tells whether a text was read from the standard library; a user's folder may have the same name. */
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

/** Reads all of the standard library, for programs that read no files. */
export function readLibrary(): Library {
  const provider = fileProvider();
  const { libraryModules, presets = {}, mappings = [] } = provider;
  const modules = libraryModules.map((module) => [module, provider.library(module)?.text ?? ''] as const);
  return { modules: Object.fromEntries(modules), presets, mappings };
}

/** Makes the source provider that commands and trainings pass to the compiler. */
export function fileProvider(): SourceProvider {
  const modules = readdirSync(libraryFolder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
  const read = new Map<string, Source>();
  const files = new Map<string, Source | { readonly why: string }>();
  return {
    libraryModules: modules,
    presets: dataPresets(),
    mappings: listMappings(),
    library(module) {
      if (!modules.includes(module)) return undefined;
      const known = read.get(module);
      if (known) return known;
      const text = readFileSync(join(libraryFolder, module + ending), 'utf8');
      const source = { name: libraryName(module), text };
      read.set(module, source);
      libraryTexts.add(source);
      return source;
    },
    parsed: (source) => (libraryTexts.has(source) ? treeAhead(source) : undefined),
    file(path, from) {
      // Sources are named by their path, so that imports are resolved relative to the importer.
      const place = isAbsolute(path) ? path : normalize(join(dirname(from.name), path));
      // A file may be imported in thousands of lines; it is read once, and cached.
      const found = files.get(place) ?? readSource(place, [ending]);
      files.set(place, found);
      return found;
    },
  };
}

/** The largest source text. */
const longestSource = 2 ** 26;

/**
 * Reads a file with the ending of a spec. Other files are not read, as a path or link may lead to a device or to
 * secrets: they have another ending, or are not regular files. Gives the reason if it cannot be read.
 */
export function readSource(
  place: string,
  endings: readonly string[] = [ending, '.json'],
): Source | { readonly why: string } {
  try {
    const real = realpathSync(place);
    if (!endings.some((one) => real.endsWith(one)))
      return { why: `it is not called like a spec, which ends in ${endings.join(' or ')}` };
    const text = readText(real, longestSource);
    return text === undefined ? { why: reasonOf({ code: 'ENOENT' }) } : { name: place, text };
  } catch (error) {
    if (error instanceof DamagedRecord) return { why: error.message };
    if (shortageOf(error)) throw error;
    return { why: reasonOf(error as NodeJS.ErrnoException) };
  }
}
