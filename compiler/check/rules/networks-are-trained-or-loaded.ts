/** Checks that each network in a loss is trained by a loss or has its weights loaded, unless it has no parameters. */
import { encodersOf, trainedBy } from '../../format/queries.ts';
import type { NodeSpec, Spec } from '../../format/types.ts';
import * as messages from './messages.ts';
import type { Rule } from './rule.ts';

export const networksAreTrainedOrLoaded: Rule = {
  name: 'networks-are-trained-or-loaded',
  check: (spec, locate) => {
    // A network with only an optimizer lacks a loss, which another rule reports.
    const optimized = spec.train?.optimizers.map(({ network }) => network) ?? [];
    const trained = new Set([...spec.objectives.flatMap(trainedBy), ...optimized]);
    const encoders = encodersOf(spec);
    return spec.networks.flatMap((network, index) => {
      const { name, weights, variables } = network;
      if (trained.has(name) || weights || !variables.some(({ role }) => role === 'parameter')) return [];
      const user = spec.objectives.find(({ nodes }) => calledBy(nodes, spec).has(name));
      const span = locate(`/networks/${index}`, 'name');
      return user
        ? [messages.neitherTrainedNorLoaded(name, user.network, encoders.includes(network), span)]
        : [];
    });
  },
};

/** Finds the networks that nodes call, directly or indirectly. */
function calledBy(nodes: readonly NodeSpec[], spec: Spec): Set<string> {
  const direct = nodes.flatMap(({ op, attrs }) => (op === 'call' ? [String(attrs?.['network'])] : []));
  const inner = spec.networks.filter(({ name }) => direct.includes(name));
  return new Set([...direct, ...inner.flatMap((network) => [...calledBy(network.nodes, spec)])]);
}
