/** Answers for measuring while training: there are held-out pairs to measure on. */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const evaluationHasPairs: Rule = {
  name: 'evaluation-has-pairs',
  check: ({ data, train }, locate) =>
    train?.evaluate_every === undefined || data?.test_labels !== undefined
      ? []
      : [messages.nothingToEvaluate(locate('/train/evaluate_every', 'name'))],
};
