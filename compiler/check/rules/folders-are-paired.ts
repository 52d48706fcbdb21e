/** Answers for data folders that only make sense together, and for those that must not be the same. */
import type { DataSpec } from '../../format/types.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

/** [with this, there must be that] */
const pairs: readonly (readonly [keyof DataSpec, keyof DataSpec])[] = [
  ['test_images', 'test_labels'],
  ['test_labels', 'test_images'],
  ['test_instances', 'test_labels'],
  ['test_instances', 'instances'],
  ['test_list', 'test_labels'],
];

/** [photographs, label maps] */
const splits: readonly (readonly [keyof DataSpec, keyof DataSpec])[] = [
  ['images', 'labels'],
  ['test_images', 'test_labels'],
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
    const apart = data.paired ? splits.filter(([images, labels]) => data[images] !== data[labels]) : [];
    const isListed = data.test_list !== undefined;
    return [
      ...lacking.map(([found, needed]) =>
        messages.pairIncomplete(found, needed, locate(`/data/${found}`, 'name')),
      ),
      // Networks take edges always or never, so test maps need what training maps have.
      ...(split
        ? [messages.pairIncomplete('test_labels', 'test_instances', locate('/data/test_labels', 'name'))]
        : []),
      ...apart.map(([images, labels]) =>
        messages.pairedApart(images, labels, locate(`/data/${labels}`, 'value')),
      ),
      ...(data.test_labels === data.labels && !isListed
        ? [messages.testsOnTraining(locate('/data/test_labels', 'value'))]
        : []),
    ];
  },
};
