/** Checks that an experiment has one generator, and that its pictures have the data's size. */
import { isGenerator, shapeOfPictures } from '../../format/queries.ts';
import * as messages from './messages.ts';
import { shapeOfResult } from './scratch.ts';
import type { Rule } from './rule.ts';

export const generatorPaintsPictures: Rule = {
  name: 'generator-paints-pictures',
  check: ({ data, networks }, locate) => {
    if (!data) return [];
    const generators = networks.filter(isGenerator);
    const [first, second] = generators;
    if (!first) return [];
    const place = (name: string) =>
      locate(`/networks/${networks.findIndex((network) => network.name === name)}`, 'name');
    if (second)
      return [
        messages.severalGenerators(
          generators.map(({ name }) => name),
          place(second.name),
        ),
      ];
    const found = shapeOfResult(first, networks);
    const expected = shapeOfPictures(data);
    if (String(found) === String(expected)) return [];
    return [
      messages.wrongPicture(first.name, found, expected, place(first.name), locate('/data/size', 'value')),
    ];
  },
};
