/** Checks names and colors of classes: one source, one entry per class, and colors if label maps are color coded. */
import { lastClassIsVoid } from '../../format/labels.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const classesAreNamedOnce: Rule = {
  name: 'classes-are-named-once',
  check: ({ data }, locate) => {
    if (!data) return [];
    const { legend, classes, label_format: format } = data;
    const given = (['names', 'colors'] as const).filter((setting) => data[setting] !== undefined);
    const twice = legend === undefined ? [] : given;
    // In color-coded maps, a class without a color could not occur.
    const counts = lastClassIsVoid(data) && format !== 'colors' ? [classes - 1, classes] : [classes];
    const wrong = given.filter((setting) => !counts.includes(data[setting]?.length ?? 0));
    const isColorless = format === 'colors' && legend === undefined && data.colors === undefined;
    return [
      ...twice.map((setting) => messages.namedTwice(setting, locate(`/data/${setting}`, 'name'))),
      ...wrong.map((setting) =>
        messages.namesOfClasses(
          setting,
          data[setting]?.length ?? 0,
          counts,
          locate(`/data/${setting}`, 'value'),
        ),
      ),
      ...(isColorless ? [messages.colorsMissing(locate('/data/label_format', 'value'))] : []),
    ];
  },
};
