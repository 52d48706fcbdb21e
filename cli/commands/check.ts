/** Defines `spadework check`: reports all mistakes of specs. */
import { visible } from '../../dsl/escape.ts';
import type { Command } from 'commander';
import { Collector } from '../../compiler/expand/open.ts';
import {
  read,
  type Ablation,
  type AblationResult,
  type CheckResult,
  type Spec,
} from '../../compiler/index.ts';
import { parametersOf } from '../../compiler/format/queries.ts';
import type { Diagnostic } from '../../dsl/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { formatLarge } from '../../runtime/base/format.ts';
import { exitCodes } from '../../dsl/errors.ts';
import { endWith, noteDiagnostics, reportError } from '../base/errors.ts';
import { setOption } from '../base/options.ts';
import { checkFile, isJson, readSpecFile, type SpecChoice } from '../../runtime/run/spec-files.ts';
import { print } from '../base/terminal.ts';

/** Adds the command. */
export function addCheck(command: Command): void {
  command
    .description(
      'Reads specs (.spade, or .json in the published schema) and reports all of their mistakes: of every experiment, and of ' +
        'every run of every ablation.',
    )
    .argument('<file...>', 'specs to check')
    .option('--name <name>', 'the one experiment, network or ablation to check')
    .addOption(setOption())
    .addHelpText(
      'after',
      "\nExamples:\n  spadework check examples/camvid-mini.spade\n  spadework check *.spade\n  spadework check my.spade --set G.norm='batch()'",
    )
    .action((files: string[], flags: SpecChoice) => {
      for (const file of files) checkOne(file, flags);
    });
}

/** The result of a check; the text describes what is without mistakes. */
interface Verdict {
  readonly text: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks one file; if it cannot be read, the other files are still checked. */
function checkOne(file: string, flags: SpecChoice): void {
  let verdicts: Verdict[];
  try {
    verdicts = checkParts(file, flags);
  } catch (error) {
    endWith(reportError(error));
    return;
  }
  // Experiments that share parts share their mistakes.
  const collector = new Collector();
  for (const { diagnostics } of verdicts) diagnostics.forEach(collector.report);
  noteDiagnostics(collector.diagnostics);
  // If a file has mistakes, none of its parts is reported as fine.
  const texts = verdicts.flatMap(({ text }) => text ?? []);
  if (texts.length < verdicts.length) endWith(exitCodes.input);
  else for (const text of texts) print(`${visible(file)}: fine (${text})`);
}

/** Checks each experiment and ablation of a file separately. */
function checkParts(file: string, flags: SpecChoice): Verdict[] {
  if (isJson(file)) return [verdictOn(checkFile(file, flags))];
  const { name, set: sets } = flags;
  const reading = read(readSpecFile(file), fileProvider());
  const { experiments, ablations } = reading;
  const verdictOnOne = (one: string | undefined): Verdict => verdictOn(reading.check({ name: one, sets }));
  const isWanted = (one: string): boolean => name === undefined || one === name;
  const checked = ablations
    .filter((one) => isWanted(one.name))
    .map((one) => verdictOnAblation(reading.checkAblation({ name: one.name, sets })));
  if (name !== undefined && checked.length > 0) return checked;
  if (name === undefined && experiments.length > 1) return [...experiments.map(verdictOnOne), ...checked];
  // A file with only ablations has nothing else to check.
  return checked.length > 0 && experiments.length === 0 ? checked : [verdictOnOne(name), ...checked];
}

function verdictOn({ spec, diagnostics }: CheckResult): Verdict {
  return { text: spec && describe(spec), diagnostics };
}

function verdictOnAblation({ ablation, diagnostics }: AblationResult): Verdict {
  return { text: ablation && describeAblation(ablation), diagnostics };
}

function describe(spec: Spec): string {
  const count = spec.networks.reduce((sum, network) => sum + parametersOf(network), 0);
  const networks = spec.networks.length;
  if (networks === 0) return 'a library of blocks';
  const kind = spec.train ? `experiment ${spec.name}` : spec.networks.map(({ name }) => name).join(', ');
  return `${kind}: ${networks} network${networks === 1 ? '' : 's'}, ${formatLarge(count)} parameters`;
}

function describeAblation({ name, of, runs }: Ablation): string {
  return `ablation ${name} of ${of}: ${runs.length} run${runs.length === 1 ? '' : 's'}`;
}
