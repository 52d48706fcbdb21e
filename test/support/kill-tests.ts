/** Answers for what a run promises to whoever kills it: at any moment, also inside a checkpoint's write, nothing is lost. */
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../compiler/random.ts';
import { stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf } from '../../runtime/run/folder.ts';
import type { MetricRecord } from '../../runtime/report/index.ts';
import { runCli, startCli } from '../cli/run-cli.ts';
import { statefulSpec } from './stateful-experiment.ts';
import { makeTinyExperiment, removeFolder } from './tiny-experiment.ts';

const steps = 80;
/** A process that has done so many steps is killed in any case, so that steps remain for the others. */
const longestLife = 8;

/** When a process is killed. */
type Moment =
  /** So long after its start. */
  | { readonly kind: 'time'; readonly milliseconds: number }
  /** So long after it saved so many checkpoints. */
  | { readonly kind: 'step'; readonly count: number; readonly milliseconds: number }
  /** While it writes a checkpoint: so long after the folder of a temporary name appeared for the n-th time. */
  | { readonly kind: 'write'; readonly count: number; readonly milliseconds: number };

/** Draws the n-th moment of a life. */
function momentOf(random: RandomStream, n: number): Moment {
  if (n % 4 === 0) return { kind: 'time', milliseconds: 100 + random.below(1400) };
  const count = 1 + random.below(4);
  return n % 4 === 1
    ? { kind: 'step', count, milliseconds: random.below(40) }
    : { kind: 'write', count, milliseconds: random.below(3) };
}

/** Tests that killed runs end with the bits of one that was never stopped: several runs, each killed `kills` times. */
export function testKillingOn(
  engine: 'native' | 'portable',
  { runs, kills }: { readonly runs: number; readonly kills: number },
): void {
  let folder: string;
  const spec = 'stateful.spade';
  const checkpointsOf = (out: string): string => layoutOf(join(folder, out)).checkpoints;
  const unfinished = (out: string): string[] => namesIn(checkpointsOf(out), /\.tmp$/);
  const isBegun = (out: string): boolean => namesIn(checkpointsOf(out), /^step-\d+$/).length > 0;
  const finalBytes = (out: string): Buffer =>
    readFileSync(join(checkpointsOf(out), stepName(steps), 'variables.safetensors'));
  const metricsOf = (out: string): Omit<MetricRecord, 'seconds'>[] =>
    readFileSync(layoutOf(join(folder, out)).metrics, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => ({ ...(JSON.parse(line) as MetricRecord), seconds: 0 }));

  /** Trains or goes on until the moment comes; tells whether the process was killed before it ended by itself. */
  async function live(out: string, moment: Moment): Promise<boolean> {
    const begun = isBegun(out);
    const words = begun ? ['resume', out] : ['train', spec, '--out', out, '--overwrite'];
    const child = startCli([...words, '--engine', engine, '--quiet'], { folder });
    const ended = once(child, 'close');
    let said = '';
    child.stderr.on('data', (part: Buffer) => (said += part.toString()));
    // Both processes of the command at once, as the system does: the first one would say how the other ended.
    const killNow = (): void => {
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // They have ended.
      }
    };
    const kill = (milliseconds: number): void => {
      if (milliseconds === 0) killNow();
      else setTimeout(killNow, milliseconds);
    };
    if (moment.kind === 'time') kill(moment.milliseconds);
    const seen = { written: new Set<string>(), saved: new Set<string>() };
    const look = (name: string): void => {
      const set = name.endsWith('.tmp') ? seen.written : seen.saved;
      if (set.has(name)) return;
      set.add(name);
      if (seen.saved.size > longestLife) kill(0);
      if (moment.kind === 'step' && set === seen.saved && set.size === moment.count)
        kill(moment.milliseconds);
      if (moment.kind === 'write' && set === seen.written && set.size === moment.count)
        kill(moment.milliseconds);
    };
    // A run that has just begun has no folder to watch yet.
    const stopWatching = begun ? watchNames(checkpointsOf(out), look) : pollNames(checkpointsOf(out), look);
    const [code, signal] = (await ended) as [number | null, string | null];
    stopWatching();
    expect([code, said], 'it ends by being killed or with success').toEqual([signal ? null : 0, '']);
    // Nothing that it started lives on; the system may take a moment to clear it away.
    while (isAnyAlive(child.pid!)) await delay(10);
    return signal === 'SIGKILL';
  }

  beforeAll(async () => {
    ({ folder } = await makeTinyExperiment());
    const text = statefulSpec({ steps, train: 'checkpoint_every: 1, sample_every: 10' });
    writeFileSync(join(folder, spec), text);
    const whole = await runCli(['train', spec, '--out', 'whole', '--engine', engine, '--quiet'], { folder });
    expect([whole.code, whole.err]).toEqual([0, '']);
  });
  afterAll(() => removeFolder(folder));

  describe('a killed run', () => {
    it(
      `ends with the bits of one that was never stopped, after ${runs * kills} kills of ${runs} runs`,
      { timeout: 300_000 },
      async () => {
        let insideWrites = 0;
        const endure = async (out: string, seed: number): Promise<void> => {
          const random = new RandomStream(seed, 'kills');
          for (let n = 0; n < kills; n++) {
            expect(await live(out, momentOf(random, n)), `kill ${n} of ${out} came too late`).toBe(true);
            insideWrites += unfinished(out).length > 0 ? 1 : 0;
          }
          const last = await runCli(['resume', out, '--engine', engine, '--quiet'], { folder });
          expect([last.code, last.err]).toEqual([0, '']);
        };
        const names = Array.from({ length: runs }, (_, index) => `killed-${index}`);
        await Promise.all(names.map(endure));
        expect(insideWrites, 'some kills came inside the write of a checkpoint').toBeGreaterThan(2);
        for (const out of names) {
          expect(finalBytes(out).equals(finalBytes('whole')), out).toBe(true);
          expect(metricsOf(out)).toEqual(metricsOf('whole'));
          expect(unfinished(out)).toEqual([]);
        }
      },
    );
  });
}

function namesIn(folder: string, pattern: RegExp): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => pattern.test(name)) : [];
}

/** Tells of every name that appears in a folder, at once; gives what ends it. */
function watchNames(folder: string, tell: (name: string) => void): () => void {
  const before = new Set(readdirSync(folder));
  const watcher = watch(folder, (_event, name) => {
    if (name !== null && !before.has(name)) tell(name);
  });
  return () => watcher.close();
}

/** Is `watchNames` for a folder that may not be there yet; some names may come and go unseen. */
function pollNames(folder: string, tell: (name: string) => void): () => void {
  const timer = setInterval(() => namesIn(folder, /^step-/).forEach(tell), 2);
  return () => clearInterval(timer);
}

/** Tells whether a process of a group still runs. */
function isAnyAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
