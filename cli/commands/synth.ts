/** Defines `spadework synth`: paints label maps with the weights of a run. */
import { Option, type Command } from 'commander';
import type { EngineRequest } from '../../runtime/engine/choose.ts';
import { engineOption } from '../base/options.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { note, print } from '../base/terminal.ts';

interface SynthFlags {
  readonly labels: string;
  readonly out: string;
  readonly images?: string;
  readonly instances?: string;
  readonly style?: string;
  readonly checkpoint: 'last' | 'best';
  readonly engine: EngineRequest;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  spadework synth runs/camvid_mini-1 --labels my-maps --out painted
  spadework synth runs/camvid_mini-1 --labels test/labels --images test/images --out painted
  spadework synth runs/with-encoder-1 --labels my-maps --style evening.jpg --out painted`;

/** Adds the command; the page shows the command line `line`. */
export function addSynth(command: Command, line: string): void {
  command
    .description(
      'Paints every label map (PNG, one class id a pixel, any size) of a folder with a checkpoint of a run; of folders within it, where the data of the run say subfolders.',
    )
    .argument('<run>', 'the run folder')
    .requiredOption('--labels <folder>', 'folder of label maps')
    .requiredOption(
      '--out <folder>',
      'folder for the paintings, named like the maps, and a page that shows them',
    )
    .option(
      '--images <folder>',
      'folder of photos with the same names, to show beside the paintings and, where a run needs it, to encode',
    )
    .option(
      '--style <photo>',
      'photo to paint in the style of, or a folder with one for each map, for runs with an encoder',
    )
    .addOption(
      new Option('--checkpoint <which>', 'the checkpoint that paints')
        .choices(['last', 'best'])
        .default('last'),
    )
    .option('--instances <folder>', 'folder of instance maps, for runs that were trained with them')
    .addOption(engineOption())
    .option('--quiet', 'print nothing but mistakes and the path of the page')
    .addHelpText('after', examples)
    .action(async (run: string, flags: SynthFlags) => {
      const { synthesize } = await import('../../runtime/library/use.ts');
      const { quiet, ...options } = flags;
      let progress: Progress | undefined;
      const observer = {
        log: note,
        painted: (done: number, total: number): void => {
          progress ??= startProgress(total, 0, 'maps');
          progress.update(done, '');
        },
      };
      const { page } = await synthesize(run, {
        ...options,
        command: line,
        ...(!quiet && { observer }),
      }).finally(() => progress?.stop());
      print(page);
    });
}
