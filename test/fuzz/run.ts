/**
 * Reads damaged input of every kind in large numbers: `npm run fuzz [-- --seed N --only sources,specs,…  --share
 * 0.1]`. Prints the seed, the counts and the worst cases; exits with 1 if any case threw an unexpected error, took
 * more than a second of processor time, or used more than 500 MB of memory.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyPristine, makePristine } from '../support/pristine-run.ts';
import { removeFolder } from '../support/tiny-experiment.ts';
import { fuzzedCheckpoint, readFuzzedCheckpoint } from './checkpoints.ts';
import { damageRun, tryDamaged, type DamagedPlace } from './damaged-runs.ts';
import { fuzzedImage, readFuzzed } from './images.ts';
import { checkFuzzedSource, fuzzedSource } from './sources.ts';
import { checkFuzzedSpec, fuzzedSpec } from './specs.ts';

/** A prepared case, of which only the reading is measured. */
type Case = () => unknown;

interface Outcome {
  readonly kind: string;
}

interface Fuzzer {
  readonly count: number;
  /** Prepares a fuzzer; gives the function that makes each case, and the cleanup. */
  start(
    seed: number,
  ): Promise<{ readonly make: (index: number) => Case | Promise<Case>; readonly end?: () => void }>;
}

const secondsAllowed = 1;
const megabytesAllowed = 500;
const shown = 3;
/** The share of damaged runs that are also opened with an engine. */
const damagesForEngines = 10;

const fuzzers: Readonly<Record<string, Fuzzer>> = {
  sources: fuzzerOf(10_000, fuzzedSource, checkFuzzedSource),
  specs: fuzzerOf(10_000, fuzzedSpec, checkFuzzedSpec),
  checkpoints: {
    count: 2000,
    start: (seed) => {
      const folder = mkdtempSync(join(tmpdir(), 'spadework-fuzz-'));
      return Promise.resolve({
        make: (index) => {
          const made = fuzzedCheckpoint(seed, index);
          return async () => (await readFuzzedCheckpoint(folder, made)).kind;
        },
        end: () => rmSync(folder, { recursive: true, force: true }),
      });
    },
  },
  images: fuzzerOf(2000, fuzzedImage, readFuzzed),
  runs: {
    count: 300,
    start: async (seed) => {
      const { folder } = await makePristine();
      const damaged = (index: number): { readonly place: DamagedPlace; readonly remove: () => void } => {
        const copy = join(folder, `damaged-${index}`);
        mkdirSync(copy);
        const place = copyPristine(folder, copy);
        damageRun(place.ablation, seed, index);
        return { place, remove: () => rmSync(copy, { recursive: true }) };
      };
      return {
        make: async (index) => {
          if (index % damagesForEngines === 0) {
            // Synthesis and training take time that does not count as reading.
            const { place, remove } = damaged(index);
            await tryDamaged(place, true);
            remove();
          }
          const { place, remove } = damaged(index);
          return async () => {
            const outcomes = await tryDamaged(place, false);
            remove();
            return outcomes.some(({ said }) => said !== 'fine') ? 'refused' : 'fine';
          };
        },
        end: () => removeFolder(folder),
      };
    },
  },
};

interface Worst {
  readonly index: number;
  readonly seconds: number;
  readonly megabytes: number;
}

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: Object.keys(fuzzers).join(',') },
    share: { type: 'string', default: '1' },
  },
});
const seed = Number(flags.seed);
let failures = 0;
console.log(`seed ${seed}`);
for (const name of flags.only.split(',')) failures += await fuzz(name);
console.log(failures === 0 ? '0 exceptions, nothing too slow or too large' : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);

/** Makes a fuzzer from functions that make and read a case. */
function fuzzerOf<T>(
  count: number,
  makeCase: (seed: number, index: number) => T | Promise<T>,
  read: (made: T) => Outcome | Promise<Outcome>,
): Fuzzer {
  return {
    count,
    start: (seed) =>
      Promise.resolve({
        make: async (index) => {
          const made = await makeCase(seed, index);
          return async () => (await read(made)).kind;
        },
      }),
  };
}

/** Runs one fuzzer; gives the number of failed cases. */
async function fuzz(name: string): Promise<number> {
  const fuzzer = fuzzers[name];
  if (!fuzzer) throw new Error(`there is no '${name}'; there are: ${Object.keys(fuzzers).join(', ')}`);
  const count = Math.max(1, Math.round(fuzzer.count * Number(flags.share)));
  const { make, end } = await fuzzer.start(seed);
  // One-time loading and compilation is not counted for a case.
  for (let index = 0; index < 20; index++)
    await Promise.resolve()
      .then(() => make(count + index))
      .then(measured)
      .catch(() => undefined);
  const kinds = new Map<string, number>();
  const all: Worst[] = [];
  let failed = 0;
  for (let index = 0; index < count; index++) {
    try {
      const first = await measured(await make(index));
      // Garbage of earlier cases may have been collected during this one; then a second attempt is fast.
      const { kind, ...cost } = isAllowed(first) ? first : await measured(await make(index));
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      all.push({ index, ...cost });
      if (isAllowed(cost)) continue;
      console.error(`${name} ${index}: ${cost.seconds.toFixed(2)} s, ${cost.megabytes.toFixed(0)} MB`);
    } catch (error) {
      console.error(`${name} ${index}:`, error);
    }
    failed++;
  }
  end?.();
  console.log(
    `${name}: ${count} cases (${[...kinds].map(([kind, number]) => `${number} ${kind}`).join(', ')}), ${failed} failed`,
  );
  const by = (key: 'seconds' | 'megabytes', unit: string): string =>
    all
      .toSorted((a, b) => b[key] - a[key])
      .slice(0, shown)
      .map((one) => `${one[key].toFixed(2)} ${unit} (${one.index})`)
      .join(', ');
  console.log(`  most time: ${by('seconds', 's')}; most memory: ${by('megabytes', 'MB')}`);
  return failed;
}

function isAllowed({ seconds, megabytes }: Omit<Worst, 'index'>): boolean {
  return seconds <= secondsAllowed && megabytes <= megabytesAllowed;
}

/** Runs a case, and measures processor time and memory growth. */
async function measured(work: Case): Promise<{ kind: string; seconds: number; megabytes: number }> {
  const before = process.memoryUsage().rss;
  const start = process.cpuUsage();
  const kind = String(await work());
  const { user, system } = process.cpuUsage(start);
  return {
    kind,
    seconds: (user + system) / 1e6,
    megabytes: Math.max(0, process.memoryUsage().rss - before) / 1e6,
  };
}
