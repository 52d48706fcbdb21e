/**
 * Runs the npm scripts of a fresh clone, in plain JavaScript because no dependency is installed yet: installs the
 * dependencies of the lock file, then runs one of the tasks below.
 *
 *     node cli/bootstrap.js test [arguments]           test/run.ts quick
 *     node cli/bootstrap.js test:full [arguments]      test/run.ts full
 *     node cli/bootstrap.js quickstart [options]       cli/quickstart.ts
 *     node cli/bootstrap.js run FILE [arguments]       a script of the project
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`Spadework needs Node 20 or newer; this is ${process.version}.`);
  process.exit(3);
}

/** The scripts of the tasks by name, with their first arguments. */
const tasks = {
  test: ['test/run.ts', 'quick'],
  'test:full': ['test/run.ts', 'full'],
  quickstart: ['cli/quickstart.ts'],
  run: [],
};

const [task = '', ...rest] = process.argv.slice(2);
const [script, ...words] = [...(tasks[task] ?? []), ...rest];
if (script === undefined) {
  console.error('usage: node cli/bootstrap.js test | test:full | quickstart | run FILE [arguments]');
  process.exit(2);
}
installDependencies();
process.exit(run(process.execPath, ['--import', 'tsx', script, ...words]));

/** Runs `npm ci` unless this very lock file has been installed. */
function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.spadework-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing dependencies (npm ci) ...');
  // --include=dev: tests and TypeScript itself are needed even if NODE_ENV says production.
  const result = run('npm', [
    'ci',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--include=dev',
  ]);
  if (result !== 0) {
    console.error(
      'npm ci failed; its message above says why. Once the registry can be reached, run this again.',
    );
    process.exit(3);
  }
  writeFileSync(stamp, lock);
}

/** Runs a program in the project's folder with this terminal; gives its exit code. */
function run(command, args) {
  // On Windows npm is a script, which only a shell can start.
  const shell = process.platform === 'win32' && command === 'npm';
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell });
  if (result.error) console.error(`cannot run ${command}: ${result.error.message}`);
  return result.status ?? 1;
}
