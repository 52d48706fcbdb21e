/** Tests that the specs shown in the README are valid. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { check, checkAblation } from '../compiler/index.ts';
import { renderDiagnostics } from '../dsl/index.ts';
import { fileProvider } from '../runtime/specs/read.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const specs = [...readme.matchAll(/```spade\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

it('shows specs', () => expect(specs.length).toBeGreaterThanOrEqual(2));

const isAblation = (text: string): boolean => text.startsWith('ablation');

it.each(specs.filter((text) => !isAblation(text)))('shows a spec without mistakes: %s', (text) => {
  const { diagnostics, spec } = check({ name: 'readme.spade', text }, fileProvider());
  expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
  expect(spec).toBeDefined();
});

it.each(specs.filter(isAblation))('shows an ablation of its experiment: %s', (text) => {
  const source = { name: 'readme.spade', text: `${specs[0]}\n${text}` };
  const { diagnostics, ablation } = checkAblation(source, fileProvider());
  expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
  expect(ablation?.runs.length).toBeGreaterThan(1);
});
