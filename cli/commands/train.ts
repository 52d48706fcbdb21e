/** Defines `spadework train`: trains an experiment and shows its progress. */
import type { Command } from 'commander';
import { largestSeed } from '../../compiler/format/types.ts';
import type { EngineRequest } from '../../runtime/engine/choose.ts';
import { engineOption, integer, setOption } from '../base/options.ts';
import { loadSpec } from '../base/specs.ts';
import { followRun } from '../base/training.ts';

interface TrainFlags {
  readonly out?: string;
  readonly steps?: number;
  readonly seed?: number;
  readonly engine: EngineRequest;
  readonly name?: string;
  readonly set?: readonly string[];
  readonly data?: string;
  readonly batch?: number;
  readonly dense?: boolean;
  readonly overwrite?: boolean;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  spadework train examples/camvid-mini.spade
  spadework train my.spade --data ~/photos --batch 4 --out runs/first
  spadework train my.spade --steps 20 --engine portable
  spadework train my.spade --set G.norm='instance()' --set optimize.G.rate=2e-4

Ctrl-C finishes the running step and saves; "spadework resume RUN" goes on from there.`;

/** Adds the command; the run records the command line `line`. */
export function addTrain(command: Command, line: string): void {
  command
    .description(
      'Trains an experiment. The run folder gets checkpoints, metrics, samples and a page that shows them.',
    )
    .argument('<file>', 'the spec')
    .option('--out <folder>', 'the run folder (default: runs/<experiment>-<n>)')
    .option('--steps <n>', "number of steps, in place of the spec's", integer(1))
    .option('--seed <n>', "seed, in place of the spec's", integer(0, largestSeed))
    .addOption(engineOption())
    .option('--name <experiment>', 'the experiment to train, where the file holds several')
    .addOption(setOption())
    .option('--data <folder>', "folder of the data, in place of the spec's path")
    .option('--batch <n>', "batch size, in place of the spec's", integer(1))
    .option('--dense', 'compute pixel by pixel also where label maps repeat themselves')
    .option('--overwrite', 'replace the run that is in the folder')
    .option('--quiet', 'print nothing but mistakes and the path of the page')
    .addHelpText('after', examples)
    .action(async (file: string, flags: TrainFlags) => {
      const { name, set, quiet = false, ...options } = flags;
      const loaded = loadSpec(file, { name, set });
      await followRun(quiet, async (common) => {
        const { train } = await import('../../runtime/library/train.ts');
        return train(loaded, { ...options, ...common, command: line });
      });
    });
}
