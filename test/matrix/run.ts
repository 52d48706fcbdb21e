/**
 * Runs `npm run matrix`: checks and trains the cells on the native engine in several processes, and writes
 * docs/matrix.md if all give the expected result. `--jobs N` sets the number of processes, `--minutes N` a time limit,
 * and `--only NAME` runs only cells with this generator, norm, loss or discriminator: the page keeps the others.
 */
import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { print } from '../../cli/base/terminal.ts';
import { wordsIn } from './catalog.ts';
import { cells, nameOf, refusalsOf, surpriseOf, type Cell } from './cells.ts';
import { allWereTrained, matrixPage } from './page.ts';
import { readBatches, trainCell } from './train.ts';

/** A process's result for a cell: the unexpected outcome, if any. */
interface Outcome {
  readonly index: number;
  readonly surprise: string | undefined;
}

interface Settings {
  readonly jobs: number;
  readonly minutes: number;
  readonly only?: string;
  readonly part?: number;
}

const page = fileURLToPath(new URL('../../docs/matrix.md', import.meta.url));

/** The golden ratio, about 0.618: the first cells are spread over all tables. */
const stride = 1303;

/** Runs every n-th cell and reports to the parent process. */
async function doPart(
  part: number,
  parts: number,
  end: number,
  isChosen: (cell: Cell) => boolean,
): Promise<void> {
  const batches = await readBatches();
  for (let turn = part; turn < cells.length; turn += parts) {
    const index = (turn * stride) % cells.length;
    const cell = cells[index]!;
    if (!isChosen(cell)) continue;
    const isRefused = refusalsOf(cell).length > 0;
    // Refusals are fast, so all of them are tested.
    if (!isRefused && Date.now() >= end) continue;
    const surprise = isRefused
      ? surpriseOf(cell)
      : await trainCell(cell, batches, 'native').then(
          () => undefined,
          (error: unknown) => String(error),
        );
    process.send?.({ index, surprise } satisfies Outcome);
    // Yields to the event loop, as nothing else here lets messages and signals through.
    await setImmediate();
    if (!process.connected) return;
  }
}

/** Runs one part in a separate process; gives the unexpected outcomes. */
function runPart(part: number, settings: Settings, done: (cell: Cell) => void): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const surprises: string[] = [];
    const options = Object.entries({ ...settings, part }).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ]);
    const child = fork(fileURLToPath(import.meta.url), options);
    child.on('message', (message) => {
      const { index, surprise } = message as Outcome;
      if (surprise === undefined) return done(cells[index]!);
      surprises.push(surprise);
      print(`${nameOf(cells[index]!)}: ${surprise}`);
    });
    child.on('exit', (code) => {
      if (code !== 0) surprises.push(`a process ended with ${code}`);
      resolve(surprises);
    });
  });
}

const settings = new Command('npm run matrix --')
  .option('--jobs <n>', 'processes at a time', Number, Math.max(1, Math.min(4, availableParallelism())))
  .option('--minutes <n>', 'trains no further cell after this time', Number, 240)
  .option('--only <name>', 'does only the cells with this name; the page has to have all others')
  .option('--part <n>', 'does only the part of this number', Number)
  .parse()
  .opts<Settings>();

const { jobs, minutes, only, part } = settings;
const isChosen = (cell: Cell): boolean => only === undefined || wordsIn(nameOf(cell)).includes(only);
if (part !== undefined) {
  await doPart(part, jobs, Date.now() + minutes * 60_000, isChosen);
} else {
  if (only !== undefined && !readFileSync(page, 'utf8').includes(allWereTrained))
    throw new Error(`docs/matrix.md lacks more than '${only}': run all`);
  const done = new Set<Cell>(cells.filter((cell) => !isChosen(cell)));
  const parts = Array.from({ length: jobs }, (_, index) =>
    runPart(index, settings, (cell) => {
      done.add(cell);
      if (done.size % 50 === 0) print(`${done.size} of ${cells.length}`);
    }),
  );
  const surprises = (await Promise.all(parts)).flat();
  print(`${done.size} of ${cells.length} as expected, ${surprises.length} not`);
  if (surprises.length > 0) process.exitCode = 1;
  else {
    const text = matrixPage((cell) => done.has(cell));
    writeFileSync(page, await format(text, { ...(await resolveConfig(page)), filepath: page }));
  }
}
