/**
 * Runs a tier of the checks and tests, and closes with a line that counts all of them.
 *
 *     npm test                     types, lint, format, and every test that is not tagged `full`
 *     npm run test:full            the tests that are tagged `full`
 *     npm test -- test/a.test.ts   all tests of some files, or whatever else vitest's options choose
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needs } from './needs.ts';

/** What is read of the report that vitest writes. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly tags?: readonly string[];
    }[];
  }[];
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const [tier, ...chosen] = process.argv.slice(2);
if (tier !== 'quick' && tier !== 'full')
  throw new Error('usage: test/run.ts quick | full [arguments of vitest]');
const isWhole = chosen.length === 0;
const filter = tier === 'full' ? 'full' : '!full';
const start = Date.now();
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };

if (isWhole && tier === 'quick') await runChecks();
// The native engine is set up here, so that its tests run; where it cannot be, they are skipped and it is said why.
await runNode('cli/spadework.js', 'engine', 'install');
await runTests(isWhole ? [`--tags-filter=${filter}`] : chosen);

const minutes = ((Date.now() - start) / 60_000).toFixed(1);
if (isWhole) console.log(`${tier} tier: ${minutes} minutes`);
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

/** Runs every check, two at a time, also after one has failed. */
async function runChecks(): Promise<void> {
  const checks = {
    types: ['node_modules/typescript/bin/tsc', '--noEmit'],
    lint: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'],
    format: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  };
  const check = async (name: keyof typeof checks): Promise<void> => {
    const isFine = (await runNode(...checks[name])) === 0;
    counts[isFine ? 'passed' : 'failed']++;
    console.log(`${isFine ? 'passed' : 'FAILED'}: ${name}`);
  };
  await Promise.all([check('types'), check('lint').then(() => check('format'))]);
}

/** Runs vitest and counts what it reports. */
async function runTests(options: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spadework-test-'));
  const file = join(folder, 'report.json');
  const status = await runNode(
    ...['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'],
    ...[`--outputFile.json=${file}`, ...options],
  );
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
  rmSync(folder, { recursive: true, force: true });
  if (!report) {
    console.error('vitest ended without a report');
    counts.failed++;
    return;
  }
  await count(report);
  if (status !== 0 && counts.failed === 0) {
    console.error('vitest failed outside of tests; its output above says how');
    counts.failed++;
  }
}

/** Counts tests; a skip counts as a failure unless a need of its test is missing here. */
async function count({ testResults }: Report): Promise<void> {
  // A file that cannot be loaded holds no failed test, but it is a failure.
  counts.failed += testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  const missing = new Map<string, number>();
  for (const need of needs) if (await need.isMissing()) missing.set(need.tag, 0);
  for (const { status, fullName, tags = [] } of testResults.flatMap((file) => file.assertionResults)) {
    if (status === 'passed') counts.passed++;
    else if (status === 'failed') counts.failed++;
    else if (isWhole && tags.includes('full') !== (tier === 'full')) continue;
    else {
      const tag = tags.find((one) => missing.has(one));
      if (tag === undefined) {
        console.error(`FAILED: skipped without a need of test/needs.ts that is missing here: ${fullName}`);
        counts.failed++;
      } else {
        missing.set(tag, missing.get(tag)! + 1);
        counts.skipped++;
      }
    }
  }
  for (const { tag, reason } of needs)
    if (missing.get(tag)) console.log(`skipped ${missing.get(tag)} tests that run where ${reason}`);
}

/** Runs a program of Node in the project's folder with this terminal; gives its exit code. */
function runNode(...words: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, words, { cwd: root, stdio: 'inherit' });
    child.once('error', (error) => {
      console.error(`cannot run ${words[0]}: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
