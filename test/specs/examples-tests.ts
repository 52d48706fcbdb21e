/** Trains the experiments of `examples/systems` for two steps, and requires finite losses. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openSpec } from '../../runtime/index.ts';
import type { EngineKind } from './systems-tests.ts';

const folder = fileURLToPath(new URL('../../examples/systems/', import.meta.url));

const [pictures, side, classes] = [2, 64, 12];

/** Rows of areas, as in label maps, and pictures with distinct pixels. */
function batch(): { labels: Int32Array; real: Float32Array } {
  const pixels = pictures * side * side;
  return {
    labels: Int32Array.from({ length: pixels }, (_, i) => Math.floor(i / 512) % classes),
    real: Float32Array.from({ length: 3 * pixels }, (_, i) => Math.sin(0.37 * i) * Math.cos(0.011 * i)),
  };
}

/** Tests that every experiment takes two steps with finite losses, in which every network with a loss changes. */
export function testExamplesOn(engine: EngineKind): void {
  it.each(readdirSync(folder).filter((file) => file.endsWith('.spade')))('%s trains', async (file) => {
    const model = await openSpec(folder + file, { engine });
    try {
      const first = await model.read();
      for (const step of [1, 2]) {
        const { outputs } = await model.step(batch(), { batch: pictures });
        for (const [name, { values }] of Object.entries(outputs))
          expect(values.every(Number.isFinite), `step ${step}: ${name} is ${values[0]}`).toBe(true);
      }
      const last = await model.read();
      for (const { name } of model.networks) {
        const own = Object.keys(first).filter((key) => key.startsWith(`${name}.`));
        const moved = own.filter((key) =>
          first[key]!.values.some((value, i) => value !== last[key]!.values[i]),
        );
        expect(moved.length, `variables of ${name} that moved`).toBeGreaterThan(own.length / 2);
      }
    } finally {
      await model.dispose();
    }
  });
}
