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
import { countTests, type Report } from './counts.ts';
import { needs } from './needs.ts';

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
/** The tier whose tests are counted, of all that vitest reports. */
const counted = isWhole ? tier : undefined;
const filter = tier === 'full' ? 'full' : '!full';
const start = Date.now();
const counts: Counts = { passed: 0, failed: 0, skipped: 0 };

if (isWhole && tier === 'quick') await runChecks();
// The native engine is set up first, so that its tests run; if that fails, they are skipped with the reason.
await runNode('cli/spadework.js', 'engine', 'install');
await runTests(isWhole ? [`--tags-filter=${filter}`] : chosen);

const minutes = ((Date.now() - start) / 60_000).toFixed(1);
if (isWhole) console.log(`${tier} tier: ${minutes} minutes`);
const { passed, failed, skipped } = counts;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

/** Runs every check, two at a time, continuing after failures. */
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

/** Runs vitest and counts the results of its report. */
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

/** Adds the counts of a report, and prints skipped tests with reasons. */
async function count(report: Report): Promise<void> {
  const missing: string[] = [];
  for (const need of needs) if (await need.isMissing()) missing.push(need.tag);
  const { passed, failed, skipped, unexplained } = countTests(report, missing, counted);
  for (const name of unexplained)
    console.error(`FAILED: skipped without a need of test/needs.ts that is missing here: ${name}`);
  for (const { tag, reason } of needs)
    if (skipped.has(tag)) console.log(`skipped ${skipped.get(tag)} tests that run where ${reason}`);
  counts.passed += passed;
  counts.failed += failed;
  for (const tests of skipped.values()) counts.skipped += tests;
}

/** Runs a Node program in the project's folder, attached to this terminal; gives its exit code. */
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
