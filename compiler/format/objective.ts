/** The schema of objectives: losses of one or several networks. */
import { nodeRef } from './node.ts';
import { calledWith, idRef, placeRef } from './shared.ts';
import { listOf, object, text, type ValueOf } from '../json/schema.ts';

const termSchema = object(
  'One summand.',
  { name: text('What reports call it.'), value: idRef },
  { definition: text('The block that it calls.'), arguments: calledWith },
);

export type TermSpec = ValueOf<typeof termSchema>;

export const objectiveSchema = object(
  "What is minimized over networks' parameters; the nodes' inputs are those of the data: labels, labels.edges, labels.instances, real.",
  {
    network: text('The network that is trained; it names the loss.'),
    nodes: listOf(nodeRef, { description: 'Nodes, which may call networks.' }),
    terms: listOf(termSchema, {
      description: 'The summands: scalar nodes, with their factors applied.',
      minItems: 1,
    }),
  },
  {
    together: listOf(text('A network.'), {
      description: 'Other networks that are trained on the same loss.',
      minItems: 1,
      uniqueItems: true,
    }),
    at: placeRef,
  },
);

export type ObjectiveSpec = ValueOf<typeof objectiveSchema>;
