/**
 * Tests `spadework ablate` like a user: whole ablations in separate processes, killed and resumed.
 *
 * @module-tag full
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../compiler/ir/random.ts';
import { commandScript } from '../../runtime/base/package.ts';
import { readAblation } from '../../runtime/run/ablation.ts';
import { listSteps, stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf } from '../../runtime/run/folder.ts';
import { followingPlan, makePlan, planWaiting, type Plan } from '../support/at-write.ts';
import { tinyAblation } from '../support/tiny-ablation.ts';
import { makeTinyExperiment, removeFolder } from '../support/tiny-experiment.ts';
import { runCli, type Ended } from './run-cli.ts';

const environment = { SPADEWORK_ENGINE: 'portable' };
const runs = ['three_s0', 'one_s0'];
const steps = 12;
const random = new RandomStream(0, 'ablate');
let folder: string;
/** Digests of the last checkpoints of an undisturbed ablation, by run. */
let undisturbed: Record<string, string>;
let whole: Ended;

beforeAll(async () => {
  ({ folder } = await makeTinyExperiment());
  writeFileSync(join(folder, 'kernels.spade'), tinyAblation(steps));
  whole = await ablate('kernels.spade', '--name', 'kernels', '--parallel', '2', '--out', 'whole');
  undisturbed = ends('whole');
}, 900_000);
afterAll(() => removeFolder(folder));

const ablate = (...words: string[]) => runCli(['ablate', ...words], { folder, environment });

/** Gives the digests of the variables at the end of runs. */
function ends(out: string, names = runs): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const checkpoints = join(folder, out, name, 'checkpoints');
      const last = readdirSync(checkpoints).sort().at(-1)!;
      const { sha256, step } = JSON.parse(readFileSync(join(checkpoints, last, 'state.json'), 'utf8')) as {
        sha256: string;
        step: number;
      };
      return [name, `${step} ${sha256}`];
    }),
  );
}

/** Draws a random moment in a checkpoint's write, excluding the first and last checkpoints. */
function drawMoment(out: string): Omit<Plan, 'then'> {
  const { checkpoints } = layoutOf(join(folder, out, 'three_s0'));
  const step = 2 + random.below(steps - 5);
  return { below: join(checkpoints, `${stepName(step)}.tmp`), moment: 1 + random.below(500) };
}

/** Starts an ablation whose processes follow a plan, without waiting for it. */
function start(
  name: string,
  out: string,
  plan: string,
): { readonly pool: ChildProcess; readonly ended: Promise<number | null> } {
  const words = ['ablate', 'kernels.spade', '--name', name, '--out', out];
  const pool = spawn(process.execPath, [commandScript('spadework'), ...words], {
    cwd: folder,
    env: { ...process.env, ...environment, ...followingPlan(plan) },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => pool.once('exit', (code) => resolve(code)));
  return { pool, ended };
}

describe('ablate', { timeout: 900_000 }, () => {
  it('trains every run of the matrix and ends with the path of the page that compares them', () => {
    const { code, out, err } = whole;
    expect([code, out]).toEqual([0, 'whole/comparison/index.html\n']);
    expect(err).toMatch(/^2 runs in whole, 2 at a time$/m);
    for (const run of runs) expect(err).toMatch(new RegExp(`^${run}: training\\n(.*\\n)*${run}: done$`, 'm'));
    expect(new Set(Object.values(undisturbed)).size).toBe(2);
    expect(existsSync(join(folder, out.trim()))).toBe(true);
  });

  it('does nothing to what is done, from the file or from the folder', async () => {
    const record = readFileSync(join(folder, 'whole', 'one_s0', 'run.json'), 'utf8');
    const { code, err } = await ablate('whole');
    expect(code).toBe(0);
    expect(err).not.toContain('training');
    expect(readFileSync(join(folder, 'whole', 'one_s0', 'run.json'), 'utf8')).toBe(record);
  });

  it('goes on with a run whose process was killed, to the same bits', async () => {
    const plan = join(folder, 'child.plan');
    makePlan(plan, { ...drawMoment('child-killed'), then: 'die' });
    const { ended } = start('kernels', 'child-killed', plan);
    expect(await ended).toBe(0);
    const record = readAblation(join(folder, 'child-killed'))!;
    expect(record.runs.map(({ state, jobs }) => [state, jobs])).toEqual([
      ['done', 2],
      ['done', 1],
    ]);
    expect(undisturbed).toMatchObject(ends('child-killed'));
  });

  it('leaves no process behind when it is killed, and goes on where it was, to the same bits', async () => {
    const plan = join(folder, 'pool.plan');
    const reached = await planWaiting(plan, drawMoment('pool-killed'));
    const { pool, ended } = start('alone', 'pool-killed', plan);
    const child = await reached(ended);
    pool.kill('SIGKILL');
    await ended;
    await child.ended;
    const { checkpoints } = layoutOf(join(folder, 'pool-killed', 'three_s0'));
    expect(listSteps(checkpoints).at(-1)).toBeLessThan(steps);
    const { code } = await ablate('kernels.spade', '--name', 'alone', '--out', 'pool-killed');
    expect(code).toBe(0);
    expect(undisturbed).toMatchObject(ends('pool-killed', ['three_s0']));
  });

  it('is interrupted by Ctrl-C after a whole step, and goes on from the folder', async () => {
    const plan = join(folder, 'stopped.plan');
    const reached = await planWaiting(plan, drawMoment('stopped'));
    const { pool, ended } = start('alone', 'stopped', plan);
    await reached(ended);
    pool.kill('SIGINT');
    expect(await ended).toBe(130);
    const [first] = readAblation(join(folder, 'stopped'))!.runs;
    expect(first!.state).toBe('waiting');
    const { code } = await ablate('stopped');
    expect(code).toBe(0);
    expect(undisturbed).toMatchObject(ends('stopped', ['three_s0']));
  });

  it('says why a run failed, exits with 1, and compares the others', async () => {
    // A run cannot be resumed from a damaged checkpoint.
    const run = join(folder, 'whole', 'one_s0');
    const record = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as object;
    writeFileSync(join(run, 'run.json'), JSON.stringify({ ...record, status: 'stopped' }));
    for (const step of readdirSync(join(run, 'checkpoints')))
      writeFileSync(join(run, 'checkpoints', step, 'state.json'), 'half');
    const { code, out, err } = await ablate('whole');
    expect([code, out]).toEqual([1, 'whole/comparison/index.html\n']);
    expect(err).toMatch(/^failed: one_s0\n(.*\n)*.*no checkpoint of the run .* can be used/m);
  });

  it('refuses a file without an ablation, and a folder that holds none', async () => {
    const none = await ablate('tiny.spade');
    expect([none.code, none.err]).toEqual([1, expect.stringMatching(/ablation/)]);
    const empty = await ablate('data');
    expect(empty.err).toMatch(/'data' holds no ablation: ablation.json is missing\nhint: /);
    expect(empty.code).toBe(1);
  });
});
