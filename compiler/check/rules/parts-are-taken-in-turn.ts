/** Answers for the parts that a batch is taken in: what they add up is for one loss after another. */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const partsAreTakenInTurn: Rule = {
  name: 'parts-are-taken-in-turn',
  check: ({ train }, locate) =>
    train?.updates === 'at_once' && (train.accumulate ?? 1) > 1
      ? [messages.partsAtOnce(locate('/train/accumulate', 'value'))]
      : [],
};
