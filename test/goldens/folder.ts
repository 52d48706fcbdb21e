/** Keeps goldens in a folder: texts of some examples in folders of their own, the digests of all in one file. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { examples, shown, type GoldenCase } from './cases.ts';
import { digestsOf, textsOf, type Digests, type Texts } from './stages.ts';

export const compiled = join(examples, 'compiled');
const digestsFile = join(compiled, 'digests.json');

/** Reads the texts of an example. */
export function readTexts(name: string): Texts {
  const read = (file: string): string => readFileSync(join(compiled, name, file), 'utf8');
  return {
    'spec.json': read('spec.json'),
    'step.ir': read('step.ir'),
    'plan.txt': read('plan.txt'),
    'stages.txt': read('stages.txt'),
  };
}

/** Reads the digests of all examples, by name. */
export function readDigests(): Readonly<Record<string, Digests>> {
  return JSON.parse(readFileSync(digestsFile, 'utf8')) as Record<string, Digests>;
}

/** Writes the goldens of all examples; `log` receives each example's name. */
export function writeGoldens(cases: readonly GoldenCase[], log: (name: string) => void): void {
  rmSync(compiled, { recursive: true, force: true });
  const digests: Record<string, Digests> = {};
  for (const one of cases) {
    log(one.name);
    if (shown.includes(one.name))
      for (const [file, text] of Object.entries(textsOf(one))) {
        const path = join(compiled, one.name, file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
    digests[one.name] = digestsOf(one);
  }
  writeFileSync(digestsFile, `${JSON.stringify(digests, null, 1)}\n`);
}
