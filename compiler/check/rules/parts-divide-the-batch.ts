/** Checks that the parts of a batch have equal sizes. */
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const partsDivideTheBatch: Rule = {
  name: 'parts-divide-the-batch',
  check: ({ data, train }, locate) => {
    const parts = train?.accumulate ?? 1;
    if (!data || data.batch % parts === 0) return [];
    return [messages.partsOfBatch(parts, data.batch, locate('/train/accumulate', 'value'))];
  },
};
