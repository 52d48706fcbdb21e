/** Tests what counts as passed, failed and skipped. */
import { expect, it } from 'vitest';
import { countTests, type Report } from './counts.ts';

type Result = readonly [status: string, fullName: string, ...tags: readonly string[]];

const file = (status: string, ...results: readonly Result[]): Report['testResults'][number] => ({
  name: 'a.test.ts',
  status,
  assertionResults: results.map(([of, fullName, ...tags]) => ({ status: of, fullName, tags })),
});
const count = (files: Report['testResults'], missing: string[] = [], tier?: 'quick' | 'full') => {
  const { skipped, ...counts } = countTests({ testResults: files }, missing, tier);
  return { ...counts, skipped: Object.fromEntries(skipped) };
};

it('counts what passed and what failed', () => {
  const files = [file('failed', ['passed', 'a'], ['failed', 'b']), file('passed', ['passed', 'c'])];
  expect(count(files)).toEqual({ passed: 2, failed: 1, skipped: {}, unexplained: [] });
});

it('takes a file without tests, or one that cannot be loaded, for a failure', () => {
  expect(count([file('failed')])).toMatchObject({ passed: 0, failed: 1 });
});

it('takes every skip without a need that is missing for a failure: of a test, of a whole file, and what is to be done', () => {
  const skips = [
    file('passed', ['skipped', 'whole file'], ['pending', 'one']),
    file('passed', ['todo', 'later']),
  ];
  expect(count(skips, ['needs-ray'])).toMatchObject({
    failed: 3,
    skipped: {},
    unexplained: ['whole file', 'one', 'later'],
  });
  const present = [file('passed', ['skipped', 'a', 'needs-linux'])];
  expect(count(present, ['needs-ray'])).toMatchObject({ failed: 1, unexplained: ['a'] });
});

it('counts skips by the need that is missing', () => {
  const skips = [file('passed', ['skipped', 'a', 'needs-ray'], ['skipped', 'b', 'full', 'needs-ray'])];
  expect(count(skips, ['needs-ray'])).toMatchObject({ failed: 0, skipped: { 'needs-ray': 2 } });
});

it('leaves out what is of the other tier', () => {
  const files = [file('passed', ['skipped', 'long', 'full'], ['skipped', 'short'])];
  expect(count(files, [], 'quick').unexplained).toEqual(['short']);
  expect(count(files, [], 'full').unexplained).toEqual(['long']);
});
