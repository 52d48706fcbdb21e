/**
 * Tests the package as `npm pack` makes it, beside the packages that it asks for and nothing else: it is small, its command works, and
 * programs and their types find the library.
 *
 * @module-tag full
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadedBy } from '../support/loaded-modules.ts';
import { makeTinyExperiment, removeFolder } from '../support/tiny-experiment.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const mostBytes = 3e6;

let folder: string;
let archive: string;
let experiment: Awaited<ReturnType<typeof makeTinyExperiment>>;
const script = (): string => join(folder, 'node_modules/spadework/cli/spadework.js');

function spadework(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script(), ...words], {
    cwd: experiment.folder,
    env: { ...process.env, SPADEWORK_ENGINE: 'portable' },
    encoding: 'utf8',
  });
  expect([words, status, status === 0 ? '' : stderr]).toEqual([words, 0, '']);
  return stdout;
}

/** Puts the packages that the lock file has for users beside the package, as an installation without a network would. */
function linkDependencies(): void {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  for (const [path, { dev }] of Object.entries(packages)) {
    const isInner = path.split('node_modules/').length > 2;
    if (path === '' || dev === true || isInner || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-package-'));
  experiment = await makeTinyExperiment();
  // .npmrc keeps npm from running scripts by itself.
  execFileSync(process.execPath, [join(root, 'cli/build.js')]);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
  archive = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!,
  );
  mkdirSync(join(folder, 'node_modules/spadework'), { recursive: true });
  execFileSync('tar', [
    'xzf',
    archive,
    '--strip-components',
    '1',
    '-C',
    join(folder, 'node_modules/spadework'),
  ]);
  linkDependencies();
}, 600_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  removeFolder(experiment.folder);
});

describe('the package', () => {
  it('is small, and needs nothing that reads TypeScript', () => {
    expect(statSync(archive).size).toBeLessThan(mostBytes);
    for (const name of ['tsx', 'typescript', 'esbuild'])
      expect(existsSync(join(folder, 'node_modules', name))).toBe(false);
  });

  it('has a command that starts with few modules, checks, trains and paints', () => {
    expect(spadework('--version')).toBe(`${versionOf()}\n`);
    const spec = join(folder, 'node_modules/spadework/examples/camvid.spade');
    for (const [words, most] of [
      [['--help'], 250_000],
      [['check', spec], 3_000_000],
    ] as const) {
      const { packages, size } = loadedBy(script(), words, folder);
      expect(packages).toEqual([]);
      expect(size).toBeLessThan(most);
    }
    spadework('train', experiment.spec, '--steps', '2', '--out', 'run', '--quiet');
    const labels = join(experiment.folder, 'data', 'labels');
    const page = spadework('synth', 'run', '--labels', labels, '--out', 'painted', '--quiet');
    expect(existsSync(join(experiment.folder, page.trim()))).toBe(true);
  });

  it('is a library for plain Node', () => {
    const code =
      "import { openText } from 'spadework'; const m = await openText('network N(image: Image) {\\n  return image\\n}\\n', { engine: 'portable' }); console.log(Object.keys(m).length > 0)";
    const words = ['--input-type=module', '--eval', code];
    expect(execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })).toBe('true\n');
  });

  it('has doors for pages, which load no engine, and the texts that they need', () => {
    const code = `import { createRequire } from 'node:module';
      import { check } from 'spadework/compiler';
      import { openPainter } from 'spadework/browser';
      const [library, schema] = ['library', 'schema'].map((name) => createRequire(import.meta.url)(\`spadework/\${name}.json\`));
      const { spec, problems } = check({ text: 'use norms { spde }' }, { library });
      console.log(typeof openPainter, typeof schema.$id, spec, problems[0].hint);`;
    const program = join(folder, 'doors.mjs');
    writeFileSync(program, code);
    const printed = execFileSync(process.execPath, [program], { cwd: folder, encoding: 'utf8' });
    expect(printed).toBe("function string undefined did you mean 'spade'?\n");
    const { packages } = loadedBy(program, [], folder);
    expect(packages.filter((name) => name.startsWith('@tensorflow') || name === 'sharp')).toEqual([]);
  });

  const modes = ['nodenext', 'bundler'];

  it.each(modes)('has types that the compiler made, for programs resolved as %s', (resolution) => {
    const program =
      "import { openText, type Model } from 'spadework';\nexport const model: Promise<Model> = openText('');\n// @ts-expect-error It takes a text.\nvoid openText(1);\n";
    expect(complaintsAbout(program, resolution)).toEqual([]);
  });

  it.each(modes)('has types for pages, resolved as %s', (resolution) => {
    const program =
      "import { check, type CheckedSpec } from 'spadework/compiler';\nimport { openPainter, type Painter } from 'spadework/browser';\n" +
      "export const checked: CheckedSpec = check({ text: '' });\nexport const open: (...given: Parameters<typeof openPainter>) => Promise<Painter> = openPainter;\n" +
      '// @ts-expect-error It takes a text.\nvoid check({ text: 1 });\n';
    expect(complaintsAbout(program, resolution)).toEqual([]);
  });
});

/** Lists what the TypeScript compiler says about a program that imports the package, but for mistakes in the types of tfjs itself. */
function complaintsAbout(program: string, resolution: string): string[] {
  writeFileSync(join(folder, 'program.mts'), program);
  const words = ['--noEmit', '--strict', '--target', 'es2023', '--types', 'node'];
  const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...words,
      '--typeRoots',
      join(root, 'node_modules/@types'),
      '--module',
      module,
      '--moduleResolution',
      resolution,
      'program.mts',
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  const isContinued = /^\s/;
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !isContinued.test(line) && !line.includes('/@tensorflow/'));
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string })
    .version;
}
