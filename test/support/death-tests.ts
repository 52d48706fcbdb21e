/** Tests resuming runs that died before or during any of their writes: the result equals that of an undisturbed run. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layoutOf } from '../../runtime/run/folder.ts';
import { resume } from '../../runtime/train/train.ts';
import { stageOfRun } from '../../runtime/run/stage.ts';
import { filesOf, statesOfDeath } from './deaths.ts';
import { readEvents } from './read-events.ts';
import { makeTinyExperiment, removeFolder, tinySegmenterSpec, trainText } from './tiny-experiment.ts';

const steps = 2;
const text = tinySegmenterSpec().replace(
  'steps: 60, sample_every: 30',
  `steps: ${steps}, sample_every: 2, checkpoint_every: 1, evaluate_every: 1`,
);
/** The content that must be equal; times differ, and so do digests of files with times. */
function contentOf(run: string) {
  const layout = layoutOf(run);
  const json = (file: string): Record<string, unknown> => JSON.parse(readFileSync(file, 'utf8')) as never;
  const files = filesOf(run);
  const timed = /(state|run)\.json$|SHA256SUMS$|metrics\.jsonl$|index\.html$|^events\/./;
  return {
    names: [...files.keys()].filter((name) => !/^events\/./.test(name)),
    bytes: [...files]
      .filter(([name]) => !timed.test(name))
      .map(([name, bytes]) => `${name} ${bytes.toString('base64')}`),
    states: readdirSync(layout.checkpoints)
      .filter((name) => name.startsWith('step-'))
      .map((name) => ({ ...json(join(layout.checkpoints, name, 'state.json')), seconds: 0 })),
    metrics: readFileSync(layout.metrics, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 })),
    record: { ...json(layout.run), created: '', secondsPerStep: 0, memory: '' },
    events: readEvents(layout.events)
      .filter(({ tag }) => !tag.startsWith('time'))
      .map((value) => JSON.stringify(value))
      .sort(),
    page: /class="status (\w+)"/.exec(readFileSync(layout.page, 'utf8'))?.[1],
  };
}

/** Tests every `each`-th state that a death can leave, starting with the first. */
export function testDeathsOn(engine: 'native' | 'portable', { each }: { readonly each: number }): void {
  let folder: string;
  let spec: string;
  let states: readonly string[];
  let whole: ReturnType<typeof contentOf>;

  beforeAll(async () => {
    ({ folder, spec } = await makeTinyExperiment());
    const kept = join(folder, 'kept');
    mkdirSync(kept);
    const run = join(folder, 'whole');
    states = await statesOfDeath(run, kept, () => trainText(text, spec, { engine, out: run }));
    whole = contentOf(run);
  }, 300_000);
  afterAll(() => removeFolder(folder));

  describe('a run that died at a write', { timeout: 3_600_000 }, () => {
    it('is left in one of many states', () => expect(states.length).toBeGreaterThan(60));

    it('is completed by going on, or by training where it had not begun', async () => {
      for (const state of states.filter((_, place) => place % each === 0)) {
        const { run } = layoutOf(state);
        if (existsSync(run)) await resume({ folder: state, engine });
        else {
          expect(stageOfRun(state)).toBe('none');
          await expect(resume({ folder: state, engine }), state).rejects.toThrow(SpadeworkError);
          await trainText(text, spec, { engine, out: state, overwrite: true });
        }
        expect(contentOf(state), `state ${state}`).toEqual(whole);
        rmSync(state, { recursive: true });
      }
    });
  });
}
