/** Answers for reading the spec that a command is given: a `.spade` text, or JSON. */
import { readFileSync } from 'node:fs';
import { check, checkJson, type CheckResult, type Spec } from '../compiler/index.ts';
import type { Source } from '../dsl/source.ts';
import { fileProvider } from '../runtime/library.ts';
import { InputError, noteDiagnostics, SpecMistakes } from './errors.ts';

/** Reads a text as it is. Throws an InputError where it cannot. */
export function readSource(file: string): Source {
  try {
    return { name: file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(
      code === 'ENOENT'
        ? `there is no file '${file}'\nhint: check the path; specs end in .spade`
        : `'${file}' cannot be read (${code})\nhint: name a text file that you may read`,
    );
  }
}

/** Reads and checks a spec; `name` chooses one of several experiments. */
export function checkFile(file: string, name: string | undefined): CheckResult {
  const source = readSource(file);
  return file.endsWith('.json') ? checkJson(source) : check(source, fileProvider(), { name });
}

/** Reads a spec that has to be without errors, and shows warnings. Throws SpecMistakes. */
export function loadSpec(
  file: string,
  name: string | undefined,
): { readonly spec: Spec; readonly sources: readonly Source[] } {
  const { spec, sources, diagnostics } = checkFile(file, name);
  if (!spec) throw new SpecMistakes(diagnostics);
  noteDiagnostics(diagnostics);
  return { spec, sources };
}
