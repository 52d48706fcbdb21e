/**
 * Checks the architecture: layers (dsl <- compiler <- runtime <- cli) and rooms import only from below, without
 * cycles; dsl and compiler load neither engines nor Node.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Layers from the lowest: each may import from itself and from the ones before it. */
const layers = ['dsl', 'compiler', 'runtime', 'cli'];
const pureLayers = ['dsl', 'compiler'];

interface Import {
  /** The import's path, as written. */
  readonly specifier: string;
  /** Whether the import exists only for types, and is erased. */
  readonly typeOnly: boolean;
}

/** Lists the imports of a TypeScript text: declarations, re-exports, `import()` calls and `import()` types. */
function importsOf(text: string, name = 'file.ts'): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier && ts.isStringLiteralLike(specifier)) found.push({ specifier: specifier.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    // With verbatimModuleSyntax, `import { type T }` still loads the module: only `import type` is erased.
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** All imports of the files in a top-level folder, with the importing file. */
function importsUnder(folder: string): (Import & { readonly file: string })[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.(ts|mts|js|mjs)$/.test(file))
    .map((file) => join(folder, file))
    .flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8'), file).map((each) => ({ ...each, file })),
    );
}

/** The top-level folder of a relative import. */
function targetFolder(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(root, join(root, dirname(file), specifier)).split(sep)[0];
}

/** Tells whether a package is a part of Node, or computes. */
const isOfNodeOrEngine = (name: string): boolean =>
  name.startsWith('@tensorflow/') ||
  name.startsWith('node:') ||
  builtinModules.includes(name.split('/')[0] ?? '');

const describeImport = ({ file, specifier }: { file: string; specifier: string }): string =>
  `${file} imports ${specifier}`;

describe('importsOf', () => {
  it('finds every kind of import and tells types from values', () => {
    const text = `
      import type { A } from 'a';
      import { type B } from 'b';
      import c, { d } from 'c';
      import 'd';
      export * from 'e';
      export type { F } from 'f';
      const g = await import('g');
      type H = typeof import('h');
      // import 'not';
      const text = "import 'not'";
    `;
    expect(importsOf(text)).toEqual([
      { specifier: 'a', typeOnly: true },
      { specifier: 'b', typeOnly: false },
      { specifier: 'c', typeOnly: false },
      { specifier: 'd', typeOnly: false },
      { specifier: 'e', typeOnly: false },
      { specifier: 'f', typeOnly: true },
      { specifier: 'g', typeOnly: false },
      { specifier: 'h', typeOnly: true },
    ]);
  });
});

describe.each(layers)('%s/', (layer) => {
  const imports = importsUnder(layer);
  const allowed = layers.slice(0, layers.indexOf(layer) + 1);

  it(`imports from ${allowed.join(', ')} only`, () => {
    // The standard library and its data may be read at run time, but not by the compiler.
    const others = pureLayers.includes(layer) ? [] : ['specs', 'package.json'];
    const wrong = imports.filter(({ file, specifier }) => {
      const target = targetFolder(file, specifier);
      return target !== undefined && ![...allowed, ...others].includes(target);
    });
    expect(wrong.map(describeImport)).toEqual([]);
  });

  if (pureLayers.includes(layer))
    it('loads no engine and nothing of Node when it runs', () => {
      expect(imports.length, 'there are files to look at').toBeGreaterThan(0);
      const wrong = imports.filter(({ specifier, typeOnly }) => !typeOnly && isOfNodeOrEngine(specifier));
      expect(wrong.map(describeImport)).toEqual([]);
    });

  it('names the files it imports with their endings', () => {
    const wrong = imports.filter(
      ({ specifier }) => specifier.startsWith('.') && !/\.(ts|js|mjs|json)$/.test(specifier),
    );
    expect(wrong.map(describeImport)).toEqual([]);
  });
});

/**
 * The rooms, from the ground up: each imports only from those before it, so that folders form no cycle.
 * docs/architecture.md describes each of them.
 */
const rooms = [
  'dsl',
  ...[
    ...['json', 'patches', 'ir', 'optimizers', 'metrics', 'messages', 'format', 'locality', 'rows'],
    ...['ops/primitive', 'ops/primitive/convolution', 'ops/primitive/tables'],
    ...['ops/fused', 'ops', 'ops/composite'],
    ...['diff', 'passes/deduplicate-patches', 'passes/fuse', 'passes', 'schema', 'build', 'lower'],
    ...[
      'language/values',
      'language/builtins',
      'language',
      'variants',
      'expand',
      'check/rules',
      'check',
      'ablation',
      '',
      'explain',
    ],
  ].map((room) => join('compiler', room)),
  ...[
    ...['base', 'engine', 'weights', 'specs', 'data', 'synthetic', 'session', 'report', 'run'],
    ...[
      'check-data',
      'synthesize',
      'evaluate',
      'train',
      'profile',
      'exchange',
      'compare',
      'ablate',
      'model',
      'library',
      'browser',
      '',
    ],
  ].map((room) => join('runtime', room)),
  ...['base', 'commands', ''].map((room) => join('cli', room)),
].map((room) => room.replace(/\/$/, ''));

describe('the rooms', () => {
  /** The files that each file imports, type imports included. */
  const graph = new Map<string, string[]>();
  for (const { file, specifier } of layers.flatMap(importsUnder)) {
    const known = graph.get(file) ?? [];
    if (specifier.startsWith('.')) known.push(relative(root, join(root, dirname(file), specifier)));
    graph.set(file, known);
  }
  const isCode = (file: string): boolean => layers.includes(file.split(sep)[0] ?? '');

  it('are all there is, and are said in docs/architecture.md', () => {
    expect(new Set([...graph.keys()].map(dirname))).toEqual(new Set(rooms));
    const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
    expect(rooms.filter((room) => !page.includes(`\`${room}/\``))).toEqual([]);
  });

  it('take from those below alone', () => {
    const wrong = [...graph].flatMap(([file, targets]) =>
      targets
        .filter((target) => isCode(target) && rooms.indexOf(dirname(target)) > rooms.indexOf(dirname(file)))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('hold no circle of files', () => {
    const [open, done] = [new Set<string>(), new Set<string>()];
    const visit = (file: string, path: readonly string[]): string[] => {
      if (open.has(file)) return [[...path.slice(path.indexOf(file)), file].join(' -> ')];
      if (done.has(file)) return [];
      open.add(file);
      const circles = (graph.get(file) ?? []).flatMap((target) => visit(target, [...path, file]));
      open.delete(file);
      done.add(file);
      return circles;
    };
    expect([...graph.keys()].flatMap((file) => visit(file, []))).toEqual([]);
  });

  it('have no door that only hands on what others define', () => {
    const doors = [...graph.keys()].filter((file) => {
      const text = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
      return text.statements.length > 0 && text.statements.every(ts.isExportDeclaration);
    });
    // What the package gives to others.
    expect(doors.sort()).toEqual(
      [['browser', 'index.ts'], ['index.ts']].map((path) => join('runtime', ...path)),
    );
  });
});

describe('what pages import', () => {
  const known = new Map<string, Import[]>();
  for (const { file, ...one } of layers.flatMap(importsUnder))
    known.set(file, [...(known.get(file) ?? []), one]);

  /** Lists the packages, and parts of Node, that a file brings with it when it runs, each with the file that asks for it. */
  function packagesOf(door: string): string[] {
    const files = new Set([door]);
    const packages: string[] = [];
    // A set hands out what is added while it is walked.
    for (const file of files)
      for (const { specifier, typeOnly } of known.get(file) ?? []) {
        if (typeOnly) continue;
        if (specifier.startsWith('.')) files.add(relative(root, join(root, dirname(file), specifier)));
        else packages.push(specifier);
      }
    expect(files.size, 'the door leads somewhere').toBeGreaterThan(100);
    return [...new Set(packages)].sort();
  }

  it.each([
    ['compiler', 'door.ts'],
    ['runtime', 'browser', 'index.ts'],
  ])('brings nothing of Node, no engine and no decoder of files: %s/%s', (...path) => {
    // Which tfjs there is, on which backend, is the page's choice.
    const wrong = packagesOf(join(...path)).filter((name) => isOfNodeOrEngine(name) || name === 'sharp');
    expect(wrong).toEqual([]);
  });
});

describe('the standard streams', () => {
  it('are written to by cli/base/terminal.ts alone, which shows what users wrote and obeys none of it', () => {
    const files = ['cli', 'bench', 'examples'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(folder, file)),
    );
    // An empty write waits for earlier ones.
    const writes = /console\.\w+\(|process\.std(?:out|err)\.write\((?!'')|\bstream\.write\(/;
    const wrong = files.filter((file) => writes.test(readFileSync(join(root, file), 'utf8')));
    expect(wrong).toEqual([join('cli', 'base', 'terminal.ts')]);
  });
});

describe('errors', () => {
  const sources = [...layers, 'bench'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
      .map((file) => ({ file: `${folder}/${file}`, text: readFileSync(join(root, folder, file), 'utf8') })),
  );

  it('that are thrown at users are of one class; others carry a reason to where its place is known, and no further', () => {
    const classes = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/class (\w+) extends \w*(?:Error|File)\b/g)].map(([, name]) => `${name} of ${file}`),
    );
    expect(classes.sort()).toEqual([
      'BudgetSpent of compiler/language/values/budget.ts',
      'DamagedFile of runtime/weights/errors.ts',
      'DamagedRecord of runtime/base/records.ts',
      'FileRefused of runtime/data/files.ts',
      'IrSyntaxError of compiler/ops/parse.ts',
      'NotFiniteVariable of runtime/run/checkpoint.ts',
      'OpError of compiler/ir/node.ts',
      'OtherKind of runtime/weights/errors.ts',
      'OtherVersion of runtime/base/records.ts',
      'PictureError of runtime/data/decode.ts',
      'RefusedFile of runtime/weights/errors.ts',
      'SpadeworkError of dsl/errors.ts',
      'TooLarge of runtime/weights/errors.ts',
    ]);
  });

  it('have codes of their own in each place that words them', () => {
    /** Texts that occur in several places. */
    const shared = ['disk-full', 'file-too-large', 'out-of-memory', 'too-many-files', 'unreadable-file'];
    const makers = /\b(?:inputError|machineError|wrongCall|wrong|odd|warningText)\(\s*'([a-z-]+)'/g;
    const codes = sources
      .filter(({ file }) => !file.startsWith('dsl') && !file.startsWith('compiler'))
      .flatMap(({ text }) => [...new Set([...text.matchAll(makers)].map(([, code]) => code!))]);
    const repeated = codes.filter((code, index) => codes.indexOf(code) !== index);
    expect(codes.length).toBeGreaterThan(150);
    expect(repeated.filter((code) => !shared.includes(code))).toEqual([]);
  });
});
