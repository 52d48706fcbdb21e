/**
 * Tests a run's messages and files when the machine or another process interferes.
 *
 * @module-tag full
 */
import type { SpadeworkError } from '../../dsl/errors.ts';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listSteps, stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf } from '../../runtime/run/folder.ts';
import { folderInUse, lastCheckpointKept, runFolderGone } from '../../runtime/run/messages.ts';
import { unwritable } from '../../runtime/base/files.ts';
import { followingPlan, makePlan, planWaiting, type Deed, type Waiting } from '../support/at-write.ts';
import { statefulSpec } from '../support/stateful-experiment.ts';
import { makeTinyExperiment, removeFolder } from '../support/tiny-experiment.ts';
import { runCli, startCli, type Ended } from './run-cli.ts';

const command = fileURLToPath(new URL('../../cli/spadework.js', import.meta.url));
const environment = { SPADEWORK_ENGINE: 'portable' };

/** Each test starts several processes. */
const patience = { timeout: 900_000 };

let folder: string;
const run = (...words: string[]) => runCli(words, { folder, environment });
const shown = (error: SpadeworkError): string => `${error.render({ color: false })}\n`;

/** Starts a training without an end, and waits until it waits while writing its second checkpoint. */
async function startEndless(out: string): Promise<{
  readonly child: ReturnType<typeof startCli>;
  readonly worker: Waiting;
  /** Its output at the end. */
  readonly ended: Promise<{ readonly code: number | null; readonly err: string }>;
}> {
  const plan = join(folder, `${out}.plan`);
  const { checkpoints } = layoutOf(join(folder, out));
  const reached = await planWaiting(plan, { below: join(checkpoints, `${stepName(2)}.tmp`), moment: 9 });
  const child = startCli(['train', 'endless.spade', '--out', out, '--quiet'], {
    folder,
    environment: { ...environment, ...followingPlan(plan) },
  });
  let err = '';
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, err }));
  return { child, worker: await reached(ended), ended };
}

beforeAll(async () => {
  ({ folder } = await makeTinyExperiment());
  const often = 'sample_every: 1, checkpoint_every: 1';
  writeFileSync(join(folder, 'endless.spade'), statefulSpec({ steps: 1_000_000, train: often }));
  const rarely = 'sample_every: 1000, checkpoint_every: 20';
  writeFileSync(join(folder, 'rarely.spade'), statefulSpec({ steps: 1_000_000, train: rarely }));
  writeFileSync(join(folder, 'short.spade'), statefulSpec({ steps: 40, train: often }));
});
afterAll(() => removeFolder(folder));

describe('a run in use', patience, () => {
  it('is refused to a second process, and goes on undisturbed', async () => {
    const { child, ended } = await startEndless('busy');
    const second = await run('resume', 'busy');
    const inUse = folderInUse('busy', join('busy', 'training.lock'));
    expect(second).toMatchObject({ code: 1, err: shown(inUse) });
    expect(child.exitCode).toBe(null);
    child.kill('SIGTERM');
    expect(await ended).toEqual({
      code: 130,
      err: expect.stringContaining('Finishing the step') as string,
    });
  });
});

describe('a command whose process', patience, () => {
  it('is killed by the system says so, exits with 3, and the run goes on', async () => {
    const { worker, ended } = await startEndless('killed');
    process.kill(worker.pid, 'SIGKILL');
    expect(await ended).toEqual({
      code: 3,
      err: expect.stringMatching(
        /^error\[killed\]: the process that worked was killed \(SIGKILL\).*\nhint: .*\n$/,
      ) as string,
    });
    const done = Math.max(...listSteps(layoutOf(join(folder, 'killed')).checkpoints));
    const resumed = await run('resume', 'killed', '--steps', String(done + 2), '--quiet');
    expect(resumed).toMatchObject({ code: 0, err: '' });
  });

  it('has no memory for JavaScript left says so after V8 has, and exits with 3', async () => {
    const small = { ...environment, NODE_OPTIONS: '--max-old-space-size=20' };
    const { code, err } = await runCli(['train', 'short.spade', '--out', 'small-heap'], {
      folder,
      environment: small,
    });
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /error\[out-of-memory\]: the process that worked gave up \(SIGABRT\).*\nhint: .*--max-old-space-size/,
      ),
    ]);
  });

  it('may open a few files only says so and exits with 3, watched over or not', () => {
    // The clone makes its bundle first, which needs more files than a command.
    spawnSync(process.execPath, [command, '--help']);
    for (const words of ['train short.spade --out few', 'check short.spade', '--help']) {
      const script = `ulimit -n 26; exec "${process.execPath}" "${command}" ${words}`;
      const shell = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
      expect(shell.stderr).toMatch(/^error\[.*\]: .*too many files are open.*\nhint: .*ulimit -n/);
      expect([shell.status, shell.stdout]).toEqual([3, '']);
    }
  });

  it('loses its terminal saves as for SIGTERM', async () => {
    const { child, ended } = await startEndless('hung-up');
    child.kill('SIGHUP');
    expect(await ended).toMatchObject({ code: 130 });
    expect(readFileSync(layoutOf(join(folder, 'hung-up')).run, 'utf8')).toContain('"status": "stopped"');
  });

  it('gets Ctrl-C as the whole group does saves once, as one request', async () => {
    const { child, ended } = await startEndless('group');
    process.kill(-child.pid!, 'SIGINT');
    expect(await ended).toEqual({ code: 130, err: expect.stringContaining('Finishing the step') as string });
  });

  it('loses the first one ends after its step, and whoever goes on waits for that', async () => {
    const { child, worker, ended } = await startEndless('orphan');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const words = ['train', 'short.spade', '--out', 'orphan', '--overwrite', '--steps', '2', '--quiet'];
    expect(await run(...words)).toMatchObject({ code: 0, err: '' });
    expect(() => process.kill(worker.pid, 0)).toThrow('ESRCH');
    // It was stopped as by SIGTERM, and printed nothing else.
    expect((await ended).err).toMatch(/^Finishing the step[^\n]*\n$/);
  });
});

describe('a run whose folder', patience, () => {
  /** Trains until the process loses its folder between two checkpoints. */
  const trainUntil = (out: string, then: Deed): Promise<Ended> => {
    const plan = join(folder, `${out}.plan`);
    makePlan(plan, { below: layoutOf(join(folder, out)).metrics, moment: 50, then });
    return runCli(['train', 'rarely.spade', '--out', out, '--quiet'], {
      folder,
      environment: { ...environment, ...followingPlan(plan) },
    });
  };

  it('is deleted while it trains ends with one sentence, and leaves nothing that looks like a run', async () => {
    const ended = await trainUntil('deleted', { remove: join(folder, 'deleted') });
    expect(ended).toEqual({ code: 1, out: '', err: shown(runFolderGone('deleted')) });
    expect(existsSync(layoutOf(join(folder, 'deleted')).run)).toBe(false);
  });

  it('is moved while it trains goes on from where it is then', async () => {
    const ended = await trainUntil('before', { move: join(folder, 'before'), to: join(folder, 'after') });
    expect(ended).toEqual({ code: 1, out: '', err: shown(runFolderGone('before')) });
    const resumed = await run('resume', 'after', '--steps', '100', '--quiet');
    expect(resumed).toMatchObject({ code: 0, err: '' });
  });
});

describe('a disk', { ...patience, tags: 'needs-mounts' }, () => {
  it('that fills up blames the machine; with room again the run ends with the same bits', async () => {
    mkdirSync(join(folder, 'disk'));
    expect(await run('train', 'short.spade', '--out', 'roomy', '--quiet')).toMatchObject({ code: 0 });
    const script = `set -u
      spadework() { "${process.execPath}" "${command}" "$@" --quiet; echo "code $?"; }
      mount -t tmpfs -o size=600k none disk
      spadework train short.spade --out disk/run
      mount -o remount,size=64m none disk
      spadework resume disk/run
      cp -r disk/run rescued`;
    const shell = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
      cwd: folder,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    expect(shell.stderr).toBe(
      "error[disk-full]: the disk of 'disk/run' is full\nhint: free some space; the last checkpoint is whole\n",
    );
    expect(shell.stdout).toBe('code 3\ndisk/run/index.html\ncode 0\n');
    const [rescued, roomy] = ['rescued', 'roomy'].map((out) => {
      const { checkpoints } = layoutOf(join(folder, out));
      return readFileSync(join(checkpoints, stepName(40), 'variables.safetensors'));
    });
    expect(rescued!.equals(roomy!)).toBe(true);
  });

  it('without room for the checkpoints is refused before the first step, and no folder is made', () => {
    mkdirSync(join(folder, 'small'));
    const script = `mount -t tmpfs -o size=16k none small
      "${process.execPath}" "${command}" train short.spade --out small/run
      echo "code $?, $(ls small | wc -l) files"`;
    const shell = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
      cwd: folder,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    expect(shell.stderr).toMatch(
      /^Needs about [\d.]+ kB of memory for weights and values, ([\d.]+ kB) of the disk for 3 checkpoints\nerror\[no-room-for-checkpoints\]: the disk of 'small\/run' has 16.4 kB free, but the checkpoints of the run need \1\nhint: /m,
    );
    expect(shell.stdout).toBe('code 3, 0 files\n');
  });

  it('that is read only blames the machine before anything is computed', () => {
    mkdirSync(join(folder, 'fixed'));
    const script = `mount -t tmpfs -o ro none fixed
      exec "${process.execPath}" "${command}" train short.spade --out fixed`;
    const shell = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
      cwd: folder,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    expect(shell.stderr).toContain("error[unwritable]: 'fixed' cannot be written (EROFS)\nhint: ");
    expect([shell.status, shell.stdout]).toEqual([3, '']);
  });
});

describe('a limit of file sizes', patience, () => {
  it('that a file of a run is beyond blames the machine; the checkpoints are whole, and the run goes on from them', async () => {
    for (const out of ['limited', 'free'])
      expect(await run('train', 'short.spade', '--out', out, '--steps', '3', '--quiet')).toMatchObject({
        code: 0,
      });
    const { checkpoints } = layoutOf(join(folder, 'limited'));
    const weights = (out: string, step: number): Buffer =>
      readFileSync(join(layoutOf(join(folder, out)).checkpoints, stepName(step), 'variables.safetensors'));
    const before = [readdirSync(checkpoints), weights('limited', 3)];
    const script = `ulimit -f 16
      exec "${process.execPath}" "${command}" resume limited --steps 40 --quiet`;
    const shell = spawnSync('sh', ['-c', script], {
      cwd: folder,
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    expect(shell.stderr).toBe(
      shown(unwritable('limited', { code: 'EFBIG' } as NodeJS.ErrnoException, { kept: lastCheckpointKept })),
    );
    expect([shell.status, shell.stdout]).toEqual([3, '']);
    expect([readdirSync(checkpoints), weights('limited', 3)]).toEqual(before);
    for (const out of ['limited', 'free'])
      expect(await run('resume', out, '--steps', '40', '--quiet')).toMatchObject({ code: 0 });
    expect(weights('limited', 40).equals(weights('free', 40))).toBe(true);
  });
});
