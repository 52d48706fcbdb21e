/** Tests damaged checkpoints: each is read, or refused with a message. The long form is `npm run fuzz`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzzedCheckpoint, readFuzzedCheckpoint } from './checkpoints.ts';

const [seed, count] = [1, 300];
const mebibyte = 2 ** 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('damaged checkpoints', () => {
  it('are the same for the same seed', () => {
    for (const index of [0, 7, 30])
      expect(fuzzedCheckpoint(seed, index)).toEqual(fuzzedCheckpoint(seed, index));
    expect(fuzzedCheckpoint(2, 7)).not.toEqual(fuzzedCheckpoint(seed, 7));
  });

  it('are read or refused with a hint, and cost no more than their size explains', async () => {
    const ends = { tensors: 0, refused: 0 };
    const whats = new Set<string>();
    for (let index = 0; index < count; index++) {
      const made = fuzzedCheckpoint(seed, index);
      const { kind, said, cost } = await readFuzzedCheckpoint(folder, made);
      ends[kind]++;
      whats.add(made.what);
      if (kind === 'refused') expect(said).toContain('\nhint: ');
      expect(cost.built, `${index}`).toBeLessThan(64 * mebibyte + 16 * made.bytes.length);
    }
    // The generator makes both outcomes in every way; the checksums of archives detect most damage before reading.
    expect(Math.min(ends.tensors, ends.refused)).toBeGreaterThan(count / 20);
    expect(whats.size).toBe(9);
  });
});
