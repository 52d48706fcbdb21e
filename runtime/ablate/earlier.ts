/** Recognizes runs planned by an earlier version: a spec that differs only in names of variables is the same spec. */
import type { NetworkSpec, Spec } from '../../compiler/format/types.ts';
import { otherVersionsNames } from '../weights/earlier-names.ts';

/** Renames the variables of an earlier spec to their present names, if only the names differ. */
export function withNamesOfToday(before: Spec, today: Spec): Spec {
  const networks = before.networks.map((network, index) => {
    const same = today.networks[index];
    return same ? renamed(network, same) : network;
  });
  return { ...before, networks };
}

function renamed(network: NetworkSpec, today: NetworkSpec): NetworkSpec {
  const names = new Map(network.variables.map(({ name }, index) => [name, today.variables[index]?.name]));
  const isOfVersion = ([name, now]: readonly [string, string | undefined]): boolean =>
    now === name || (now !== undefined && otherVersionsNames(name).includes(now));
  if (![...names].every(isOfVersion)) return network;
  const nameOf = (name: string): string => names.get(name) ?? name;
  return {
    ...network,
    variables: network.variables.map((variable) => ({ ...variable, name: nameOf(variable.name) })),
    nodes: network.nodes.map((node, index) => {
      const scope = node.scope && today.nodes[index]?.scope;
      const inputs = node.inputs.map((ref) => (ref.startsWith('@') ? `@${nameOf(ref.slice(1))}` : ref));
      return { ...node, inputs, ...(scope !== undefined && { scope }) };
    }),
  };
}
