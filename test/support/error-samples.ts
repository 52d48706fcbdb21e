/** Checks the samples of mistakes, and renders the page with one message of each kind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check, checkAblation, checkJson, type SourceProvider } from '../../compiler/index.ts';
import type { ExpandOptions } from '../../compiler/expand/index.ts';
import { setSource } from '../../compiler/variants/messages.ts';
import { applyEdits, renderDiagnostic, type Diagnostic, type Edit } from '../../dsl/index.ts';
import type { Source } from '../../dsl/source.ts';
import { provider } from './specs.ts';

const folder = fileURLToPath(new URL('../samples/errors/', import.meta.url));

/** The names of all samples. */
export const errorSamples: readonly string[] = readdirSync(folder).toSorted();

/** Gives the folder of a sample, with a final slash. */
export const folderOf = (sample: string): string => `${folder}${sample}/`;

/**
 * Checks a sample: `input.json` as a spec, otherwise `input.spade` with the options of `options.json`; `ablation-*` as
 * an ablation. `edits` are applied to its texts first.
 */
export function checkSample(sample: string, edits: readonly Edit[] = []): readonly Diagnostic[] {
  const known = checked.get(sample);
  if (known && edits.length === 0) return known;
  const found = checkEdited(sample, edits);
  if (edits.length === 0) checked.set(sample, found);
  return found;
}

const checked = new Map<string, readonly Diagnostic[]>();

function checkEdited(sample: string, edits: readonly Edit[]): readonly Diagnostic[] {
  const at = folderOf(sample);
  const edited = (source: Source): Source => ({ ...source, text: applyEdits(source, edits) });
  const read = (name: string) => edited({ name, text: readFileSync(`${at}${name}`, 'utf8') });
  const files: SourceProvider = {
    ...provider(at),
    file: (path, from) => {
      const found = provider(at).file(path, from);
      return 'why' in found ? found : edited(found);
    },
  };
  if (existsSync(`${at}input.json`)) return checkJson(read('input.json')).diagnostics;
  const given = existsSync(`${at}options.json`)
    ? (JSON.parse(read('options.json').text) as ExpandOptions)
    : {};
  const sets = given.sets?.map((text) => edited({ name: setSource, text }).text);
  const options = { ...given, ...(sets && { sets }) };
  const source = read('input.spade');
  if (sample.startsWith('ablation')) return checkAblation(source, files, options).diagnostics;
  return check(source, files, options).diagnostics;
}

/** Reads the codes in a module of messages. */
export function codesOf(module: string): string[] {
  const text = readFileSync(new URL(`../../${module}`, import.meta.url), 'utf8');
  return [...text.matchAll(/(?:rror|arning)\(\s*'([a-z-]+)'/g)].map((match) => match[1] ?? '');
}

/** Renders docs/messages.md: every code in the samples, with one of its messages. */
export function messagePage(): string {
  const examples = new Map<string, string>();
  // A sample named after a code shows it best.
  const inOrder = errorSamples.toSorted(
    (a, b) => Number(isNamed(b)) - Number(isNamed(a)) || (a < b ? -1 : 1),
  );
  for (const sample of inOrder)
    for (const diagnostic of checkSample(sample)) {
      const { code } = diagnostic;
      if (!examples.has(code) || sample.endsWith(code) || code === sample.replace(/^(syntax|json)-/, ''))
        examples.set(code, renderDiagnostic(diagnostic, { color: false }));
    }
  const sections = [...examples]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, text]) =>
        `## ${code}\n\n${text
          .split('\n')
          .map((line) => `    ${line}`.trimEnd())
          .join('\n')}\n`,
    );
  return [
    '# Messages\n\nWhat is said about mistakes in specs, by code, with one example each. The page is made from the samples in\n' +
      '`test/samples/errors`; a test fails where it is out of date.\n',
    ...sections,
  ].join('\n');
}

function isNamed(sample: string): boolean {
  return !/^(syntax|json)-/.test(sample);
}
