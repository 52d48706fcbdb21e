/** Defines `spadework import`: imports weights of other programs, to paint with them or train them further. */
import { Option, type Command } from 'commander';
import { inputError } from '../../dsl/errors.ts';
import { loadSpec } from '../base/specs.ts';
import { note, print } from '../base/terminal.ts';

interface ImportFlags {
  readonly run?: string;
  readonly spec?: string;
  readonly name?: string;
  readonly network: string;
  readonly mapping?: string;
  readonly inside?: string;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly partial?: boolean;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  spadework import latest_net_G.pth --spec my.spade --network G --mapping spade --out runs/official
  spadework import latest_net_E.pth --run runs/official --network E --mapping spade
  spadework synth runs/official --labels my-maps --out painted

A file has to hold all weights of the network and nothing else; --partial takes what fits. Nothing in a file is ever run.`;

/** Adds the command; a new run records the command line `line`. */
export function addImport(command: Command, line: string): void {
  command
    .description(
      'Reads weights (safetensors, or a .pth file of PyTorch) into a network: of a new run that --spec describes, or of the last checkpoint of a run.',
    )
    .argument('<file>', 'the weights')
    .requiredOption('--network <name>', 'the network that takes them, such as G')
    .option(
      '--mapping <mapping>',
      'how the file names them: spade, pix2pixhd, ..., or a JSON file (docs/weights.md)',
    )
    .addOption(
      new Option('--run <folder>', 'the run whose last checkpoint gets them').conflicts(['spec', 'out']),
    )
    .option('--spec <file>', 'the spec to start a run of')
    .option('--name <experiment>', 'the experiment, where the spec holds several')
    .option('--out <folder>', 'the folder of the new run (default: runs/<experiment>-<n>)')
    .option('--overwrite', 'replace the run that is in the folder')
    .option(
      '--inside <path>',
      'the part of the file to read, such as state_dict (default: where the names fit)',
    )
    .option('--partial', 'take what fits, and leave the rest of the network as it is')
    .option('--quiet', 'print nothing but mistakes and the folder of the run')
    .addHelpText('after', examples)
    .action(async (file: string, { run, spec: specFile, ...flags }: ImportFlags) => {
      const target = run === undefined ? newRun(specFile, flags.name, line) : { run };
      const { importWeights } = await import('../../runtime/exchange/exchange.ts');
      const log = flags.quiet ? { warn: note } : { log: note };
      const { folder, step } = await importWeights({ ...flags, ...target, ...log, file });
      if (!flags.quiet) note(`The weights of ${flags.network} are in the checkpoint of step ${step}.`);
      print(folder);
    });
}

function newRun(file: string | undefined, name: string | undefined, command: string) {
  if (file === undefined)
    throw inputError(
      'no-target',
      'nothing says which network the weights are for',
      'name a spec (--spec FILE) to start a run of, or a run (--run FOLDER)',
    );
  return { ...loadSpec(file, { name }), command };
}
