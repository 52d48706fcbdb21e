/** Tests a photo that proves damaged during a training, with data too large to be decoded before it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { layoutOf, readRunFolder } from '../../runtime/run/folder.ts';
import { SampleOrder } from '../../runtime/data/order.ts';
import { listSteps } from '../../runtime/run/checkpoint.ts';
import { full } from '../support/engines.ts';
import { makeTinyExperiment, removeFolder, tinySpec, trainText } from '../support/tiny-experiment.ts';

it('ends a training with the name of the file, and nothing that was trained is lost', full, async () => {
  const { folder, spec } = await makeTinyExperiment();
  onTestFinished(() => removeFolder(folder));
  const out = join(folder, 'run');
  // The last photo is read in the fourth step; the photos checked before the training are others.
  const isFourth = (one: number): boolean => new SampleOrder(5, one).ofStep(3, 1)[0]?.index === 4;
  const seed = Array.from({ length: 100 }, (_, one) => one).find(isFourth);
  // Five pairs of this size exceed the cache: only the headers of the photos are read before.
  const text = tinySpec({
    train: `steps: 6, sample_every: 100, checkpoint_every: 100, seed: ${seed}`,
  }).replace('batch: 2', 'batch: 1, crop_from: 8192x4096');
  const file = join(folder, 'data', 'photos', 'train4.png');
  const whole = readFileSync(file);
  const said: string[] = [];
  writeFileSync(file, whole.subarray(0, whole.length / 2));
  const options = {
    engine: 'portable',
    out,
    observer: { log: (line: string) => void said.push(line) },
  } as const;
  await expect(trainText(text, spec, options)).rejects.toThrow(/photos\/train4\.png' cannot be decoded/);
  expect(readRunFolder(out).record).toMatchObject({ status: 'failed', steps: 3 });
  expect(listSteps(layoutOf(out).checkpoints)).toEqual([3]);
  expect(said.join('\n')).toContain('the run is saved at step 3');
});
