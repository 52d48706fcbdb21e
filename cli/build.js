/**
 * Makes `dist/`, all the JavaScript of the package, before `npm pack`; `.npmrc` keeps npm from running scripts by itself. The compiler
 * writes a module and its types for each module of the library, so that bundlers of others leave out what they do not use; the command
 * is a bundle of its own (bundle.js).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, writeBundle } from './bundle.js';

const target = join(root, 'dist');
rmSync(target, { recursive: true, force: true });
compileLibrary();
await writeTexts();
await writeBundle(join(target, 'command'), {
  minifySyntax: true,
  minifyWhitespace: true,
});
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const missing = Object.values(exports)
  .flatMap((door) => (typeof door === 'string' ? [door] : [door.types, door.default]))
  .filter((file) => !existsSync(join(root, file)));
if (missing.length > 0) fail(`package.json exports what there is not: ${missing.join(', ')}`);

/** Writes the library, as tsconfig.build.json says. */
function compileLibrary() {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const words = [compiler, '--project', join(root, 'tsconfig.build.json')];
  if (spawnSync(process.execPath, words, { stdio: 'inherit' }).status !== 0)
    fail('the library does not compile');
}

/** Writes the texts of the standard library as one file, for pages. */
async function writeTexts() {
  const { readLibrary } = await import(pathToFileURL(join(target, 'runtime/specs/read.js')).href);
  writeFileSync(join(target, 'library.json'), JSON.stringify(readLibrary()));
}

function fail(why) {
  process.stderr.write(`error: ${why}\n`);
  process.exit(1);
}
