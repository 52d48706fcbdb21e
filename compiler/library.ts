/** The standard library as data, for callers that read no files: pages get it as one JSON file. */
import type { Source } from '../dsl/source.ts';
import type { DataPresets, SourceProvider } from './language/values/module.ts';

/** The texts of the standard library, and what goes with them. */
export interface Library {
  /** Texts by the names of modules: `norms`. */
  readonly modules: Readonly<Record<string, string>>;
  /** Settings of known data sets, by name. */
  readonly presets: DataPresets;
  /** Names of the mappings that weights may be read by. */
  readonly mappings: readonly string[];
}

/** Says what messages call the text of a module. */
export const libraryName = (module: string): string => `specs/${module}.spade`;

/** Makes a provider of texts that are given: the library's, and `files` by their paths. */
export function libraryProvider(
  { modules, presets, mappings }: Library,
  files: Readonly<Record<string, string>>,
): SourceProvider {
  // A text is one source, however often it is asked for.
  const library = new Map(
    Object.entries(modules).map(([module, text]): [string, Source] => [
      module,
      { name: libraryName(module), text },
    ]),
  );
  const own = new Map(
    Object.entries(files).map(([path, text]): [string, Source] => [normalize(path), { name: path, text }]),
  );
  return {
    libraryModules: [...library.keys()].sort(),
    presets,
    mappings,
    library: (module) => library.get(module),
    file: (path, from) =>
      own.get(normalize(path.startsWith('/') ? path : `${from.name}/../${path}`)) ?? {
        why: 'it is not among the texts that were given',
      },
  };
}

/** Takes out of a path what leads nowhere: `a/./b/../c` is `a/c`. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.') continue;
    const before = parts.at(-1);
    if (part === '..' && before !== undefined && before !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
