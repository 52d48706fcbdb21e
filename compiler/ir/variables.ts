/** The variables of a program: what each is for, how it starts, and the names of those that belong to a weight. */
import type { Initializer } from './initializer.ts';
import type { TensorType } from './types.ts';

export type { Initializer } from './initializer.ts';

/** Slots are an optimizer's; averages are the moving averages of parameters, accumulators the sums of their gradients. */
export type VariableRole = 'parameter' | 'state' | 'slot' | 'average' | 'accumulator';

export interface Variable {
  /** Its path: `G.up_0.conv_0.weight`; slots of optimizers end in `/m` and `/v`, averages in `/average`, accumulators in `/sum`. */
  readonly name: string;
  readonly type: TensorType;
  readonly role: VariableRole;
  /** The network instance it belongs to. */
  readonly network: string;
  readonly initializer: Initializer;
}

/** Names what belongs to a weight beside it: its slots, its moving average, the sum of its gradients. */
export function companionName(weight: string, companion: string): string {
  return `${weight}/${companion}`;
}

/** Names the weight that something belongs to. */
export function weightOfCompanion(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

/** The companion that is a weight's moving average. */
export const averageCompanion = 'average';
