/** Makes ablations of the tiny experiment, as a text and as runs built by hand. */
import type { Ablation } from '../../compiler/ablation/types.ts';
import { specOf } from './compared-runs.ts';
import { tinySpec } from './tiny-experiment.ts';

/** Writes an ablation of two kernel sizes, and one of only the first. */
export function tinyAblation(steps = 4, checkpointEvery = 1): string {
  return `${tinySpec({ train: `steps: ${steps}, sample_every: 100000, checkpoint_every: ${checkpointEvery}, seed: 7` })}
ablation kernels of tiny {
  kernel: G.norm in { three: spade(hidden: 4), one: spade(hidden: 4, kernel: 1) }
  seeds: [0]
}
ablation alone of tiny {
  kernel: G.norm in { three: spade(hidden: 4) }
  seeds: [0]
}
`;
}

/** Builds the same ablation by hand, with its data below `base`. */
export function madeAblation(base: string, seeds: readonly number[] = [0, 1], kernels = [3, 1]): Ablation {
  return {
    name: 'kernels',
    of: 'tiny',
    axes: [{ name: 'kernel', labels: kernels.map(String) }],
    seeds,
    runs: seeds.flatMap((seed) =>
      kernels.map((kernel) => ({
        name: `kernel-${kernel}_s${seed}`,
        point: { kernel: String(kernel) },
        seed,
        spec: specOf(tinySpec().replace('hidden: 4', `hidden: 4, kernel: ${kernel}`), base, seed),
      })),
    ),
  };
}
