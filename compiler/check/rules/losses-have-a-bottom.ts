/**
 * Warns of losses without a lower bound: a loss that is linear in the trained network's output decreases forever as
 * the weights grow, as the Wasserstein loss does without a penalty.
 */
import { composites, isOf } from '../../ops/composite/index.ts';
import { spectralNorm } from '../../ops/composite/weights.ts';
import { refsOf, trainedBy } from '../../format/queries.ts';
import type { NetworkSpec, NodeSpec, ObjectiveSpec, Spec } from '../../format/types.ts';
import * as messages from './messages.ts';
import { factsOf } from './loss-values.ts';
import type { Rule } from './rule.ts';

/** How a value depends on the outputs of the trained networks. */
type Dependence = 'none' | 'linear' | 'other';

export const lossesHaveABottom: Rule = {
  name: 'losses-have-a-bottom',
  check: (spec, locate) =>
    spec.objectives.flatMap((objective, index) =>
      isLinear(objective, spec)
        ? [messages.lossWithoutBottom(objective.network, locate(`/objectives/${index}/network`, 'name'))]
        : [],
    ),
};

function isLinear(objective: ObjectiveSpec, spec: Spec): boolean {
  const trained = new Set(trainedBy(objective));
  const unbounded = new Set(
    spec.networks
      .filter((network) => trained.has(network.name) && !isBounded(network))
      .map(({ name }) => name),
  );
  const dependenceOf = factsOf<Dependence>(objective, 'none', (node, inputs) => {
    if (node.op !== 'call') return depend(node, inputs);
    const network = String(node.attrs?.['network']);
    if (unbounded.has(network)) return 'linear';
    return trained.has(network) || inputs.some((input) => input !== 'none') ? 'other' : 'none';
  });
  const dependences = new Set(objective.terms.map(({ value }) => dependenceOf(value)));
  return dependences.has('linear') && !dependences.has('other');
}

function depend({ op }: NodeSpec, inputs: readonly Dependence[]): Dependence {
  const traits = composites.get(op)?.traits;
  const dependent = inputs.filter((input) => input !== 'none');
  if (dependent.length === 0 || traits?.stopsGradients) return 'none';
  if (dependent.includes('other')) return 'other';
  switch (traits?.linear) {
    case 'together':
      return 'linear';
    case 'each':
      return dependent.length === 1 ? 'linear' : 'other';
    case 'first':
      return dependent.length === 1 && inputs[0] === 'linear' ? 'linear' : 'other';
    case undefined:
      return 'other';
  }
}

/** Tells whether a network's output is bounded: by its last op, or by spectral norm of all its weights. */
function isBounded({ nodes, variables, outputs }: NetworkSpec): boolean {
  const bounding = nodes.flatMap(({ op, id }) => (composites.get(op)?.traits.bounded ? [id] : []));
  if (refsOf(outputs).every((ref) => bounding.includes(ref))) return true;
  const normalized = new Set(
    nodes.flatMap((node) => (isOf(spectralNorm, node) ? node.inputs.slice(0, 1) : [])),
  );
  const weights = variables.filter(({ role, shape }) => role === 'parameter' && shape.length > 1);
  return weights.every(({ name }) => normalized.has(`@${name}`));
}
