/**
 * Checks that a batch in parts is used only with losses computed in turn: parts sum the gradients of one loss at a
 * time.
 */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const partsAreTakenInTurn: Rule = {
  name: 'parts-are-taken-in-turn',
  check: ({ train }, locate) =>
    train?.updates === 'at_once' && (train.accumulate ?? 1) > 1
      ? [messages.partsAtOnce(locate('/train/accumulate', 'value'))]
      : [],
};
