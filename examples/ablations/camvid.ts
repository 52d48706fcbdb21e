/**
 * Runs `npm run ablate:camvid`: trains a segmenter on real photographs, then SPADE, concat and pix2pixHD with equal
 * budgets and three seeds, evaluates all of them with it, and writes a page that compares them. Each part is a command
 * that users can type; running the line again continues after an interruption.
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

/** A run of some minutes that tests the whole procedure; its steps are too few to judge networks. */
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

/** Gives the path of a file of the package, relative to the working folder. */
const here = (path: string): string =>
  relative(process.cwd(), fileURLToPath(new URL(`../../${path}`, import.meta.url)));

/** Prints and runs one command; exits if it fails or is interrupted. */
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
