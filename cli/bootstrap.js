/**
 * Answers for the npm scripts of a fresh clone, in plain JavaScript because it runs before anything is installed: brings the
 * dependencies to what the lock file says, then runs one of the tasks below.
 *
 *     node cli/bootstrap.js test [vitest arguments]    types, lint, format, then all tests
 *     node cli/bootstrap.js quickstart [options]       cli/quickstart.ts
 *     node cli/bootstrap.js run FILE [arguments]       a script of the project
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  console.error(`Spadework needs Node 20 or newer; this is ${process.version}.`);
  process.exit(3);
}

const [task = '', ...rest] = process.argv.slice(2);
installDependencies();
process.exit(
  task === 'test'
    ? runTests(rest)
    : task === 'quickstart'
      ? runScript('cli/quickstart.ts', rest)
      : task === 'run' && rest[0]
        ? runScript(rest[0], rest.slice(1))
        : usage(),
);

function usage() {
  console.error('usage: node cli/bootstrap.js test | quickstart | run FILE [arguments]');
  return 2;
}

/** Runs `npm ci` unless this very lock file has been installed. */
function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.spadework-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing dependencies (npm ci) ...');
  // --include=dev: also where NODE_ENV says production, since tests and TypeScript itself are needed.
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
  // On Windows npm is a script, which only a shell starts.
  const shell = process.platform === 'win32' && command === 'npm';
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell });
  if (result.error) console.error(`cannot run ${command}: ${result.error.message}`);
  return result.status ?? 1;
}

function runScript(file, args) {
  return run(process.execPath, ['--import', 'tsx', file, ...args]);
}

/** Runs an installed tool by its entry file. */
function runTool(tool, args) {
  return run(process.execPath, [join(root, 'node_modules', tool), ...args]);
}

/** Runs every check, also after one has failed, and closes with a line that counts all of them. */
function runTests(args) {
  const checks = [
    ['types', () => runTool('typescript/bin/tsc', ['--noEmit'])],
    ['lint', () => runTool('eslint/bin/eslint.js', ['.', '--max-warnings', '0'])],
    ['format', () => runTool('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.'])],
  ];
  const isPartial = args.length > 0;
  const results = (isPartial ? [] : checks).map(([name, check]) => {
    const passed = check() === 0;
    console.log(`${passed ? 'passed' : 'FAILED'}: ${name}`);
    return passed;
  });
  // The native engine is set up here, so that its tests run; where it cannot be, they are skipped and say why.
  runScript('cli/spadework.js', ['engine', 'install']);
  const folder = mkdtempSync(join(tmpdir(), 'spadework-test-'));
  const report = join(folder, 'report.json');
  const status = runTool('vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
  rmSync(folder, { recursive: true, force: true });
  if (!counts) {
    console.error('vitest ended without a report');
    return 1;
  }
  const passed = counts.numPassedTests + results.filter(Boolean).length;
  // A file that cannot be loaded holds no failed test, but it is a failure.
  const brokenFiles = counts.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = counts.numFailedTests + brokenFiles.length + results.filter((one) => !one).length;
  const skipped = counts.numPendingTests + counts.numTodoTests;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return status !== 0 || failed > 0 ? 1 : 0;
}
