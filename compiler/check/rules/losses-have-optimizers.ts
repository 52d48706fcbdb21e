/** Checks that every loss has an optimizer, every optimizer a loss, and both a network with parameters. */
import type { Rule } from './rule.ts';
import * as messages from './messages.ts';
import { trainedAt } from './places.ts';

export const lossesHaveOptimizers: Rule = {
  name: 'losses-have-optimizers',
  check: ({ networks, objectives, train, data }, locate) => {
    if (objectives.length > 0 && (!data || !train))
      return [messages.sectionMissing(data ? 'train' : 'data', locate('/objectives/0', 'name'))];
    if (!train) return [];
    const names = networks.map((network) => network.name);
    const losses = trainedAt(objectives);
    const trained = [
      ...losses,
      ...train.optimizers.map(({ network }, index) => ({
        network,
        pointer: `/train/optimizers/${index}/network`,
      })),
    ];
    const unknown = trained.filter(({ network }) => !names.includes(network));
    if (unknown.length > 0)
      return unknown.map(({ network, pointer }) =>
        messages.unknownNetwork(network, locate(pointer, 'value'), names),
      );
    const isIdle = (name: string): boolean =>
      !networks.some(
        (network) => network.name === name && network.variables.some(({ role }) => role === 'parameter'),
      );
    return [
      ...losses.flatMap(({ network, pointer }) => {
        const span = locate(pointer, 'value');
        if (isIdle(network)) return [messages.nothingToTrain(network, span)];
        return train.optimizers.some((one) => one.network === network)
          ? []
          : [messages.lossWithoutOptimizer(network, span)];
      }),
      ...train.optimizers.flatMap(({ network }, index) =>
        losses.some((one) => one.network === network)
          ? []
          : [messages.optimizerWithoutLoss(network, locate(`/train/optimizers/${index}`, 'name'))],
      ),
    ];
  },
};
