/** Checks that a network with loaded weights has variables for them. */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const weightsHaveAPlace: Rule = {
  name: 'weights-have-a-place',
  check: ({ networks }, locate) =>
    networks.flatMap(({ name, weights, variables }, index) =>
      weights && variables.length === 0
        ? [messages.nothingToLoad(name, locate(`/networks/${index}/weights`, 'name'))]
        : [],
    ),
};
