/** Tests the diagnostics about specs: every folder `samples/errors/<case>` has a source and its expected messages. */
import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkSample, codesOf, errorSamples, folderOf, messagePage } from '../support/error-samples.ts';

describe('mistakes in specs', () => {
  it.each(errorSamples.filter((name) => !name.startsWith('syntax-')))('are explained: %s', async (name) => {
    const diagnostics = checkSample(name);
    expect(diagnostics).not.toHaveLength(0);
    await expect(renderDiagnostics(diagnostics, { color: false })).toMatchFileSnapshot(
      `${folderOf(name)}expected.txt`,
    );
  });
});

describe('docs/messages.md', () => {
  const page = messagePage();

  it('is up to date', async () => {
    await expect(page).toMatchFileSnapshot('../../docs/messages.md');
  });

  it.each([
    'dsl/messages.ts',
    'compiler/messages/shared.ts',
    'compiler/language/values/messages.ts',
    'compiler/check/rules/messages.ts',
    'compiler/variants/messages.ts',
    'compiler/ablation/messages.ts',
  ])('has two samples of every message of %s, which reach it in different ways', (module) => {
    const codes = codesOf(module);
    expect(codes.length).toBeGreaterThan(0);
    // One code ends a text of a hundred mistakes, too long for a page; the other does not occur in this library.
    const exceptions = ['too-many-mistakes', 'ambiguous-name'];
    const few = codes.filter((code) => samplesOf(code).length < 2 && !exceptions.includes(code));
    expect(few).toEqual([]);
  });
});

const samplesOf = (code: string): readonly string[] =>
  errorSamples.filter((sample) => checkSample(sample).some((diagnostic) => diagnostic.code === code));
