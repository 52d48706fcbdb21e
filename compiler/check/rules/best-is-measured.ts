/** Answers for what tells the best checkpoint: it is measured of what the experiment trains, pictures or classes. */
import { generatorOf, segmenterOf } from '../../format/queries.ts';
import { metricsOfPainting, metricsOfSegmenting, type BestMetric } from '../../format/types.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const bestIsMeasured: Rule = {
  name: 'best-is-measured',
  check: (spec, locate) => {
    const { best, evaluate_every: every } = spec.train ?? {};
    const generator = generatorOf(spec);
    if (best === undefined || every === undefined || !(generator || segmenterOf(spec))) return [];
    const metrics: readonly BestMetric[] = generator ? metricsOfPainting : metricsOfSegmenting;
    if (metrics.includes(best)) return [];
    return [messages.bestNotMeasured(best, metrics, generator !== undefined, locate('/train/best', 'value'))];
  },
};
