/**
 * Configures the tests. Engines go by file name: `*.portable.test.ts` loads tfjs on WebAssembly, `*.native.test.ts` loads
 * TensorFlow, all others load no engine. Tags say the rest: `full` marks what `npm test` leaves to `npm run test:full`, and
 * `needs-…` what is skipped where something is missing.
 */
import { configDefaults, defineConfig } from 'vitest/config';
import { needs } from './test/needs.ts';

const tier = (name: string, include: string, ...exclude: string[]) => ({
  extends: true as const,
  test: { name, include: [include], exclude: [...configDefaults.exclude, ...exclude] },
});

const tagsOfNeeds = await Promise.all(
  needs.map(async ({ tag, reason, isMissing }) => ({
    name: tag,
    description: `runs where ${reason}`,
    ...((await isMissing()) && { skip: true }),
  })),
);

export default defineConfig({
  test: {
    // An engine lives in its process and two must not meet in one; more workers than two only fight for cores.
    setupFiles: ['test/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Far beyond what any test takes, so that a busy machine fails none.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    tags: [
      { name: 'full', description: 'repeats what a quick test shows, or runs long: npm run test:full' },
      ...tagsOfNeeds,
    ],
    projects: [
      tier('pure', 'test/**/*.test.ts', 'test/**/*.portable.test.ts', 'test/**/*.native.test.ts'),
      tier('portable', 'test/**/*.portable.test.ts'),
      tier('native', 'test/**/*.native.test.ts'),
    ],
  },
});
