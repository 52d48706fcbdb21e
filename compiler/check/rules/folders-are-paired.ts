/**
 * Checks that data folders which belong together are both given, and that test folders differ from training folders.
 */
import type { DataSpec } from '../../format/types.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

/** [setting, the setting that it requires] */
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
      // Networks use edges always or never, so test maps need instances exactly if training maps have them.
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
