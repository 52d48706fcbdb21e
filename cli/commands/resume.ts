/** Defines `spadework resume`: resumes a run that was stopped or killed. */
import type { Command } from 'commander';
import type { EngineRequest } from '../../runtime/engine/choose.ts';
import { engineOption, integer } from '../base/options.ts';
import { followRun } from '../base/training.ts';

interface ResumeFlags {
  readonly steps?: number;
  readonly data?: string;
  readonly engine: EngineRequest;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  spadework resume runs/camvid_mini-1
  spadework resume runs/camvid_mini-1 --steps 2000

On the same engine and machine the run ends with the same bits as one that was never stopped.`;

/** Adds the command. */
export function addResume(command: Command): void {
  command
    .description(
      'Goes on with a run from its last checkpoint, with the spec and the settings that it was started with.',
    )
    .argument('<run>', 'the run folder')
    .option('--steps <n>', 'number of steps in all, where the run shall become longer', integer(1))
    .option('--data <folder>', 'folder of the data, where it was moved')
    .addOption(engineOption())
    .option('--quiet', 'print nothing but mistakes and the path of the page')
    .addHelpText('after', examples)
    .action(async (folder: string, flags: ResumeFlags) => {
      const { quiet = false, ...options } = flags;
      await followRun(quiet, async (common) => {
        const { resume } = await import('../../runtime/library/train.ts');
        return resume(folder, { ...options, ...common });
      });
    });
}
