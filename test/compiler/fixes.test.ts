/** Tests the edits of hints: applying them removes the mistake, and adds no other. */
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../dsl/index.ts';
import { checkSample, codesOf, errorSamples } from '../support/error-samples.ts';

const syntaxCodes = codesOf('dsl/messages.ts');

/** Lists messages without places, as edits move them. */
const said = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.map(({ code, message }) => `${code}: ${message}`).toSorted();

/** Removes one occurrence of each of `others` from `all`. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return all.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const fixable = errorSamples.flatMap((sample) =>
  checkSample(sample).flatMap((diagnostic) =>
    diagnostic.fix.length === 0 ? [] : [{ sample, diagnostic, what: said([diagnostic]).join() }],
  ),
);

/** The messages about a sample; only those about its syntax, if it has syntax mistakes. */
function checked(sample: string, fix: Diagnostic['fix'] = []): string[] {
  const all = checkSample(sample, fix);
  return said(sample.startsWith('syntax-') ? all.filter(({ code }) => syntaxCodes.includes(code)) : all);
}

describe('the edits of a hint', () => {
  it.each(fixable)('end the mistake: $sample, $what', ({ sample, diagnostic }) => {
    const before = checked(sample);
    const after = checked(sample, diagnostic.fix);
    const rest = without(before, said([diagnostic]));
    expect(without(after, rest), 'new or still there').toEqual([]);
  });

  it.each(fixable)('are what it says: $sample, $what', ({ diagnostic }) => {
    // Commas and brackets around an argument need no mention.
    for (const { text } of diagnostic.fix)
      expect(diagnostic.hint).toContain(text.trim().replace(/^[(,]\s*(?=\w)|(?<=\w)[),]$/g, ''));
  });
});
