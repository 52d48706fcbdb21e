/** Tests the folder layout of ablations, and how the pool runs them, with a fake launcher. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkFile } from '../../runtime/run/spec-files.ts';
import { checkAblation } from '../../compiler/index.ts';
import type { Job, JobEnd, Launcher } from '../../runtime/ablate/launcher.ts';
import { planRuns, withSeeds } from '../../runtime/ablate/plan.ts';
import { runPool } from '../../runtime/ablate/pool.ts';
import { readAblation, type AblationRecord } from '../../runtime/run/ablation.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { makeRun } from '../support/compared-runs.ts';
import { madeAblation } from '../support/tiny-ablation.ts';
import { makeTinyExperiment, removeFolder, tinySpec } from '../support/tiny-experiment.ts';

let base: string;
let folder: string;
let count = 0;
beforeAll(async () => {
  ({ folder: base } = await makeTinyExperiment());
});
afterAll(() => removeFolder(base));
beforeEach(() => {
  folder = join(base, `ablation-${count++}`);
});

const plan = (options = {}, seeds?: readonly number[], kernels?: number[]) =>
  planRuns({ ablation: madeAblation(base, seeds, kernels), sources: [], base, folder, ...options });
const names = ({ runs }: AblationRecord): string[] => runs.map(({ name }) => name);

describe('a plan', () => {
  it('has a spec for each run that holds from anywhere, with what the command line changes', async () => {
    const record = await plan({ steps: 9 });
    expect(names(record)).toEqual(['kernel-3_s0', 'kernel-1_s0', 'kernel-3_s1', 'kernel-1_s1']);
    expect(readAblation(folder)).toEqual(record);
    const spec = JSON.parse(readFileSync(join(folder, 'plan', 'kernel-1_s1.json'), 'utf8')) as object;
    expect(spec).toMatchObject({ data: { path: join(base, 'data') }, train: { seed: 1, steps: 9 } });
  });

  it('keeps the texts, and does not mind where in them something is written', async () => {
    const text = `${tinySpec()}\nablation kernels of tiny {\n  case three {}\n  case one { G.norm.kernel = 1 }\n}\n`;
    const planOf = async (written: string): Promise<AblationRecord> => {
      const { ablation, sources } = checkAblation({ name: 'kernels.spade', text: written }, fileProvider());
      return planRuns({ ablation: ablation!, sources, base, folder });
    };
    await planOf(text);
    const later = `# A comment.\n${text.replace('case three {}', 'case five { G.norm.kernel = 5 }\n  case three {}')}`;
    const { runs } = await planOf(later);
    expect(runs.map(({ point }) => point['case'])).toEqual(['five', 'three', 'one']);
    const { spec, sources } = checkFile(join(folder, 'plan', `${runs[2]!.name}.json`), {});
    expect(sources[0]).toEqual({ name: 'kernels.spade', text: later });
    expect(sources.map(({ name }) => name)).toEqual(spec!.sources);
  });

  it('may grow, and keeps what is done', async () => {
    const first = await plan({}, [0]);
    const done = { ...first, runs: first.runs.map((run) => ({ ...run, state: 'done' as const })) };
    writeFileSync(join(folder, 'ablation.json'), JSON.stringify(done));
    const grown = await plan({}, [0, 1], [3, 1, 5]);
    expect(grown.runs.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'kernel-3_s0 done',
      'kernel-1_s0 done',
      'kernel-5_s0 waiting',
      'kernel-3_s1 waiting',
      'kernel-1_s1 waiting',
      'kernel-5_s1 waiting',
    ]);
  });

  it('that changed or lost runs is refused by their names, until it may overwrite', async () => {
    await plan({ steps: 9 }, [0], [3, 1]);
    const text = tinySpec().replace('hidden: 4', 'hidden: 4, kernel: 3');
    await makeRun({ folder: join(folder, 'kernel-3_s0'), text, base, seed: 0 });
    await expect(plan({ steps: 10 }, [0], [3, 5])).rejects.toThrow(
      /was planned otherwise\n- changed since: kernel-3_s0\n {2}kernel-3_s0: train, steps: 9 → 10\n- no longer planned: kernel-1_s0\nhint: /,
    );
    expect(existsSync(join(folder, 'kernel-3_s0', 'run.json'))).toBe(true);
    const replaced = await plan({ steps: 10, overwrite: true }, [0], [3, 5]);
    expect(names(replaced)).toEqual(['kernel-3_s0', 'kernel-5_s0']);
    expect(existsSync(join(folder, 'kernel-3_s0'))).toBe(false);
  });

  it('is not written into a folder that holds anything else', async () => {
    folder = join(base, 'data');
    await expect(plan()).rejects.toThrow('is not empty and holds no ablation');
  });

  it('takes fewer seeds, or further ones after the largest', () => {
    const ablation = madeAblation(base, [0, 4]);
    expect(withSeeds(ablation, 1).runs.map(({ name }) => name)).toEqual(['kernel-3_s0', 'kernel-1_s0']);
    const more = withSeeds(ablation, 3);
    expect(more.seeds).toEqual([0, 4, 5]);
    expect(more.runs.slice(4).map(({ name, spec }) => [name, spec.train?.seed])).toEqual([
      ['kernel-3_s5', 5],
      ['kernel-1_s5', 5],
    ]);
  });
});

describe('the pool', () => {
  const never = { gently: new AbortController().signal, atOnce: new AbortController().signal };

  /** A barrier: callers wait until `count` have come; later ones pass. */
  function gate(count: number): () => Promise<void> {
    let come = 0;
    let open: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return () => {
      if (++come === count) open();
      return opened;
    };
  }

  /** Makes a launcher whose jobs end with the outcome of `end` after `pass`; a successful one leaves a finished run. */
  function launcher(
    end: (job: Job) => JobEnd,
    jobs: string[] = [],
    { running = { now: 0, most: 0 }, pass = gate(1) } = {},
  ): Launcher {
    return {
      remembers: false,
      async run(job) {
        jobs.push(
          job.words
            .slice(0, 2)
            .map((word) => word.replace(`${folder}/`, ''))
            .join(' '),
        );
        running.most = Math.max(running.most, ++running.now);
        await pass();
        const how = end(job);
        writeFileSync(job.log, 'first line\nlast line\n');
        const run = job.words[job.words.indexOf('--out') + 1]!;
        if (how === 'succeeded' && job.words[0] === 'train')
          await makeRun({ folder: run, text: tinySpec(), base, seed: 0 });
        running.now--;
        return how;
      },
    };
  }

  it('trains and evaluates all, so many at a time, and does nothing twice', async () => {
    const [jobs, running] = [[] as string[], { now: 0, most: 0 }];
    const options = { folder, parallel: 2, evaluation: ['--limit', '3'], stopping: never };
    const first = await plan();
    const record = await runPool({
      ...options,
      record: first,
      launcher: launcher(() => 'succeeded', jobs, { running, pass: gate(2) }),
    });
    expect(record.runs.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
    expect([jobs.length, running.most]).toEqual([8, 2]);
    expect(jobs.slice(0, 2).sort()).toEqual(['train plan/kernel-1_s0.json', 'train plan/kernel-3_s0.json']);
    expect(jobs).toContain('eval kernel-1_s1');
    jobs.length = 0;
    await runPool({ ...options, record: readAblation(folder)!, launcher: launcher(() => 'succeeded', jobs) });
    expect(jobs).toEqual([]);
    const otherwise = { ...options, evaluation: ['--limit', '4'] };
    await runPool({
      ...otherwise,
      record: readAblation(folder)!,
      launcher: launcher(() => 'succeeded', jobs),
    });
    expect(jobs.every((job) => job.startsWith('eval '))).toBe(true);
    expect(jobs).toHaveLength(4);
  });

  it('tries a job that dies once more, then marks it failed with its last lines, and goes on', async () => {
    const jobs: string[] = [];
    let deaths = 0;
    const end = (job: Job): JobEnd => {
      if (job.id.includes('kernel-1_s0')) return 'failed';
      return job.id.includes('kernel-3_s0') && deaths++ === 0 ? 'failed' : 'succeeded';
    };
    const record = await runPool({
      folder,
      parallel: 1,
      stopping: never,
      record: await plan(),
      launcher: launcher(end, jobs),
    });
    expect(record.runs.map(({ state }) => state)).toEqual(['done', 'failed', 'done', 'done']);
    expect(record.runs[1]).toMatchObject({ failures: 2, jobs: 2, lines: ['first line', 'last line'] });
    expect(jobs.filter((job) => job.includes('kernel-1_s0'))).toHaveLength(2);
    expect(readAblation(folder)).toEqual(record);
  });

  it('does not take a job for its run: one that ends well without a finished training has failed', async () => {
    const said: string[] = [];
    const idle: Launcher = { remembers: false, run: () => Promise.resolve('succeeded') };
    const record = await runPool({
      folder,
      parallel: 1,
      stopping: never,
      record: await plan({}, [0], [3]),
      launcher: idle,
      observer: { log: (line) => said.push(line) },
    });
    expect(record.runs[0]!.state).toBe('failed');
    expect(said[0]).toContain('the job ended well, but its training is not finished');
  });
});
