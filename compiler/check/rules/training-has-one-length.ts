/** Checks that a training has one length, in epochs or in steps, and that its decay begins before its end. */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const trainingHasOneLength: Rule = {
  name: 'training-has-one-length',
  check: ({ train }, locate) => {
    if (!train) return [];
    const { steps, epochs, decay_from: from } = train;
    if (steps === undefined && epochs === undefined)
      return [messages.lengthOfTraining('none', locate('/train', 'name'))];
    if (steps !== undefined && epochs !== undefined)
      return [messages.lengthOfTraining('both', locate('/train/steps', 'name'))];
    if (from === undefined) return [];
    if (epochs === undefined) return [messages.decayInSteps(locate('/train/decay_from', 'name'))];
    return from < epochs ? [] : [messages.decayTooLate(from, epochs, locate('/train/decay_from', 'value'))];
  },
};
