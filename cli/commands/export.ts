/** Defines `spadework export`: exports a run's weights under the names of other programs. */
import { Option, type Command } from 'commander';
import { inputError } from '../../dsl/errors.ts';
import { note, print } from '../base/terminal.ts';

interface ExportFlags {
  readonly network: string;
  readonly mapping?: string;
  readonly average?: boolean;
  readonly out: string;
  readonly quiet?: boolean;
}

const ending = '.safetensors';

const examples = `
Examples:
  spadework export runs/camvid-1 --network G --mapping spade -o net_G.safetensors
  spadework export runs/camvid-1 --network D -o net_D.safetensors

In Python: network.load_state_dict(safetensors.torch.load_file("net_G.safetensors"))`;

/** Adds the command. */
export function addExport(command: Command): void {
  command
    .description(
      "Writes a network of a run's last checkpoint into a file, in PyTorch's order of axes and, by a mapping, with official names.",
    )
    .argument('<run>', 'the run folder')
    .requiredOption('--network <name>', 'the network, such as G')
    .requiredOption('-o, --out <file>', 'the file to write')
    .addOption(new Option('--to <format>', 'the format').choices(['safetensors']).default('safetensors'))
    .option(
      '--mapping <mapping>',
      'the names to give them: spade, pix2pixhd, ..., or a JSON file (docs/weights.md)',
    )
    .option('--average', 'take the moving averages of the weights')
    .option('--quiet', 'print nothing but mistakes and the path of the file')
    .addHelpText('after', examples)
    .action(async (run: string, flags: ExportFlags) => {
      if (!flags.out.endsWith(ending))
        throw inputError(
          'not-safetensors',
          `'${flags.out}' would hold safetensors, whatever its name says`,
          `end its name in ${ending}; Python reads it with safetensors.torch.load_file`,
        );
      const { exportWeights } = await import('../../runtime/exchange/exchange.ts');
      const count = await exportWeights({ ...flags, run, ...(flags.quiet ? {} : { log: note }) });
      if (!flags.quiet) note(`${count} tensors of ${flags.network}`);
      print(flags.out);
    });
}
