/**
 * Renders the conclusions of a comparison: for each metric the best cell, and which differences to the baseline are
 * significant.
 */
import { visible } from '../../dsl/escape.ts';
import { inWords } from '../../dsl/words.ts';
import { fourDigits, signed } from '../base/format.ts';
import type { Difference, Measure } from './measures.ts';
import type { Comparison } from './types.ts';

/** Gives one or two sentences per metric. */
export function verdictOf(comparison: Comparison, measures: readonly Measure[]): string[] {
  return measures.map((measure) =>
    visible([leader(comparison, measure), ...against(comparison, measure)].join(' ')),
  );
}

function leader({ cells }: Comparison, { name, cells: summaries, better }: Measure): string {
  const best = summaries.flatMap((summary, index) =>
    summary?.isBest ? [{ label: cells[index]!.label, summary }] : [],
  );
  const value = fourDigits(best[0]!.summary.mean);
  const seeds = best[0]!.summary.values.length;
  const labels = inWords(best.map(({ label }) => label));
  if (cells.length > 1 && summaries.filter((summary) => summary).length === 1)
    return `${name} is known for ${labels} alone: ${value}${ofSeeds(seeds)}.`;
  const direction = better === 'higher' ? 'highest' : 'lowest';
  return `${name} is ${direction}, so best, for ${labels}: ${value}${ofSeeds(seeds)}.`;
}

const ofSeeds = (seeds: number): string =>
  seeds > 1 ? `, the mean of ${seeds} seeds` : ', of a single seed';

function against({ cells, baseline }: Comparison, { differences }: Measure): string[] {
  const found = differences.flatMap((difference, index) =>
    difference ? [{ difference, label: cells[index]!.label }] : [],
  );
  if (found.length === 0) return [];
  const ofVerdict = (verdict: Difference['verdict']): typeof found =>
    found.filter(({ difference }) => difference.verdict === verdict);
  const told = (['better', 'worse'] as const).flatMap((verdict) => {
    const labels = ofVerdict(verdict).map(
      ({ label, difference: { value } }) => `${label} (${signed(value)})`,
    );
    return labels.length > 0
      ? [`${inWords(labels)} ${labels.length === 1 ? 'is' : 'are'} clearly ${verdict}`]
      : [];
  });
  const untold = ofVerdict('unclear').map(({ label }) => label);
  const unknown = ofVerdict('unknown').map(({ label }) => label);
  const parts = [
    ...told,
    ...(untold.length > 0 ? [`no clear difference for ${inWords(untold)}`] : []),
    ...(unknown.length > 0
      ? [`for ${inWords(unknown)}, one seed does not tell a difference from noise`]
      : []),
  ];
  const isOfOneSeed = told.length > 0 && found.every(({ difference }) => !difference.seeds);
  return [
    `Against ${baseline.label}: ${parts.join('; ')}.`,
    ...(isOfOneSeed ? ['That is of these trainings: other seeds may differ.'] : []),
  ];
}
