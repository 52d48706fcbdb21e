/** Reads specs in tests: the standard library from its folder, files from a sample's. */
import { listMappings } from '../../runtime/weights/library.ts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check, type CheckResult, type SourceProvider } from '../../compiler/index.ts';
import type { ExpandOptions } from '../../compiler/expand/index.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { dataPresets } from '../../runtime/specs/read.ts';

const folder = fileURLToPath(new URL('../../specs/', import.meta.url));

/** The names of the standard library's modules. */
export const libraryModules: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.spade'))
  .map((name) => name.replace('.spade', ''));

const library = new Map(
  libraryModules.map((name) => {
    const file = `${name}.spade`;
    return [name, { name: `specs/${file}`, text: readFileSync(`${folder}${file}`, 'utf8') }];
  }),
);

/** Provides modules of the standard library, and files from the folder `files`. */
export function provider(files?: string): SourceProvider {
  return {
    library: (module) => library.get(module),
    libraryModules,
    presets: dataPresets(),
    mappings: listMappings(),
    file: (path) => {
      const name = path.replace('./', '');
      const full = files === undefined ? '' : `${files}/${name}`;
      return existsSync(full) ? { name, text: readFileSync(full, 'utf8') } : { why: 'there is no such file' };
    },
  };
}

/** Checks a text as the file `input.spade`. */
export function checkText(text: string, options: ExpandOptions = {}): CheckResult {
  return check({ name: 'input.spade', text }, provider(), options);
}

/** Parses a text without errors into a spec; throws the messages if it has any. */
export function specOf(text: string, options: ExpandOptions = {}): Spec {
  const { spec, diagnostics } = checkText(text, options);
  if (!spec) throw new Error(renderDiagnostics(diagnostics, { color: false }) || 'no spec');
  return spec;
}
