/** Answers for the README: the specs that it shows are read as they stand there, without a mistake. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { check } from '../compiler/index.ts';
import { renderDiagnostics } from '../dsl/index.ts';
import { fileProvider } from '../runtime/library.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const specs = [...readme.matchAll(/```spade\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

it('shows specs', () => expect(specs.length).toBeGreaterThanOrEqual(2));

it.each(specs)('shows a spec without mistakes: %s', (text) => {
  const { diagnostics, spec } = check({ name: 'readme.spade', text }, fileProvider());
  expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
  expect(spec).toBeDefined();
});
