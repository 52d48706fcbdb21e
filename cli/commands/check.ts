/** Answers for `spadework check`: all mistakes of specs, or that there are none. */
import type { Command } from 'commander';
import type { CheckResult, Spec } from '../../compiler/index.ts';
import { formatLarge } from '../../runtime/report/format.ts';
import { exitCodes, noteDiagnostics, reportError } from '../errors.ts';
import { checkFile } from '../specs.ts';
import { print } from '../terminal.ts';

/** Adds the command. */
export function addCheck(program: Command): void {
  program
    .command('check')
    .summary('report all mistakes of specs')
    .description('Reads specs (.spade, or .json in the published schema) and reports all of their mistakes.')
    .argument('<file...>', 'specs to check')
    .option('--name <name>', 'the experiment or network to check, where a file holds several')
    .addHelpText(
      'after',
      '\nExamples:\n  spadework check examples/camvid-mini.spade\n  spadework check *.spade',
    )
    .action((files: string[], options: { name?: string }) => {
      for (const file of files) checkOne(file, options.name);
    });
}

/** Checks one file; one that cannot be read does not keep the others from being checked. */
function checkOne(file: string, name: string | undefined): void {
  let checked: CheckResult;
  try {
    checked = checkFile(file, name);
  } catch (error) {
    process.exitCode = reportError(error);
    return;
  }
  const { spec, diagnostics } = checked;
  noteDiagnostics(diagnostics);
  if (spec) print(`${file}: fine (${describe(spec)})`);
  else process.exitCode = exitCodes.input;
}

function describe(spec: Spec): string {
  const parameters = spec.networks.flatMap(({ variables }) =>
    variables.filter(({ role }) => role === 'parameter'),
  );
  const count = parameters.reduce((sum, { shape }) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
  const networks = spec.networks.length;
  if (networks === 0) return 'a library of blocks';
  const kind = spec.train ? `experiment ${spec.name}` : spec.networks.map(({ name }) => name).join(', ');
  return `${kind}: ${networks} network${networks === 1 ? '' : 's'}, ${formatLarge(count)} parameters`;
}
