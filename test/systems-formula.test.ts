/** Tests the formula of the system fixtures: the test vectors of its README, and that every fixture can be computed. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { draw, readSystem } from './support/systems.ts';

describe('the formula of the system fixtures', () => {
  it("gives the README's numbers", () => {
    const shape = [4];
    const rough = { shape, scale: 0.5, offset: 1 };
    expect([...draw('a', rough)]).toEqual([
      0.6035261750221252, 0.984540581703186, 1.3156927824020386, 1.3618067502975464,
    ]);
    expect([...draw('pix2pixhd_global_instance/param.model.1.weight', rough)]).toEqual([
      0.5639616250991821, 1.2790467739105225, 1.3654369115829468, 1.3091511726379395,
    ]);
    expect([...draw('a', { shape, signs: 0.5 })]).toEqual([-0.5, -0.5, 0.5, 0.5]);
    const rows = [
      [0, 0, 1, 1, 3, 3],
      [0, 0, 1, 1, 3, 3],
      [3, 3, 3, 3, 1, 1],
      [3, 3, 3, 3, 1, 1],
      [0, 0, 1, 1, 2, 2],
    ];
    expect([...draw('a', { shape: [1, 1, 5, 6], identifiers: 4, cell: 2 })]).toEqual(rows.flat());
  });

  const names = readdirSync(new URL('fixtures/systems/', import.meta.url)).filter(
    (name) => !name.endsWith('.md'),
  );
  it.each(names)('%s: everything given has its size, and every result is there once', (name) => {
    const fixture = readSystem(name);
    for (const { shape, values } of Object.values(fixture.givenUnder(''))) {
      expect(values.length).toBe(shape.reduce((product, size) => product * size, 1));
      expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(fixture.results.length).toBeGreaterThan(0);
    expect(new Set(fixture.results).size).toBe(fixture.results.length);
  });
});
