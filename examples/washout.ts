/**
 * Runs `npm run washout`: measures how much of a label the norms of washout.spade preserve, prints a table, and writes
 * a page with pictures. Nothing is trained.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { readClasses } from '../runtime/data/classes.ts';
import { decodeIds } from '../runtime/data/decode.ts';
import { resizeNearest, type IdMap } from '../runtime/data/maps.ts';
import type { EngineChoice } from '../runtime/index.ts';
import { groups, measureWashout, verdictOf, type Separation, type Washout } from './washout/measure.ts';
import { shown, writeWashoutPage } from './washout/page.ts';

const data = fileURLToPath(new URL('data/camvid-mini', import.meta.url));
const mapFile = join(data, 'test/labels/Seq05VD_f00210.png');
/** The size of the real map: large enough to recognize a street. */
const mapSize = { width: 192, height: 144 };

interface Settings {
  readonly out: string;
  readonly engine: EngineChoice;
  readonly seed: number;
}

function readSettings(): Settings {
  return new Command('npm run washout --')
    .description('Measures what norms keep of a label map of one label, and writes a page.')
    .option('--out <folder>', 'where the page goes', 'runs/washout')
    .addOption(
      new Option('--engine <engine>', 'what runs it').choices(['auto', 'native', 'portable']).default('auto'),
    )
    .addOption(new Option('--seed <n>', 'what weights are drawn from').argParser(wholeNumber).default(2))
    .exitOverride()
    .showHelpAfterError('(--help shows all options)')
    .parse()
    .opts<Settings>();
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

async function readMap(): Promise<IdMap> {
  const map = await decodeIds(readFileSync(mapFile));
  if (!('ids' in map)) throw new Error(`${mapFile} holds colors`);
  return { ...mapSize, ids: Uint16Array.from(resizeNearest(map, mapSize)) };
}

function printTable(washouts: readonly Washout[]): void {
  const cell = (separation: Separation): string => `${verdictOf(separation)} ${shown(separation)}`.padEnd(14);
  const name = (text: string): string => text.padEnd(50);
  print(`${name('')}${'one map'.padEnd(14)}${'all maps'.padEnd(14)}in use`);
  for (const { call, alone, together, inUse } of washouts)
    print(`${name(call)}${cell(alone)}${cell(together)}${cell(inUse)}`.trimEnd());
}

try {
  const { out, engine, seed } = readSettings();
  const classes = readClasses(join(data, 'classes.json'));
  const map = await readMap();
  const washouts: Washout[] = [];
  for (const network of groups.flatMap(({ networks }) => networks))
    washouts.push(await measureWashout(network, map, { classes: classes.length, engine, seed, log: note }));
  printTable(washouts);
  const ran = washouts[0]?.engine ?? engine;
  const command = `npm run washout -- --engine ${ran} --seed ${seed}`;
  const page = await writeWashoutPage(out, washouts, { map, classes, engine: ran, seed, command });
  print(`\nOpen in a browser: ${page}`);
} catch (error) {
  process.exitCode = reportError(error);
}
