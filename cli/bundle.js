/**
 * Writes the bundle that the command runs from, in plain JavaScript because the clone makes it before anything reads TypeScript
 * (clone-bundle.js). Loading hundreds of modules takes longer than most commands do; what only some commands need stays in chunks of its own.
 */
import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What processes and threads start with, by the names that runtime/base/package.ts finds them by. */
const entries = {
  'cli/main': 'cli/main.ts',
  'runtime/data/worker': 'runtime/data/worker.ts',
  'runtime/engine/kernels-proof': 'runtime/engine/kernels-proof.ts',
  'runtime/engine/proof': 'runtime/engine/proof.ts',
  'runtime/engine/speed': 'runtime/engine/speed.ts',
};

/** Packages that become part of it, since nearly every command needs them. The others are loaded where they are used. */
const bundled = ['ajv', 'chevrotain', 'commander', 'jsonc-parser', 'picocolors'];

/** Writes the bundle into a folder, with other settings of esbuild where they are given. */
export async function writeBundle(folder, settings = {}) {
  const { build } = await import('esbuild');
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  await build({
    ...shared,
    entryPoints: entries,
    outdir: folder,
    splitting: true,
    external: [...Object.keys(dependencies).filter((name) => !bundled.includes(name)), 'esbuild'],
    plugins: [schemaAhead, treesAhead],
    ...settings,
  });
}

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Another form of jsonc-parser asks for its parts in a way that no bundler sees.
  mainFields: ['module', 'main'],
  // Packages of the older kind ask for parts of Node.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
};

/** Runs a module of the sources now; gives what it exports. */
async function runNow({ build }, module) {
  const bundle = await build({ ...shared, stdin: { ...module, loader: 'ts' }, banner: {}, write: false });
  return import(
    `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString('base64')}`
  );
}

/** Compiles the schema of specs ahead: at run time that takes as long as all else that `check` does. */
const schemaAhead = {
  name: 'schema-ahead',
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /[\\/]compiler[\\/]check[\\/]spec-validator\.ts$/ }, async ({ path }) => {
      const resolveDir = dirname(path);
      const contents = "export { standaloneValidator } from '../schema/standalone.ts';";
      const { standaloneValidator } = await runNow(esbuild, { contents, resolveDir });
      return { contents: standaloneValidator(), loader: 'js', resolveDir };
    });
  },
};

/** Parses the standard library ahead. */
const treesAhead = {
  name: 'trees-ahead',
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /[\\/]runtime[\\/]specs[\\/]trees-ahead\.ts$/ }, async ({ path }) => {
      const contents = `
        export { parse } from '../../dsl/index.ts';
        export { digestOf, storeTree } from './stored-trees.ts';`;
      const { parse, digestOf, storeTree } = await runNow(esbuild, { contents, resolveDir: dirname(path) });
      const trees = librarySpecs().map((file) => {
        const source = { name: file, text: readFileSync(file, 'utf8') };
        return [digestOf(source.text), storeTree(parse(source), source)];
      });
      return {
        contents: `export const treesAhead = ${JSON.stringify(Object.fromEntries(trees))};`,
        loader: 'js',
      };
    });
  },
};

/** Lists the texts of the standard library. */
function librarySpecs() {
  const folder = join(root, 'specs');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.spade'))
    .map((name) => join(folder, name));
}
