/** Answers for what users read about mistakes in specs: every folder `samples/errors/<case>` holds a source and its messages. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkSample, errorSamples, folderOf, messagePage } from '../support/error-samples.ts';

describe('mistakes in specs', () => {
  it.each(errorSamples.filter((name) => !name.startsWith('syntax-')))('are explained: %s', async (name) => {
    const diagnostics = checkSample(name);
    expect(diagnostics).not.toHaveLength(0);
    await expect(renderDiagnostics(diagnostics, { color: false })).toMatchFileSnapshot(
      `${folderOf(name)}expected.txt`,
    );
  });
});

/** Reads the codes that a module of messages gives. */
function codesOf(module: string): string[] {
  const text = readFileSync(new URL(module, import.meta.url), 'utf8');
  return [...text.matchAll(/(?:rror|arning)\(\s*'([a-z-]+)'/g)].map((match) => match[1]!);
}

describe('docs/messages.md', () => {
  const page = messagePage();

  it('is up to date', async () => {
    await expect(page).toMatchFileSnapshot('../../docs/messages.md');
  });

  it.each([
    '../../dsl/messages.ts',
    '../../compiler/expand/messages.ts',
    '../../compiler/check/messages.ts',
    '../../compiler/inherit/messages.ts',
    '../../compiler/ablation/messages.ts',
  ])('has an example of every message of %s', (module) => {
    const codes = codesOf(module);
    expect(codes.length).toBeGreaterThan(5);
    // One ends a text of a hundred mistakes, which no page should show; the other does not happen in this library.
    const exceptions = ['too-many-mistakes', 'ambiguous-name'];
    const shown = (code: string) => page.includes(`## ${code}\n`) || exceptions.includes(code);
    expect(codes.filter((code) => !shown(code))).toEqual([]);
  });
});
