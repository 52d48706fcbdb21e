/** Tests killing runs at random writes, including checkpoints: they resume without loss. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../compiler/ir/random.ts';
import { stepName } from '../../runtime/run/checkpoint.ts';
import { layoutOf } from '../../runtime/run/folder.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';
import { runCli, startCli } from '../cli/run-cli.ts';
import { followingPlan, makePlan } from './at-write.ts';
import { statefulSpec } from './stateful-experiment.ts';
import { makeTinyExperiment, removeFolder } from './tiny-experiment.ts';

const steps = 80;
/**
 * The number of write moments in eight steps, nearly all in checkpoints: a kill is within them, so that steps remain
 * for later ones.
 */
const longestLife = 1000;
/** The number of write moments before the first step. */
const beginning = 45;

/** Draws the moment of the n-th kill of a run. */
function momentOf(random: RandomStream, n: number): number {
  return 1 + random.below(n % 4 === 0 ? beginning : longestLife);
}

/** Tests that killed runs end with the bits of an undisturbed one: several runs, each killed `kills` times. */
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

  /** Trains or resumes until a write at which both processes of the command are killed. */
  async function live(out: string, moment: number): Promise<void> {
    const plan = join(folder, `${out}.plan`);
    makePlan(plan, { below: join(folder, out), moment, then: 'die with its group' });
    const words = isBegun(out) ? ['resume', out] : ['train', spec, '--out', out, '--overwrite'];
    const child = startCli([...words, '--engine', engine, '--quiet'], {
      folder,
      environment: followingPlan(plan),
    });
    let said = '';
    child.stderr.on('data', (part: Buffer) => (said += part.toString()));
    expect([...((await once(child, 'close')) as unknown[]), said]).toEqual([null, 'SIGKILL', '']);
    // The system may need a moment to remove killed processes.
    while (isAnyAlive(child.pid!)) await delay(10);
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
      { timeout: 3_600_000 },
      async () => {
        let insideWrites = 0;
        const endure = async (out: string, seed: number): Promise<void> => {
          const random = new RandomStream(seed, 'kills');
          for (let n = 0; n < kills; n++) {
            await live(out, momentOf(random, n));
            insideWrites += unfinished(out).length > 0 ? 1 : 0;
          }
          const last = await runCli(['resume', out, '--engine', engine, '--quiet'], { folder });
          expect([last.code, last.err]).toEqual([0, '']);
        };
        const names = Array.from({ length: runs }, (_, index) => `killed-${index}`);
        await Promise.all(names.map(endure));
        expect(insideWrites, 'some kills came inside the write of a checkpoint').toBeGreaterThan(kills / 2);
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

/** Tells whether a process of a group still runs. */
function isAnyAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
