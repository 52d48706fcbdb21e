/** Checks that a training with evaluation has held-out pairs. */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const evaluationHasPairs: Rule = {
  name: 'evaluation-has-pairs',
  check: ({ data, train }, locate) =>
    train?.evaluate_every === undefined || data?.test_labels !== undefined
      ? []
      : [messages.nothingToEvaluate(locate('/train/evaluate_every', 'name'))],
};
