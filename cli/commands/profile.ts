/** Defines `spadework profile`: shows the time of a training step by source line, by op and by block. */
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { largestSeed } from '../../compiler/format/types.ts';
import type { EngineRequest } from '../../runtime/engine/choose.ts';
import { engineOption, integer, setOption } from '../base/options.ts';
import { startProgress } from '../base/progress.ts';
import { loadSpec } from '../base/specs.ts';
import { print } from '../base/terminal.ts';

interface ProfileFlags {
  readonly steps: number;
  readonly warmup: number;
  readonly out?: string;
  readonly lines: number;
  readonly dense?: boolean;
  readonly seed?: number;
  readonly engine: EngineRequest;
  readonly name?: string;
  readonly set?: readonly string[];
  readonly data?: string;
  readonly batch?: number;
}

const examples = `
Examples:
  spadework profile examples/camvid-mini.spade
  spadework profile my.spade --data ~/photos --batch 4 --steps 5 --out step.html

Times are time that passed. Where kernels run at once, each moment is divided among them, so that all lines together take what
the step takes. Gradients count for the line that they are of.`;

/** Adds the command; the page shows the command line `line`. */
export function addProfile(command: Command, line: string): void {
  command
    .description(
      'Times some training steps of an experiment by source line, op and block. Writes a page with a flame graph.',
    )
    .argument('<file>', 'the spec')
    .option('--steps <n>', 'steps that are traced', integer(1), 3)
    .option('--warmup <n>', 'steps before them', integer(0), 2)
    .option('--out <file>', 'the page (default: profiles/<experiment>.html)')
    .option('--lines <n>', 'rows of each table', integer(1), 12)
    .option('--dense', 'compute pixel by pixel also where label maps repeat themselves')
    .option('--seed <n>', "seed, in place of the spec's", integer(0, largestSeed))
    .addOption(engineOption())
    .option('--name <experiment>', 'the experiment to profile, where the file holds several')
    .addOption(setOption())
    .option('--data <folder>', "folder of the data, in place of the spec's path")
    .option('--batch <n>', "batch size, in place of the spec's", integer(1))
    .addHelpText('after', examples)
    .action(async (file: string, flags: ProfileFlags) => {
      const { spec, sources } = loadSpec(file, flags);
      const [
        { profileStep },
        { renderProfile },
        { writeProfilePage },
        { whileWritingAsync },
        { requireOwnPage },
      ] = await Promise.all([
        import('../../runtime/profile/run.ts'),
        import('../../runtime/profile/text.ts'),
        import('../../runtime/profile/page.ts'),
        import('../../runtime/base/files.ts'),
        import('../../runtime/run/outputs.ts'),
      ]);
      const out = flags.out ?? join('profiles', `${spec.name}.html`);
      requireOwnPage(out);
      const progress = startProgress(flags.warmup + 2 * flags.steps, 0, 'steps');
      const found = await profileStep({
        ...flags,
        spec,
        sources,
        log: (line) => progress.log(line),
        stepped: (done) => progress.update(done, ''),
      }).finally(() => progress.stop());
      const { profile, engine, batch, size } = found;
      print(renderProfile(profile, flags.lines).join('\n'));
      const page = await whileWritingAsync(dirname(out), () =>
        writeProfilePage(out, profile, {
          title: spec.name,
          facts: [
            { name: 'Engine', value: engine },
            { name: 'Batch', value: String(batch) },
            { name: 'Size', value: `${size.width} × ${size.height}` },
          ],
          command: line,
        }),
      );
      print(page);
    });
}
