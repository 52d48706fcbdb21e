/** Answers for a comparison in words: for each metric, who is best, and what can be told from the baseline and what cannot. */
import { fourDigits, signed } from '../report/format.ts';
import type { Difference, Measure } from './measures.ts';
import type { Comparison } from './types.ts';

/** Gives a sentence or two for each metric. */
export function verdictOf(comparison: Comparison, measures: readonly Measure[]): string[] {
  return measures.map((measure) => [leader(comparison, measure), ...against(comparison, measure)].join(' '));
}

function leader({ cells }: Comparison, { name, cells: summaries, better }: Measure): string {
  const best = summaries.flatMap((summary, index) =>
    summary?.isBest ? [{ label: cells[index]!.label, summary }] : [],
  );
  const value = fourDigits(best[0]!.summary.mean);
  const seeds = best[0]!.summary.values.length;
  const labels = list(best.map(({ label }) => label));
  const direction = better === 'higher' ? 'highest' : 'lowest';
  return `${name} is ${direction}, so best, for ${labels}: ${value}${seeds > 1 ? `, the mean of ${seeds} seeds` : ', of a single seed'}.`;
}

function against({ cells, baseline }: Comparison, { differences }: Measure): string[] {
  const labels = (verdict: Difference['verdict'], shown: (difference: Difference) => string): string[] =>
    differences.flatMap((difference, index) =>
      difference?.verdict === verdict ? [`${cells[index]!.label}${shown(difference)}`] : [],
    );
  const by = ({ value }: Difference): string => ` (${signed(value)})`;
  const nothing = (): string => '';
  const parts = [
    { text: 'better', labels: labels('better', by) },
    { text: 'worse', labels: labels('worse', by) },
    { text: 'no clear difference for', labels: labels('unclear', nothing) },
    {
      text: 'not told from noise without more seeds or values of single maps:',
      labels: labels('unknown', nothing),
    },
  ].filter((part) => part.labels.length > 0);
  if (parts.length === 0) return [];
  const said = parts.map(({ text, labels: of }) =>
    text.endsWith('for') || text.endsWith(':')
      ? `${text} ${list(of)}`
      : `${list(of)} ${of.length === 1 ? 'is' : 'are'} clearly ${text}`,
  );
  return [`Against ${baseline.label}: ${said.join('; ')}.`];
}

/** Joins names as in a sentence. */
function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
