/** Tests that memory does not grow with the number of steps, over many steps of a tiny network. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { statefulSpec } from './stateful-experiment.ts';
import { makeTinyExperiment, removeFolder, trainText } from './tiny-experiment.ts';

const steps = 2000;
/** After this many steps, all one-time allocations are made. */
const settled = 500;
/** Less than one leaked batch (2 pictures of 32x32) per step in between. */
const allowedBytes = 24 * 2 ** 20;

/** Tests that a training on an engine uses as much memory after 2,000 steps as after 500. */
export function testMemoryOn(engine: 'native' | 'portable'): void {
  it(`memory stays as it is over ${steps} steps`, { timeout: 300_000, tags: 'full' }, async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const memory = (): { readonly resident: number; readonly held: number } => {
      collect();
      const { rss, heapUsed, external } = process.memoryUsage();
      return { resident: rss, held: heapUsed + external };
    };
    const { folder, spec } = await makeTinyExperiment();
    try {
      const found = new Map<number, ReturnType<typeof memory>>();
      const text = statefulSpec({ steps, train: 'sample_every: 250, checkpoint_every: 250' });
      const result = await trainText(text, spec, {
        engine,
        out: join(folder, 'long'),
        observer: {
          stepped({ step }) {
            if (step === settled || step === steps) found.set(step, memory());
          },
        },
      });
      const [early, late] = [found.get(settled)!, found.get(steps)!];
      expect(late.resident - early.resident).toBeLessThan(allowedBytes);
      expect(late.held - early.held).toBeLessThan(allowedBytes);
      expect(result.memory!.end.tensors).toBe(result.memory!.early.tensors);
    } finally {
      removeFolder(folder);
    }
  });
}
