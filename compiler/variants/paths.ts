/** Lists the paths of an experiment that end with a given name, to suggest them to a user who wrote only that name. */
import type { Expression, Name } from '../../dsl/ast.ts';
import { settingNames } from '../schema/spec.ts';
import { summandsOf } from '../language/terms.ts';
import { isBinding, type Items } from './items.ts';

/** Lists the paths that end with a name: to existing parts, and to settings that could be added. */
export function pathsTo(name: string, items: Items): string[] {
  const settings = (['data', 'train'] as const)
    .filter((section) => items.some(({ kind }) => kind === section))
    .filter((section) => settingNames(section).includes(name))
    .map((section) => `${section}.${name}`);
  const written = items.flatMap((item) => {
    if (isBinding(item)) return argumentsTo(name, item.value, item.name.text);
    if (item.kind === 'loss') return under('loss', item.networks, (path) => termsTo(name, item.value, path));
    if (item.kind !== 'train') return [];
    return item.optimizers.flatMap(({ networks, optimizer }) =>
      under('optimize', networks, (path) => [
        ...argumentsTo(name, optimizer, path),
        ...(name === 'rate' ? [`${path}.rate`] : []),
      ]),
    );
  });
  return [...new Set([...settings, ...written])];
}

function under(section: string, networks: readonly Name[], find: (path: string) => string[]): string[] {
  return networks.flatMap(({ text }) => find(`${section}.${text}`));
}

/** Paths to named arguments of a call, and of calls inside it. */
function argumentsTo(name: string, value: Expression, path: string): string[] {
  if (value.kind !== 'call') return [];
  return value.arguments.flatMap((one) => {
    if (!one.name) return [];
    const inner = `${path}.${one.name.text}`;
    return [...(one.name.text === name ? [inner] : []), ...argumentsTo(name, one.value, inner)];
  });
}

function termsTo(name: string, loss: Expression, path: string): string[] {
  return summandsOf(loss).flatMap((one) => (one.name === name ? [`${path}.${name}`] : []));
}
