/**
 * Warns of losses whose gradients are always 0: the loss depends on no weight of the network that it trains, for
 * example if a discriminator ignores the picture.
 */
import { typesOfCall } from '../../build/instantiate.ts';
import { composites } from '../../ops/composite/index.ts';
import { encodedInputs, refsOf, trainedBy } from '../../format/queries.ts';
import type { NetworkSpec, NodeSpec, ObjectiveSpec, Ref, Spec } from '../../format/types.ts';
import * as messages from './messages.ts';
import { factsOf } from './loss-values.ts';
import type { Rule } from './rule.ts';

export const lossesReachTheirNetworks: Rule = {
  name: 'losses-reach-their-networks',
  check: (spec, locate) =>
    spec.objectives.flatMap((objective, index) =>
      trainedBy(objective)
        .filter((network) => !reaches(objective, network, spec))
        .map((network) => messages.lossOfNothing(network, locate(`/objectives/${index}/network`, 'name'))),
    ),
};

/** Tells whether a loss depends on the weights of a network. */
function reaches(objective: ObjectiveSpec, trained: string, { networks }: Spec): boolean {
  const callDepends = (
    network: NetworkSpec,
    { inputs: given }: NodeSpec,
    inputs: readonly boolean[],
  ): boolean => {
    if (network.name === trained) return true;
    const used = inputsUsedBy(network);
    const isEncoded = encodedInputs(network).some(
      ({ name, encoder }) => encoder === trained && used.has(name),
    );
    const names = typesOfCall(network, given.length, 1).map(([name]) => name);
    return isEncoded || inputs.some((input, index) => input && used.has(names[index] ?? ''));
  };
  const dependsOn = factsOf<boolean>(objective, false, (node, inputs) => {
    if (node.op !== 'call') return passesGradients(node) && inputs.includes(true);
    const network = networks.find(({ name }) => name === node.attrs?.['network']);
    return network !== undefined && callDepends(network, node, inputs);
  });
  return objective.terms.some(({ value }) => dependsOn(value));
}

function passesGradients({ op }: NodeSpec): boolean {
  return !composites.get(op)?.traits.stopsGradients;
}

/** Lists the inputs that a network's results depend on. */
function inputsUsedBy({ nodes, inputs, outputs }: NetworkSpec): ReadonlySet<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const names = new Set(inputs.map(({ name }) => name));
  const used = new Set<string>();
  const seen = new Set<Ref>();
  const waiting = [...refsOf(outputs)];
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    if (seen.has(ref)) continue;
    seen.add(ref);
    // A leaf of a call is n3/0/1, the edges of a map are seg.edges.
    const [root = ref] = ref.split('/');
    const name = names.has(root) ? root : root.split('.')[0];
    if (name !== undefined && names.has(name)) used.add(root).add(name);
    const node = byId.get(root);
    if (node && passesGradients(node)) waiting.push(...node.inputs);
  }
  return used;
}
