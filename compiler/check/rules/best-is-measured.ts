/**
 * Checks that the metric which selects the best checkpoint is measured for what the experiment trains, pictures or
 * classes.
 */
import { generatorOf, measuredMetrics } from '../../format/queries.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const bestIsMeasured: Rule = {
  name: 'best-is-measured',
  check: (spec, locate) => {
    const { best, evaluate_every: every } = spec.train ?? {};
    const metrics: readonly string[] = measuredMetrics(spec).map(({ name }) => name);
    if (best === undefined || every === undefined || metrics.length === 0 || metrics.includes(best))
      return [];
    const isPainter = generatorOf(spec) !== undefined;
    return [messages.bestNotMeasured(best, metrics, isPainter, locate('/train/best', 'value'))];
  },
};
