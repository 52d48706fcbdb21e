/** Measures how long the patches of label maps take to find, on one thread, and how few of them are distinct. */
import type { Diagnostic } from '../dsl/diagnostic.ts';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Command } from 'commander';
import { must } from '../dsl/errors.ts';
import { nearestGrid, planPatches, squareWindow, type PatchPlan } from '../compiler/patches/plan.ts';
import { patchIndexer } from '../compiler/patches/tables.ts';
import { print as line } from '../cli/base/terminal.ts';
import { RandomStream } from '../compiler/ir/random.ts';
import { decodeIds } from '../runtime/data/decode.ts';
import { edgesOf, resizeNearest, type IdMap, type Size } from '../runtime/data/maps.ts';
import { dataError, coloredMaps } from '../runtime/data/messages.ts';
import { listFolder } from '../runtime/data/pairs.ts';
import { atLeast } from './options.ts';

interface Settings extends Size {
  readonly maps: number;
  readonly rounds: number;
  readonly classes: number;
}

interface LabelMap {
  readonly labels: Uint16Array;
  readonly edges: Uint8Array | undefined;
}

const coarsest = 8;

/**
 * The patch plan of a generator that reads every halving of the map, down to 8 pixels, through two 3 x 3 convolutions.
 */
function pyramidPlan(size: Size, edges: boolean): PatchPlan {
  const window = squareWindow(3);
  const chains = [];
  for (let step = 1; Math.min(size.width, size.height) / step >= coarsest; step *= 2) {
    const to = { height: Math.floor(size.height / step), width: Math.floor(size.width / step) };
    chains.push({ grid: nearestGrid(size, to), windows: [window, window] });
  }
  return planPatches({ ...size, edges }, chains).plan;
}

async function readMap(file: string): Promise<IdMap> {
  const found = await decodeIds(readFileSync(file));
  if (!('ids' in found))
    throw dataError(coloredMaps([{ kind: 'colored', role: 'label maps', file, ...found }], undefined));
  return found;
}

/** Lists a folder's maps in order of their names. */
async function listMaps(role: 'label maps' | 'instance maps', folder: string): Promise<string[]> {
  const problems: Diagnostic[] = [];
  const files = await listFolder(role, folder, problems);
  if (files === undefined || problems.length > 0) throw dataError(...problems);
  return [...files.values()];
}

/**
 * Reads label maps spread evenly over a folder; with a folder of instance maps after a comma, edges too. The two are
 * paired by order, as some data sets name the two kinds of maps differently.
 */
async function readSet(folders: string, { maps, width, height }: Settings): Promise<LabelMap[]> {
  const [labels, instances] = folders.split(',') as [string, string | undefined];
  const labelFiles = await listMaps('label maps', labels);
  const instanceFiles = instances === undefined ? [] : await listMaps('instance maps', instances);
  const count = Math.min(maps, labelFiles.length);
  const scaled = async (file: string) => resizeNearest(await readMap(file), { width, height });
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const at = Math.floor((i * labelFiles.length) / count);
      const instanceFile = instanceFiles[at];
      return {
        labels: await scaled(must(labelFiles[at], 'an index of a map is below the number of maps')),
        edges:
          instanceFile === undefined ? undefined : edgesOf(await scaled(instanceFile), { width, height }),
      };
    }),
  );
}

function noise({ width, height, classes }: Settings): LabelMap {
  const random = new RandomStream(1, 'noise in place of label maps');
  const pixels = width * height;
  return {
    labels: new Uint16Array(pixels).map(() => Math.floor(random.uniform() * classes)),
    edges: new Uint8Array(pixels).map(() => Math.floor(random.uniform() * 2)),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Measures one set: a line of times, and the shares of distinct patches of 3 x 3 and 5 x 5 pixels at each size. */
function measure(name: string, maps: readonly LabelMap[], settings: Settings): string[][] {
  const plan = pyramidPlan(settings, maps[0]?.edges !== undefined);
  const indexer = patchIndexer(plan);
  const times = maps.map((): number[] => []);
  const shares = plan.levels.map((): number[] => []);
  // One round more than is timed, as the first one includes JIT compilation.
  let before = process.cpuUsage();
  for (let round = 0; round <= settings.rounds; round++) {
    if (round === 1) before = process.cpuUsage();
    maps.forEach(({ labels, edges }, map) => {
      const start = performance.now();
      const { tables } = indexer.index(labels, edges);
      if (round > 0) times[map]?.push(performance.now() - start);
      else tables.forEach(({ count, width, height }, level) => shares[level]?.push(count / (width * height)));
    });
  }
  const { user, system } = process.cpuUsage(before);
  // Time of the whole process, including garbage collection; unlike wall time, it does not depend on other programs.
  const processor = (user + system) / 1000 / (settings.rounds * maps.length);
  const best = times.map((each) => Math.min(...each));
  const all = times.flat().sort((a, b) => a - b);
  const percent = (level: number) => (100 * mean(shares[level] ?? [])).toFixed(1);
  const figures = [processor, mean(best), Math.max(...best), must(all[all.length >> 1], 'there are rounds')];
  const line = [
    name,
    String(maps.length),
    plan.edges ? 'yes' : 'no',
    ...figures.map((time) => time.toFixed(1)),
  ];
  // Of each grid's two levels, the first has patches of 3 x 3 pixels and the second of 5 x 5.
  const ofPatches = (side: 3 | 5) => plan.grids.map((_, grid) => percent(2 * grid + (side === 5 ? 1 : 0)));
  return [
    [...line, '3x3', ...ofPatches(3)],
    [...line.map(() => ''), '5x5', ...ofPatches(5)],
  ];
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = must(rows[0], 'a table has a row of headings').map((_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  );
  for (const row of rows) {
    line(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '));
  }
}

const command = new Command('tsx bench/patches.ts')
  .description(
    'finds the patches of label maps at all halvings of their size; pure noise, the worst case, comes last',
  )
  .argument('[folders...]', 'label maps, or LABELS,INSTANCES for edges')
  .option('--width <n>', 'width in pixels', atLeast(coarsest), 256)
  .option('--height <n>', 'height in pixels', atLeast(coarsest), 256)
  .option('--maps <n>', 'maps of each folder', atLeast(1), 24)
  .option('--rounds <n>', 'how often each map is timed', atLeast(1), 10)
  .option('--classes <n>', 'classes of the noise', atLeast(1), 35)
  .parse();
const settings = command.opts<Settings>();
const { grids } = pyramidPlan(settings, false);
const head = ['maps', 'n', 'edges', 'cpu ms', 'best ms', 'worst map', 'median', 'patch'];
const rows = [[...head, ...grids.map(({ rows, columns }) => `${columns.length}x${rows.length}`)]];
for (const folders of command.args) {
  const [labels] = folders.split(',') as [string];
  const name = `${basename(dirname(labels))}/${basename(labels)}`;
  rows.push(...measure(name, await readSet(folders, settings), settings));
}
rows.push(...measure('noise', [noise(settings)], settings));
line(
  `${settings.width}x${settings.height}; milliseconds for one map with all sizes; shares in percent of the pixels`,
);
print(rows);
