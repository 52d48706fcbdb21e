/** Defines `spadework data`: checks the data of a spec, and makes synthetic data. */
import { describeDiagnostic } from '../../dsl/diagnostic.ts';
import { visible } from '../../dsl/escape.ts';
import { dirname, join, resolve } from 'node:path';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { fillInData } from '../../compiler/language/data.ts';
import { largestSeed, type DataSpec } from '../../compiler/format/types.ts';
import { hintsOnce } from '../../runtime/data/messages.ts';
import { dataPresets } from '../../runtime/specs/read.ts';
import type { DataReport } from '../../runtime/check-data/check.ts';
import { exitCodes, inputError } from '../../dsl/errors.ts';
import { noteDiagnostics } from '../base/errors.ts';
import { integer, setOption } from '../base/options.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { loadSpec } from '../base/specs.ts';
import { note, print, printJson } from '../base/terminal.ts';

interface CheckFlags {
  readonly name?: string;
  readonly set?: readonly string[];
  readonly preset?: string;
  readonly data?: string;
  /** An older name of `data`. */
  readonly path?: string;
  readonly out?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  spadework data check streets.spade
  spadework data check --preset camvid --data data/camvid
  spadework data make streets data/streets --count 200 --size 128x64`;

const checkExamples = `
Examples:
  spadework data check streets.spade
  spadework data check streets.spade --data ~/pictures --out report
  spadework data check --preset cityscapes --data data/cityscapes --json

Exit code 1 where there are errors: what keeps the data from being trained on. Warnings are about what is rarely meant.`;

/** Adds the command with its subcommands; the page shows the command line `line`. */
export function addData(command: Command, line: string): void {
  const data = command
    .description('Checks data sets before training on them, and makes data sets for trying things out.')
    .addHelpText('after', examples);
  addDataCheck(data, line);
  addDataMake(data);
}

function addDataCheck(data: Command, line: string): void {
  data
    .command('check')
    .summary('read all data of a spec and report what is wrong')
    .description(
      'Reads every file of the data that a spec or a preset names, and reports pairs, sizes, classes and all mistakes. Writes a page.',
    )
    .argument('[file]', 'the spec; --preset does without')
    .option('--name <experiment>', 'the experiment to take the data of, where the file holds several')
    .addOption(setOption())
    .option('--preset <name>', 'a known data set, in place of a spec')
    .option('--data <folder>', "folder of the data, in place of the spec's path")
    .addOption(new Option('--path <folder>').hideHelp())
    .option('--out <folder>', 'folder for the page (default: checks/<data>; none with --json)')
    .option('--json', 'print the report as JSON, and write a page only with --out')
    .addHelpText('after', checkExamples)
    .action(async (file: string | undefined, flags: CheckFlags) => {
      const spec = dataOf(file, flags);
      const [{ checkData }, { writeDataCheck, detailsOf }] = await Promise.all([
        import('../../runtime/check-data/check.ts'),
        import('../../runtime/check-data/write.ts'),
      ]);
      let progress: Progress | undefined;
      let split: string | undefined;
      const report = await checkData(spec, (name, done, total) => {
        if (split !== name) {
          progress?.stop();
          progress = startProgress(total, 0, `${name} pairs`);
          split = name;
        }
        progress?.update(done, '');
      }).finally(() => progress?.stop());
      const out = flags.out ?? (flags.json ? undefined : join('checks', report.name));
      const page = out === undefined ? undefined : await writeDataCheck(out, spec, report, line);
      if (flags.json) printJson(JSON.stringify(plainReport(report, page), null, 2));
      else printReport(report, detailsOf, page);
      if (report.errors.length > 0) process.exitCode = exitCodes.input;
    });
}

interface MakeFlags {
  readonly count: number;
  readonly size: { readonly width: number; readonly height: number };
  readonly classes?: number;
  readonly seed: number;
  readonly out?: string;
}

const makeExamples = `
Examples:
  spadework data make streets data/streets
  spadework data make shapes data/shapes --count 1000 --size 64x64 --classes 12 --seed 3`;

const defaultClasses = 8;
/** Label maps have 8 bits. */
const mostClasses = 256;

function addDataMake(data: Command): void {
  data
    .command('make')
    .summary('make a data set for trying things out')
    .description(
      'Computes photographs, label maps, instance maps and a legend: shapes with a texture for each class, or small streets. A fifth is held out. The same seed gives the same files.',
    )
    .addArgument(new Argument('<kind>', 'what to make').choices(['shapes', 'streets']))
    .argument('[folder]', 'a new folder; --out names it, too')
    .option('--out <folder>', 'the new folder, as other commands take it')
    .option('--count <n>', 'pairs in all', integer(2), 100)
    .addOption(
      new Option('--size <WxH>', 'size of the pictures')
        .argParser(pictureSize)
        .default({ width: 128, height: 128 }, '128x128'),
    )
    .option(
      '--classes <n>',
      `classes of shapes, the ground among them (default: ${defaultClasses})`,
      integer(1, mostClasses),
    )
    .option('--seed <n>', 'where random numbers start', integer(0, largestSeed), 0)
    .addHelpText('after', makeExamples)
    .action(
      async (
        kind: 'shapes' | 'streets',
        argument: string | undefined,
        { out, ...flags }: MakeFlags,
        command: Command,
      ) => {
        const folder = newFolder(argument, out, command);
        if (kind === 'streets' && flags.classes !== undefined)
          throw inputError(
            'classes-of-streets',
            'streets have classes of their own',
            'leave out --classes, or make shapes',
          );
        const [{ makeData }, { whileWritingAsync }] = await Promise.all([
          import('../../runtime/synthetic/index.ts'),
          import('../../runtime/base/files.ts'),
        ]);
        const progress = startProgress(flags.count, 0, 'pairs');
        const { size, classes = defaultClasses } = flags;
        const made = await whileWritingAsync(folder, () =>
          makeData({ ...flags, kind, folder, classes }, (done) => progress.update(done, '')),
        ).finally(() => progress.stop());
        note(`Made ${made.train} pairs to train on and ${made.test} to test on. In a spec:`);
        print(`data ${kind} {
  path: "${folder}", images: "train/images", labels: "train/labels", instances: "train/instances"
  test_images: "test/images", test_labels: "test/labels", test_instances: "test/instances"
  legend: "classes.json", classes: ${made.classes}, size: ${size.width}x${size.height}, batch: 4
}`);
      },
    );
}

/** Gives the folder for a data set, which is named exactly once. */
function newFolder(argument: string | undefined, out: string | undefined, command: Command): string {
  if (argument !== undefined && out !== undefined)
    return command.error(
      `error: two folders are named, '${argument}' and '${out}'\nhint: leave out --out, or the folder before it`,
    );
  return (
    argument ?? out ?? command.error("error: missing required argument 'folder'\nhint: --out data/streets")
  );
}

/** Parses a size of the command line. */
function pictureSize(text: string): MakeFlags['size'] {
  const [, width, height] = /^(\d{1,4})x(\d{1,4})$/.exec(text) ?? [];
  if (!(Number(width) >= 8 && Number(height) >= 8))
    throw new InvalidArgumentError('Expected a size of 8x8 to 9999x9999, such as 128x64.');
  return { width: Number(width), height: Number(height) };
}

/** Finds the data to check. Throws a SpadeworkError, such as for mistakes in the spec. */
function dataOf(file: string | undefined, { name, set, preset, ...flags }: CheckFlags): DataSpec {
  const path = flags.data ?? flags.path;
  if (file !== undefined && preset !== undefined)
    throw inputError(
      'spec-and-preset',
      'a spec and a preset are given',
      'keep one; a preset is named in a spec: preset: "camvid"',
    );
  if (file !== undefined) {
    const { data } = loadSpec(file, { name, set }).spec;
    if (!data)
      throw inputError(
        'no-data-declared',
        `'${file}' declares no data`,
        'name an experiment, or a preset: --preset camvid',
      );
    return { ...data, path: path === undefined ? resolve(dirname(file), data.path) : path };
  }
  const presets = dataPresets();
  const known = Object.keys(presets).join(', ');
  if (preset === undefined || path === undefined)
    throw inputError(
      'nothing-to-check',
      'nothing says what to check',
      `name a spec, or --preset and --data; there are: ${known}`,
    );
  const settings = presets[preset];
  if (!settings) throw inputError('unknown-preset', `there is no preset '${preset}'`, `there are: ${known}`);
  return { name: preset, ...fillInData({ path }, settings) } as unknown as DataSpec;
}

function printReport(
  report: DataReport,
  detailsOf: (
    split: DataReport['splits'][number],
  ) => readonly { readonly name: string; readonly value: string | undefined }[],
  page: string | undefined,
): void {
  for (const split of report.splits) {
    print(`${split.name}: ${split.survey.pairs.length} pairs`);
    for (const { name, value } of detailsOf(split))
      if (value !== undefined && value !== '') print(`  ${name.split(': ')[1]}: ${value}`);
  }
  print(`classes: ${report.classes.length}`);
  const width = Math.max(...report.classes.map(({ name }) => visible(name).length));
  const shares = (one: DataReport['classes'][number]): string =>
    report.splits
      .map(({ name }) => `${(100 * (one.splits[name]?.share ?? 0)).toFixed(2).padStart(7)} % ${name}`)
      .join('');
  for (const one of report.classes)
    if (report.splits.some(({ name }) => (one.splits[name]?.maps ?? 0) > 0))
      print(
        `  ${String(one.id).padStart(3)} ${visible(one.name).padEnd(width)} ${shares(one)}${one.isVoid ? '  (void)' : ''}`,
      );
  noteDiagnostics(hintsOnce([...report.warnings, ...report.errors]));
  if (page !== undefined) print(page);
}

/** Converts a report to plain JSON. */
function plainReport({ splits, errors, warnings, ...report }: DataReport, page: string | undefined): object {
  return {
    ...report,
    errors: errors.map(describeDiagnostic),
    warnings: warnings.map(describeDiagnostic),
    fixes: [...errors, ...warnings].flatMap(({ settings, ...problem }) =>
      settings ? [{ problem: describeDiagnostic(problem), settings }] : [],
    ),
    splits: splits.map(({ name, survey }) => ({
      name,
      pairs: survey.pairs.length,
      labelSizes: Object.fromEntries(survey.labelSizes),
      photoSizes: Object.fromEntries(survey.photoSizes),
      ...(survey.instances && {
        instances: { bits: Object.fromEntries(survey.instances.bits), most: survey.instances.most },
      }),
      patches: survey.patches,
    })),
    ...(page !== undefined && { page }),
  };
}
