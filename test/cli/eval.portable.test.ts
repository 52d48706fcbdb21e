/**
 * Tests `spadework eval` as users call it.
 *
 * @module-tag full
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvalRecord } from '../../runtime/evaluate/record.ts';
import { makeTinyExperiment, removeFolder, tinySpec, trainText } from '../support/tiny-experiment.ts';
import { runCli } from './run-cli.ts';

let folder: string;
const run = (...words: string[]) =>
  runCli(['eval', 'run', ...words], { folder, environment: { SPADEWORK_ENGINE: 'portable' } });
const containing = (text: string): string => expect.stringContaining(text) as string;

beforeAll(async () => {
  ({ folder } = await makeTinyExperiment());
  await trainText(tinySpec({ train: 'steps: 1' }), join(folder, 'tiny.spade'), {
    out: join(folder, 'run'),
    engine: 'portable',
  });
});
afterAll(() => removeFolder(folder));

describe('eval', () => {
  it('prints a table of metrics with its protocol, and progress beside it', async () => {
    const { code, out, err } = await run();
    expect(code).toBe(0);
    expect(out).toMatch(/^metric +value +better\nPSNR +[\d.]+ +higher\nSSIM +[\d.-]+ +higher\n\n/);
    expect(out).toMatch(/\nstep 1, 2 maps of 32x32, protocol [\da-f]{12}\n$/);
    expect(err).toMatch(/^2\/2 maps .* maps\/s {2}painted$/m);
    expect(err).toMatch(/^2\/2 maps .* maps\/s {2}measured$/m);
  });

  it('prints the record as JSON, the kept one where there is one', async () => {
    const { out } = await run('--json', '--quiet');
    const record = JSON.parse(out) as EvalRecord;
    expect(record).toMatchObject({ format: 'spadework-eval/1', step: 1, maps: ['test0', 'test1'] });
    const again = await run('--json');
    expect(again).toMatchObject({ out, err: containing('--again does it anew') });
  });

  it('refuses networks without weights, unknown ones and wrong checkpoints', async () => {
    const missing = await run('--features', 'squeezenet11');
    expect(missing).toMatchObject({ code: 1, err: containing('hint: name their file: --weights FILE') });
    const unknown = await run('--features', 'inception', '--weights', 'w.pth', '--limit', '2');
    expect(unknown).toMatchObject({ code: 1, err: containing('FID and KID need 4 label maps') });
    const wrong = await run('--checkpoint', 'newest');
    expect(wrong).toMatchObject({ code: 2, err: containing('Expected last, best or the number of a step.') });
    const nowhere = await runCli(['eval', 'nowhere'], { folder });
    expect(nowhere).toMatchObject({ code: 1, err: containing("'nowhere' holds no run") });
  });
});
