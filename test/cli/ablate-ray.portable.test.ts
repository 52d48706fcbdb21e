/** Tests ablations on a real Ray cluster of this machine. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobIdOf } from '../../runtime/ablate/pool.ts';
import { readAblation } from '../../runtime/run/ablation.ts';
import { commandScript } from '../../runtime/base/package.ts';
import { stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf } from '../../runtime/run/folder.ts';
import { followingPlan, makePlan, planWaiting, type Plan } from '../support/at-write.ts';
import { findRay, startRay, type Cluster } from '../support/ray.ts';
import { tinyAblation } from '../support/tiny-ablation.ts';
import { makeTinyExperiment, removeFolder } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';

const environment = { SPADEWORK_ENGINE: 'portable' };

let folder: string;
let cluster: Cluster | undefined;
/** The folder of the jobs' plans. */
let plan: string;
const words = (...more: string[]): string[] => [
  'ablate',
  'kernels.spade',
  ...['--launcher', 'ray', '--address', cluster!.address, '--parallel', '2', '--name', 'kernels'],
  ...more,
];

/** Queries a job's state from Ray. */
async function jobOf(out: string, run: string, number: number): Promise<{ status: string }> {
  const path = join(folder, out);
  const id = jobIdOf(path, readAblation(path)!, run, number, 'train');
  return (await (await fetch(`${cluster!.address}/api/jobs/${id}`)).json()) as { status: string };
}

/**
 * Makes a plan by which a run's first process waits while it writes its second checkpoint; it applies to the next
 * ablation.
 */
const planWaitingIn = (out: string, run: string) => planWaiting(plan, secondCheckpoint(out, run));

function secondCheckpoint(out: string, run: string): Omit<Plan, 'then'> {
  const { checkpoints } = layoutOf(join(folder, out, run));
  return { below: join(checkpoints, `${stepName(2)}.tmp`), moment: 9 };
}

describe('an ablation on Ray', { timeout: 240_000, tags: ['full', 'needs-ray'] }, () => {
  beforeAll(async () => {
    ({ folder } = await makeTinyExperiment());
    writeFileSync(join(folder, 'kernels.spade'), tinyAblation(20));
    plan = join(folder, 'plan');
    // Jobs get their environment from the cluster.
    cluster = await startRay(findRay()!, followingPlan(plan));
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
    removeFolder(folder);
  }, 60_000);

  it('trains each run in a job, keeps what it says, and compares them', async () => {
    const { code, out, err } = await runCli(words('--out', 'whole'), { folder, environment });
    expect([code, out], err).toEqual([0, 'whole/comparison/index.html\n']);
    for (const run of ['three_s0', 'one_s0']) {
      expect(await jobOf('whole', run, 1)).toMatchObject({ status: 'SUCCEEDED' });
      expect(readFileSync(join(folder, 'whole', 'plan', `${run}-1.log`), 'utf8')).toContain(
        'Finished 20 steps',
      );
    }
  });

  it('finds its jobs again after the client was killed, and starts none twice', async () => {
    const reached = await planWaitingIn('restarted', 'three_s0');
    const client = spawn(process.execPath, [commandScript('spadework'), ...words('--out', 'restarted')], {
      cwd: folder,
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => client.once('exit', resolve));
    const job = await reached(ended);
    client.kill('SIGKILL');
    await ended;
    expect(await jobOf('restarted', 'three_s0', 1)).toMatchObject({ status: 'RUNNING' });
    job.goOn();
    const { code, err } = await runCli(words('--out', 'restarted'), { folder, environment });
    expect(code, err).toBe(0);
    expect(readAblation(join(folder, 'restarted'))!.runs.map(({ state, jobs }) => [state, jobs])).toEqual([
      ['done', 1],
      ['done', 1],
    ]);
  });

  it('goes on with a run in a second job where the first one died', async () => {
    makePlan(plan, { ...secondCheckpoint('died', 'one_s0'), then: 'die' });
    const { code, err } = await runCli(words('--out', 'died'), { folder, environment });
    expect(code, err).toBe(0);
    expect(await jobOf('died', 'one_s0', 1)).toMatchObject({ status: 'FAILED' });
    expect(await jobOf('died', 'one_s0', 2)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('is stopped on the cluster by --stop, and goes on by the same command', async () => {
    writeFileSync(join(folder, 'kernels.spade'), tinyAblation(100_000));
    const options = { folder, environment };
    const reached = await planWaitingIn('stopped', 'one_s0');
    const running = runCli(words('--out', 'stopped'), options);
    (await reached(running)).goOn();
    const stop = await runCli(
      ['ablate', 'stopped', '--launcher', 'ray', '--address', cluster!.address, '--stop'],
      options,
    );
    expect(stop.code, stop.err).toBe(0);
    await running;
    expect(await jobOf('stopped', 'one_s0', 1)).toMatchObject({ status: 'STOPPED' });
    expect(readAblation(join(folder, 'stopped'))!.runs.map(({ state }) => state)).toEqual([
      'waiting',
      'waiting',
    ]);
  });
});

describe('without a cluster', () => {
  it('an ablation on Ray is refused, and says what to start', async () => {
    const { folder: place } = await makeTinyExperiment();
    try {
      writeFileSync(join(place, 'kernels.spade'), tinyAblation());
      const { code, err } = await runCli(
        [
          'ablate',
          'kernels.spade',
          '--name',
          'alone',
          '--launcher',
          'ray',
          '--address',
          'http://127.0.0.1:9',
        ],
        { folder: place, environment },
      );
      expect([code, err]).toEqual([
        3,
        expect.stringMatching(/Ray does not answer at http:\/\/127\.0\.0\.1:9 .*\nhint: start it/),
      ]);
    } finally {
      removeFolder(place);
    }
  });
});
