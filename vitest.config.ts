/**
 * Answers for how tests run, in three tiers by file name: `*.portable.test.ts` loads tfjs on WebAssembly,
 * `*.native.test.ts` loads TensorFlow and is skipped with a reason where that is not set up, all others load no engine.
 */
import { configDefaults, defineConfig } from 'vitest/config';

const tier = (name: string, include: string, ...exclude: string[]) => ({
  extends: true as const,
  test: { name, include: [include], exclude: [...configDefaults.exclude, ...exclude] },
});

export default defineConfig({
  test: {
    // An engine lives in its process and two must not meet in one; more workers than two only fight for cores.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      tier('pure', 'test/**/*.test.ts', 'test/**/*.portable.test.ts', 'test/**/*.native.test.ts'),
      tier('portable', 'test/**/*.portable.test.ts'),
      tier('native', 'test/**/*.native.test.ts'),
    ],
  },
});
