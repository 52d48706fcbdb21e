/**
 * Answers for `npm run ablate:camvid`: trains the judge on real photographs, then SPADE, concat and pix2pixHD at one budget over
 * three seeds, measures all of them by it, and writes the page that compares them. Every part is a command that a user would
 * type; the same line again goes on where it stopped.
 */
import { exitCodes } from '../../dsl/errors.ts';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { reportError } from '../../cli/base/errors.ts';
import { spadework } from '../../cli/main.ts';
import { commandLine } from '../../cli/base/options.ts';
import { note } from '../../cli/base/terminal.ts';
import { stageOfRun } from '../../runtime/run/stage.ts';

interface Settings {
  readonly data: string;
  readonly out: string;
  readonly quick?: boolean;
}

/** Steps that show that everything works, in some minutes; too few to say anything about the networks. */
const quick = { segmenter: 60, runs: 40, seeds: 2, maps: 24 };

function readSettings(): Settings {
  return new Command('npm run ablate:camvid --')
    .description('Reproduces on CamVid in which order the SPADE paper puts SPADE, concat and pix2pixHD.')
    .requiredOption(
      '--data <folder>',
      "CamVid as SegNet's authors share it: train, trainannot, test, testannot",
    )
    .option('--out <folder>', 'where everything goes', 'ablations/camvid')
    .option('--quick', 'a few steps of each, to see that all parts work')
    .exitOverride()
    .showHelpAfterError('(--help shows all options)')
    .parse()
    .opts<Settings>();
}

/** Gives the path of a file of the package as one types it in the working folder. */
const here = (path: string): string =>
  relative(process.cwd(), fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/** Runs one command, showing it first; ends everything where it fails or is interrupted. */
async function run(...words: string[]): Promise<void> {
  note(`\n$ ${commandLine(words)}`);
  const code = await spadework(words);
  if (code !== exitCodes.fine) process.exit(code);
}

async function trainSegmenter(folder: string, { data, quick: isQuick }: Settings): Promise<void> {
  const stage = stageOfRun(folder);
  if (stage === 'finished') note(`\n${folder} is trained`);
  else if (stage === 'begun') await run('resume', folder);
  else {
    const spec = here('examples/camvid-segmenter.spade');
    const steps = isQuick ? ['--steps', String(quick.segmenter)] : [];
    await run('train', spec, '--data', data, '--out', folder, '--overwrite', ...steps);
  }
}

try {
  const settings = readSettings();
  const { data, out } = settings;
  const segmenter = join(out, 'segmenter');
  await run('engine', 'install');
  await trainSegmenter(segmenter, settings);
  await run(
    'ablate',
    here('examples/ablations/camvid.spade'),
    ...['--data', data, '--out', join(out, 'runs'), '--eval'],
    ...(settings.quick ? ['--steps', String(quick.runs), '--seeds', String(quick.seeds)] : []),
    ...['--', '--segmenter', segmenter],
    ...(settings.quick ? ['--limit', String(quick.maps)] : []),
  );
} catch (error) {
  process.exitCode = reportError(error);
}
