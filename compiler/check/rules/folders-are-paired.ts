/** Answers for data folders that only make sense together. */
import type { DataSpec } from '../../spec/types.ts';
import * as messages from '../messages.ts';
import type { Rule } from './rule.ts';

/** [with this, there must be that] */
const pairs: readonly (readonly [keyof DataSpec, keyof DataSpec])[] = [
  ['test_images', 'test_labels'],
  ['test_labels', 'test_images'],
  ['test_instances', 'test_labels'],
  ['test_instances', 'instances'],
];

export const foldersArePaired: Rule = {
  name: 'folders-are-paired',
  check: ({ data }, locate) => {
    if (!data) return [];
    const lacking = pairs.filter(
      ([found, needed]) => data[found] !== undefined && data[needed] === undefined,
    );
    const split =
      data.instances !== undefined && data.test_labels !== undefined && data.test_instances === undefined;
    return [
      ...lacking.map(([found, needed]) =>
        messages.pairIncomplete(found, needed, locate(`/data/${found}`, 'name')),
      ),
      // Networks take edges always or never, so test maps need what training maps have.
      ...(split
        ? [messages.pairIncomplete('test_labels', 'test_instances', locate('/data/test_labels', 'name'))]
        : []),
    ];
  },
};
