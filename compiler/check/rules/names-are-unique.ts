/** Checks that names are unique: of networks, their inputs, variables and nodes, of losses and optimizers. */
import type { Diagnostic } from '../../../dsl/diagnostic.ts';
import { typesOfInput } from '../../build/instantiate.ts';
import { inputsOfData } from '../../format/queries.ts';
import * as messages from './messages.ts';
import { trainedAt } from './places.ts';
import type { Rule, Locate } from './rule.ts';

export const namesAreUnique: Rule = {
  name: 'names-are-unique',
  check: (spec, locate) => {
    const all: Diagnostic[] = [];
    const check = (
      what: string,
      names: readonly string[],
      pointer: string,
      key: string,
      taken: readonly string[] = [],
    ) =>
      all.push(...repeated(what, names, taken, (index) => `${pointer}/${index}${key && `/${key}`}`, locate));
    check(
      'networks',
      spec.networks.map((network) => network.name),
      '/networks',
      'name',
    );
    for (const [index, network] of spec.networks.entries()) {
      const pointer = `/networks/${index}`;
      const inputs = network.inputs.map((input) => input.name);
      check('inputs', inputs, `${pointer}/inputs`, 'name');
      check(
        'variables',
        network.variables.map((variable) => variable.name),
        `${pointer}/variables`,
        'name',
      );
      check(
        'nodes',
        network.nodes.map((node) => node.id),
        `${pointer}/nodes`,
        'id',
        inputs,
      );
    }
    const trained = trainedAt(spec.objectives);
    all.push(
      ...repeated(
        'losses',
        trained.map(({ network }) => network),
        [],
        (index) => trained[index]?.pointer ?? '',
        locate,
      ),
    );
    const given = spec.data
      ? Object.values(inputsOfData(spec.data)).flatMap((input) => typesOfInput(input, 1))
      : [];
    for (const [index, { nodes, terms }] of spec.objectives.entries()) {
      const pointer = `/objectives/${index}`;
      check(
        'nodes',
        nodes.map((node) => node.id),
        `${pointer}/nodes`,
        'id',
        given.map(([name]) => name),
      );
      check(
        'terms',
        terms.map((term) => term.name),
        `${pointer}/terms`,
        'name',
        ['total'],
      );
    }
    check(
      'optimizers',
      spec.train?.optimizers.map((one) => one.network) ?? [],
      '/train/optimizers',
      'network',
    );
    return all;
  },
};

function repeated(
  what: string,
  names: readonly string[],
  taken: readonly string[],
  pointerOf: (index: number) => string,
  locate: Locate,
): Diagnostic[] {
  const seen = new Set(taken);
  return names.flatMap((name, index) => {
    if (seen.has(name)) return [messages.duplicateId(what, name, locate(pointerOf(index), 'value'))];
    seen.add(name);
    return [];
  });
}
