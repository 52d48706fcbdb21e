/**
 * Plans an ablation in its folder: writes specs that do not depend on the working folder, and compares them with an
 * earlier plan.
 */
import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Ablation, PlannedRun } from '../../compiler/ablation/types.ts';
import { checkJson } from '../../compiler/index.ts';
import type { Spec } from '../../compiler/format/types.ts';
import type { Source } from '../../dsl/source.ts';
import { differingLines } from '../compare/specs.ts';
import { readText } from '../base/records.ts';
import { writeWhole, whileWriting, whileWritingAsync } from '../base/files.ts';
import { clearRun, layoutOf, lockFile, lockGuard } from '../run/folder.ts';
import { overrideSpec, type SpecOverrides } from '../run/settings.ts';
import { textsBeside, writeSources } from '../run/sources.ts';
import { withNamesOfToday } from './earlier.ts';
import { changedRuns, noRunToTrain, occupied, otherAblation } from './messages.ts';
import {
  ablationFormat,
  ablationLayout,
  readAblation,
  writeAblation,
  type AblationRecord,
  type RunEntry,
} from '../run/ablation.ts';
import { makeFolder } from '../base/make-folder.ts';

export interface PlanOptions extends Pick<SpecOverrides, 'steps' | 'data' | 'batch'> {
  readonly ablation: Ablation;
  /** The texts that the ablation was read from, its own first. */
  readonly sources: readonly Source[];
  /** The folder that paths in its specs are relative to. */
  readonly base: string;
  /** The ablation's folder. */
  readonly folder: string;
  /** How many seeds are run; seeds beyond those that the ablation names count up from its largest. */
  readonly seeds?: number | undefined;
  /** Whether runs with a changed plan are deleted. */
  readonly overwrite?: boolean | undefined;
}

/**
 * Writes the plan of an ablation to its folder. Runs of an earlier call stay if their plan is unchanged, and runs may
 * be added. Throws a SpadeworkError if runs have changed or are gone and may not be overwritten.
 */
export async function planRuns(options: PlanOptions): Promise<AblationRecord> {
  const { base, folder, steps, data, batch, overwrite = false } = options;
  const ablation = withSeeds(options.ablation, options.seeds);
  if (ablation.runs.length === 0) throw noRunToTrain(ablation.name);
  const planned = ablation.runs.map((run) => {
    const spec = overrideSpec(run.spec, base, { steps, data, batch });
    return { run, spec, sha256: digestOf(spec) };
  });
  const before = readAblation(folder);
  if (before === undefined) requireEmpty(folder);
  const known = new Map(before?.runs.map((entry) => [entry.name, entry]));
  const changed = planned.filter(({ run, spec, sha256 }) => {
    const entry = known.get(run.name);
    return entry !== undefined && entry.sha256 !== sha256 && !isRenamed(plannedSpec(folder, run.name), spec);
  });
  const gone = [...known.keys()].filter((name) => !ablation.runs.some((run) => run.name === name));
  const outdated = [...changed.map(({ run }) => run.name), ...gone];
  if (before && !overwrite && before.name !== ablation.name)
    throw otherAblation(folder, before.name, ablation.name);
  if (!overwrite && outdated.length > 0)
    throw changedRuns(
      folder,
      changed.map(({ run }) => run.name),
      changed[0] ? differencesTo(folder, changed[0]) : [],
      gone,
    );
  const runs = planned.map(({ run: { spec: _, ...run }, sha256 }): RunEntry => {
    const entry = known.get(run.name);
    return entry && !outdated.includes(run.name)
      ? { ...entry, ...run, sha256 }
      : { ...run, sha256, state: 'waiting', jobs: entry?.jobs ?? 0, failures: 0 };
  });
  const record: AblationRecord = {
    format: ablationFormat,
    created: before?.created ?? new Date().toISOString(),
    name: ablation.name,
    ...(ablation.doc !== undefined && { doc: ablation.doc }),
    of: ablation.of,
    axes: ablation.axes,
    seeds: ablation.seeds,
    runs,
  };
  await whileWritingAsync(folder, async () => {
    for (const name of outdated) removeRun(join(folder, name));
    const { plan } = ablationLayout(folder);
    makeFolder(plan);
    await writeSources(textsBeside(plan), options.sources);
    for (const { run, spec } of planned)
      await writeWhole(join(plan, `${run.name}.json`), `${JSON.stringify(spec)}\n`);
    await writeAblation(folder, record);
  });
  return record;
}

/** Parts of a spec that tell where and how it was written. */
const ofTexts = new Set(['at', 'sources', 'arguments']);

/**
 * Computes a digest of what a run trains. How the spec was written does not count, so that cases and comments may be
 * added.
 */
function digestOf(spec: Spec): string {
  const text = JSON.stringify(spec, (key, value: unknown) => (ofTexts.has(key) ? undefined : value));
  return createHash('sha256').update(text).digest('hex');
}

/** Gives the ablation with `count` seeds: its first ones, then further ones after its largest. */
export function withSeeds(ablation: Ablation, count: number | undefined): Ablation {
  if (count === undefined || count === ablation.seeds.length) return ablation;
  const seeds = ablation.seeds.slice(0, count);
  for (let next = Math.max(...ablation.seeds) + 1; seeds.length < count; next++) seeds.push(next);
  const [first] = ablation.seeds;
  const cells = ablation.runs.filter(({ seed }) => seed === first);
  const runs = seeds.flatMap((seed) => {
    const known = ablation.runs.filter((run) => run.seed === seed);
    return known.length > 0 ? known : cells.map((cell) => withSeed(cell, seed));
  });
  return { ...ablation, seeds, runs };
}

function withSeed(run: PlannedRun, seed: number): PlannedRun {
  const { train } = run.spec;
  return {
    ...run,
    name: `${run.name.replace(new RegExp(`_?s${run.seed}$`), '')}_s${seed}`,
    seed,
    spec: { ...run.spec, ...(train && { train: { ...train, seed } }) },
  };
}

/** The most differences of a run that are shown; the others are counted. */
const shownDifferences = 4;

/** Lists how a run differs from its earlier plan; empty if that cannot be read. */
function differencesTo(
  folder: string,
  { run, spec }: { readonly run: PlannedRun; readonly spec: Spec },
): string[] {
  const before = plannedSpec(folder, run.name);
  return before ? differingLines(before, spec, shownDifferences) : [];
}

/** Reads the spec that an earlier call planned for a run; undefined if it cannot be read. */
function plannedSpec(folder: string, run: string): Spec | undefined {
  const name = join(ablationLayout(folder).plan, `${run}.json`);
  try {
    return checkJson({ name, text: readText(name) ?? '' }).spec;
  } catch {
    return undefined;
  }
}

/** Tells whether an earlier spec trains the same and differs only in names of variables. */
function isRenamed(before: Spec | undefined, today: Spec): boolean {
  return before !== undefined && digestOf(withNamesOfToday(before, today)) === digestOf(today);
}

/** Throws if a folder holds something else. */
function requireEmpty(folder: string): void {
  const isOther = (name: string): boolean => name !== lockFile && name !== lockGuard;
  whileWriting(folder, () => {
    if (!statSync(folder, { throwIfNoEntry: false })) makeFolder(folder);
    if (readdirSync(resolve(folder)).some(isOther)) throw occupied(folder);
  });
}

/** Deletes a run, and its folder if nothing else is in it. */
function removeRun(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })) return;
  clearRun(layoutOf(folder));
  rmSync(join(folder, 'eval'), { recursive: true, force: true });
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
