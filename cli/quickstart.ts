/**
 * Runs the quickstart: sets the engine up, checks a spec, trains it on street photographs, paints held-out label maps,
 * and shows where the results are. Every part is a command that a user could type. If only the portable engine is
 * available, it trains a smaller experiment, which takes minutes there as well. `--short` trains few steps, to test
 * that all parts work.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatSeconds } from '../runtime/base/format.ts';
import { exitCodes } from '../dsl/errors.ts';
import { spadework } from './main.ts';
import { note, print } from './base/terminal.ts';

const shortSteps = '20';

/** Gives the path of a file of the package, relative to the working folder. */
const here = (path: string): string =>
  relative(process.cwd(), fileURLToPath(new URL(`../${path}`, import.meta.url)));

/** Shows and runs one command; ends the quickstart if it fails. */
async function run(...words: string[]): Promise<void> {
  note(`\n$ spadework ${words.join(' ')}`);
  const code = await spadework(words);
  if (code !== exitCodes.fine) process.exit(code);
}

/** Sets the native engine up; tells whether it is available. Without it, everything runs on the portable one. */
async function isNativeReady(): Promise<boolean> {
  if (process.env['SPADEWORK_ENGINE'] === 'portable') return false;
  note('\n$ spadework engine install');
  return (await spadework(['engine', 'install'])) === exitCodes.fine;
}

const { values: flags } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const start = performance.now();
note('Spadework quickstart: from label maps to street photographs, on the processor alone.');
const engine = (await isNativeReady()) ? 'native' : 'portable';
if (engine === 'portable') note('Going on with the portable engine: a smaller experiment, on WebAssembly.');
const spec = here(engine === 'native' ? 'examples/camvid-mini.spade' : 'examples/camvid-mini-portable.spade');
const folder = 'runs/quickstart';
const data = here('examples/data/camvid-mini/test');

await run('check', spec);
await run(
  'train',
  spec,
  '--engine',
  engine,
  '--out',
  folder,
  '--overwrite',
  ...(flags.short ? ['--steps', shortSteps] : []),
);
await run(
  'synth',
  folder,
  '--engine',
  engine,
  '--labels',
  `${data}/labels`,
  '--images',
  `${data}/images`,
  '--out',
  `${folder}/painted`,
);

print(`\nDone in ${formatSeconds((performance.now() - start) / 1000)}. Open in a browser:`);
print(`  ${folder}/index.html          how the training went`);
print(`  ${folder}/painted/index.html  label maps that it had never seen, painted`);
print(`Then change ${spec}, and: npx spadework train ${spec}`);
process.exit(exitCodes.fine);
