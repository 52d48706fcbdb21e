/**
 * Tests docs/library.md and the package's entry: every example runs in plain Node and prints the output on the page.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as library from '../../runtime/index.ts';
import { makeTinyExperiment, removeFolder, tinySpec, trainText } from '../support/tiny-experiment.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
const examples = [...page.matchAll(/```js\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g)].map(
  ([, code = '', printed]) => ({ code, printed }),
);

/** Runs a module like a user's program; the package resolves by its own name. */
async function runPlainly(code: string): Promise<string> {
  const words = [
    ...['--import', 'tsx', '--conditions', 'spadework-source'],
    ...['--input-type=module', '--eval', code],
  ];
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root });
  return stdout;
}

/**
 * Makes one program of all examples, with a separator in its output: starting Node for each would dominate the time.
 */
const divider = '--- next example ---';

function programOf(run: string): string {
  const blocks = examples.map(({ code }) =>
    code
      .replace(/^import (\{.*\}) from 'spadework';$/m, 'const $1 = library;')
      .replace("'runs/camvid_mini-1'", JSON.stringify(run))
      .replace("'runs/from-a-program'", JSON.stringify(`${run}-from-a-program`)),
  );
  const separated = blocks
    .map((block) => `{\n${block}\n}`)
    .join(`\nconsole.log(${JSON.stringify(divider)});\n`);
  return `import * as library from 'spadework';\n${separated}`;
}

describe('docs/library.md', () => {
  it('shows examples that run and print what it says', async () => {
    const tiny = await makeTinyExperiment();
    try {
      const run = join(tiny.folder, 'run');
      await trainText(tinySpec(), tiny.spec, { out: run, engine: 'portable' });
      const outputs = (await runPlainly(programOf(run))).split(`${divider}\n`);
      expect(outputs).toHaveLength(examples.length);
      expect(examples.length).toBeGreaterThanOrEqual(9);
      examples.forEach(({ code, printed }, index) => {
        if (printed === undefined) expect(outputs[index], code).not.toBe('');
        else expect(outputs[index], code).toBe(printed);
      });
    } finally {
      removeFolder(tiny.folder);
    }
  }, 180_000); // includes a training, and a process that loads the whole package
});

describe('the entry of the package', () => {
  it('has what the library has', async () => {
    const keys = await runPlainly(
      "import * as library from 'spadework'; console.log(Object.keys(library).sort().join(' '))",
    );
    expect(keys.trim()).toBe(Object.keys(library).sort().join(' '));
  });
});
