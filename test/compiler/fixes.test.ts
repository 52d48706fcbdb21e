/** Answers for hints that are edits: made, they end the mistake that they are for, and bring no other. */
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../dsl/index.ts';
import { checkSample, codesOf, errorSamples } from '../support/error-samples.ts';

const syntaxCodes = codesOf('dsl/messages.ts');

/** Lists what is said, without places, which edits move. */
const said = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.map(({ code, message }) => `${code}: ${message}`).toSorted();

/** Takes one of each of `others` out of `all`. */
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

/** What is said of a sample: of its syntax alone where mistakes of that hide others. */
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
    // Commas and brackets around an argument go without saying.
    for (const { text } of diagnostic.fix)
      expect(diagnostic.hint).toContain(text.trim().replace(/^[(,]\s*(?=\w)|(?<=\w)[),]$/g, ''));
  });
});
