/** Makes an undamaged ablation of one run, trained and evaluated on the portable engine, for tests that damage it. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ablationFormat, writeAblation } from '../../runtime/run/ablation.ts';
import { evaluate } from '../../runtime/evaluate/evaluate.ts';
import type { DamagedPlace } from '../fuzz/damaged-runs.ts';
import { statefulSpec } from './stateful-experiment.ts';
import { makeTinyExperiment, trainText } from './tiny-experiment.ts';

const engine = 'portable';
const name = 'run_s5';

/** Makes it in a new folder; the caller removes it. */
export async function makePristine(): Promise<{ readonly folder: string; readonly ablation: string }> {
  const { folder, spec } = await makeTinyExperiment();
  const ablation = join(folder, 'ablation');
  const run = join(ablation, name);
  const text = statefulSpec({ steps: 2, train: 'checkpoint_every: 1, sample_every: 1, evaluate_every: 1' });
  await trainText(text, spec, { engine, out: run });
  await evaluate({ run, engine });
  await writeAblation(ablation, {
    format: ablationFormat,
    created: '2026-01-02T03:04:05Z',
    name: 'alone',
    of: 'stateful',
    axes: [],
    seeds: [5],
    runs: [{ name, point: {}, seed: 5, sha256: '0'.repeat(64), state: 'done', jobs: 1, failures: 0 }],
  });
  return { folder, ablation };
}

/** Copies the ablation to the place where it is damaged, and gives the folders to read it with. */
export function copyPristine(folder: string, copy: string): DamagedPlace {
  cpSync(join(folder, 'ablation'), join(copy, 'ablation'), { recursive: true });
  return {
    ablation: join(copy, 'ablation'),
    run: join(copy, 'ablation', name),
    other: join(folder, 'ablation', name),
    labels: join(folder, 'data', 'test-labels'),
    out: join(copy, 'out'),
  };
}
