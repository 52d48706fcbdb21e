/**
 * Damages the folders of runs and ablations as disks, copies, editors and attackers do: a pure function of the seed
 * and the number. `tryDamaged` reads the result by every command that reads runs.
 */
import {
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { knownError } from '../../runtime/base/known-error.ts';
import { loadSpec } from '../../cli/base/specs.ts';
import { diffSpecs } from '../../compiler/index.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { progressOf } from '../../runtime/ablate/progress.ts';
import { readAblation } from '../../runtime/run/ablation.ts';
import { gather } from '../../runtime/compare/gather.ts';
import { compare } from '../../runtime/compare/compare.ts';
import { evaluate } from '../../runtime/evaluate/evaluate.ts';
import { openRun } from '../../runtime/index.ts';
import { writeRunPage } from '../../runtime/run/page.ts';
import { listSteps, stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf, readRunFolder, readRunSpec } from '../../runtime/run/folder.ts';
import { exportWeights, importWeights } from '../../runtime/exchange/exchange.ts';
import { resume } from '../../runtime/train/train.ts';
import { synth } from '../../runtime/synthesize/synthesize.ts';
import { stageOfRun } from '../../runtime/run/stage.ts';
import { loadWeights } from '../../runtime/run/weights.ts';
import { slotsOf } from './slots.ts';

/** A damage: its kind, and the file or folder. */
export interface Damage {
  readonly place: string;
  readonly what: string;
}

/** Files that commands read; others are pictures and pages. */
const records = /(\.json|\.jsonl|SHA256SUMS|\.safetensors|\.spade)$/;
/** How much more often records are damaged than other files. */
const weightOfRecords = 6;
const depth = 100_000;

/** Damages one file or folder below `folder`, in place. */
export function damageRun(folder: string, seed: number, index: number): Damage {
  const random = new RandomStream(seed, `damage ${index}`);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => ({ path: join(entry.parentPath, entry.name), isFolder: entry.isDirectory() }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const weighted = entries.flatMap((entry) =>
    records.test(entry.path) ? Array.from({ length: weightOfRecords }, () => entry) : [entry],
  );
  const { path, isFolder } = pick(weighted);
  const isJson = /\.jsonl?$/.test(path);
  const kinds = isFolder ? ofFolders : isJson ? [...ofFiles, ...ofJson, ...ofJson] : ofFiles;
  const [what, damage] = pick(kinds);
  damage(path, random);
  return { place: relative(folder, path), what };
}

type Kind = readonly [what: string, damage: (path: string, random: RandomStream) => void];

const remove = (path: string): void => rmSync(path, { recursive: true, force: true });

/** Replaces something by a link. */
const linked =
  (target: (path: string) => string) =>
  (path: string): void => {
    remove(path);
    symlinkSync(target(path), path);
  };

const ofBoth: readonly Kind[] = [
  ['deleted', remove],
  ['a link to itself', linked((path) => path)],
  ['a link to nowhere', linked((path) => `${path}-nowhere`)],
  ['a link to /dev/zero', linked(() => '/dev/zero')],
  [
    'links that lead in a circle',
    (path) => {
      linked(() => `${path}-other`)(path);
      symlinkSync(path, `${path}-other`);
    },
  ],
];

const ofFolders: readonly Kind[] = [
  ...ofBoth,
  [
    'a file in place of the folder',
    (path) => {
      remove(path);
      writeFileSync(path, 'x');
    },
  ],
];

const ofFiles: readonly Kind[] = [
  ...ofBoth,
  [
    'a folder in place of the file',
    (path) => {
      remove(path);
      mkdirSync(path);
    },
  ],
  ['cut off', (path, random) => truncateSync(path, random.below(lstatSync(path).size + 1))],
  ['empty', (path) => truncateSync(path, 0)],
  ['3 GB long', (path) => truncateSync(path, 3 * 2 ** 30)],
  [
    'a byte changed',
    (path, random) => {
      const bytes = readFileSync(path);
      if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 + random.below(255);
      writeFileSync(path, bytes);
    },
  ],
  [
    'random bytes',
    (path, random) =>
      writeFileSync(
        path,
        Uint8Array.from({ length: 300 }, () => random.below(256)),
      ),
  ],
];

/** Replacements for values of JSON, as text. */
const replacements: readonly string[] = [
  'null',
  'true',
  '-1',
  '0',
  '1.5',
  '1e999',
  'NaN',
  '9007199254740993',
  '4294967296',
  '"text"',
  '"5"',
  '""',
  '[]',
  '{}',
  '[null]',
  '{"__proto__": {"step": 1}}',
  '"../../../../etc"',
  '"\\u001b[31m\\u202e"',
  `${'['.repeat(depth)}${']'.repeat(depth)}`,
  `"${'x'.repeat(200_000)}"`,
];

const marker = 'to-be-replaced';

const ofJson: readonly Kind[] = [
  ['a value of another type or range', (path, random) => changeJson(path, random, false)],
  ['a key gone', (path, random) => changeJson(path, random, true)],
];

/** Changes or deletes one value in a JSON file, or in a file of JSON lines. */
function changeJson(path: string, random: RandomStream, isDeleted: boolean): void {
  const lines = path.endsWith('.jsonl')
    ? readFileSync(path, 'utf8').trimEnd().split('\n')
    : [readFileSync(path, 'utf8')];
  const place = random.below(lines.length);
  const root: Record<string, unknown> = { value: JSON.parse(lines[place]!) as unknown };
  const slots = slotsOf(root['value']);
  const { owner, key } = slots[random.below(slots.length)] ?? { owner: root, key: 'value' };
  if (isDeleted) delete owner[key];
  else owner[key] = marker;
  const replacement = replacements[random.below(replacements.length)]!;
  lines[place] = (JSON.stringify(root['value']) ?? 'null').replace(`"${marker}"`, () => replacement);
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** The folders for reading damaged runs. */
export interface DamagedPlace {
  /** The folder of an ablation, one of whose runs is `run`; both may be damaged. */
  readonly ablation: string;
  readonly run: string;
  /** An undamaged run. */
  readonly other: string;
  /** Label maps for synthesis. */
  readonly labels: string;
  /** A folder for the output of commands. */
  readonly out: string;
}

/** A command's result on a damaged folder. */
export interface Outcome {
  readonly command: string;
  /** `fine`, or the command's message after its exit code. */
  readonly said: string;
}

/**
 * Reads damaged folders by all commands that read runs; those with an engine only if `withEngine`. Throws if a command
 * throws anything but a SpadeworkError.
 */
export async function tryDamaged(place: DamagedPlace, withEngine: boolean): Promise<Outcome[]> {
  const { ablation, run, other, labels, out } = place;
  const engine = 'portable';
  const command = 'spadework';
  const light: Record<string, () => unknown> = {
    'compare an ablation': () => compare({ folders: [ablation], out: join(out, 'a'), command }),
    'compare runs': () => gather({ folders: [run, other] }),
    export: () => exportWeights({ run, network: 'G', out: join(out, 'g.safetensors') }),
    diff: () => diffSpecs(readRunSpec(run), readRunSpec(other)),
    ablate: () => [readAblation(ablation), stageOfRun(run), progressOf(run)],
    page: () => readRunFolder(run) && writeRunPage(run),
    profile: () => loadSpec(layoutOf(run).spec, {}),
    load: async () => {
      const { checkpoints } = layoutOf(run);
      const spec = readRunSpec(other);
      for (const step of listSteps(checkpoints)) {
        const path = join(checkpoints, stepName(step), 'variables.safetensors');
        // As a spec with: load G from "…" naming "spadework".
        const networks = spec.networks.map((one) =>
          one.name === 'G' ? { ...one, weights: { path, mapping: 'spadework' } } : one,
        );
        await loadWeights({ ...spec, networks });
      }
    },
  };
  const heavy: Record<string, () => unknown> = {
    open: async () => (await openRun(run, { engine })).dispose(),
    synth: () => synth({ run, labels, out: join(out, 'painted'), engine, command }),
    eval: () => evaluate({ run, engine }),
    'import into it': () =>
      importWeights({
        run,
        network: 'G',
        mapping: 'spadework',
        file: join(layoutOf(other).checkpoints, stepName(2), 'variables.safetensors'),
      }),
    resume: () => resume({ folder: run, engine }),
  };
  const outcomes: Outcome[] = [];
  for (const [name, work] of Object.entries({ ...light, ...(withEngine ? heavy : {}) }))
    outcomes.push({ command: name, said: await attempt(name, work) });
  return outcomes;
}

async function attempt(name: string, work: () => unknown): Promise<string> {
  try {
    await work();
    return 'fine';
  } catch (error) {
    const known = knownError(error);
    if (!known) throw new Error(`${name} has no words for this`, { cause: error });
    return `${known.exit} ${known.message}`;
  }
}
