/** Tests the table that an ablation shows on a terminal. */
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../cli/base/ablation-table.ts';
import type { RunEntry } from '../../runtime/run/ablation.ts';

const run = (name: string, state: RunEntry['state'], failures = 0): RunEntry => ({
  name,
  state,
  failures,
  point: {},
  seed: 0,
  sha256: '',
  jobs: 1,
});
const progress = () => ({ step: 30, planned: 120, secondsPerStep: 0.5 });

describe('the table of an ablation', () => {
  it('has a line for each run, with steps and time left for those that train, and counts them', () => {
    const runs = [run('spade_s0', 'done'), run('none_s0', 'training', 1), run('spade_s1', 'waiting')];
    expect(linesOf(runs, progress, 20).map(({ text }) => text)).toEqual([
      'spade_s0  done',
      'none_s0   training, second try  30/120 steps  0.5 s each, 45 s left',
      'spade_s1  waiting',
      '3 runs: 1 done, 1 training, 1 waiting',
    ]);
  });

  it('keeps to the height of the terminal: only counts what waits or is done', () => {
    const runs = Array.from({ length: 40 }, (_, index) =>
      run(`run_s${index}`, index < 3 ? 'training' : 'waiting'),
    );
    const lines = linesOf([...runs, run('bad_s0', 'failed', 2)], () => undefined, 6);
    expect(lines.map(({ text }) => text)).toEqual([
      'run_s0   training',
      'run_s1   training',
      'run_s2   training',
      'bad_s0   failed',
      '41 runs: 3 training, 37 waiting, 1 failed',
    ]);
  });
});
