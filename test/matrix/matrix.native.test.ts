/** Trains a selection of the matrix: every generator with every loss, with alternating norms. */
import { beforeAll, it } from 'vitest';
import type { Batch } from '../../runtime/data/dataset.ts';
import { describeNative, full } from '../support/engines.ts';
import { nameOf, selection } from './cells.ts';
import { readBatches, trainCell } from './train.ts';

await describeNative(
  'ten steps on CamVid at 64x64, on the native engine',
  () => {
    let batches: readonly Batch[];
    beforeAll(async () => {
      batches = await readBatches();
    });
    it.each(selection.map((cell) => [nameOf(cell), cell] as const))('%s', (_name, cell) =>
      trainCell(cell, batches, 'native'),
    );
  },
  full,
);
