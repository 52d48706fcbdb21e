/** Tests that every shipped ablation expands, that its cells compile, and that they differ. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkAblation, compile } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { cpu } from '../../compiler/lower/targets.ts';

const folder = fileURLToPath(new URL('../../examples/ablations', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.spade'));

describe.each(files)('%s', (name) => {
  const source = { name: join(folder, name), text: readFileSync(join(folder, name), 'utf8') };

  it('expands without a remark, and every cell compiles to a step of its own', { timeout: 120_000 }, () => {
    // Smaller than shipped: the test is about compiling, not about speed.
    const sets = ['data.size = 64x64', 'D.width = 4'];
    const { ablation, diagnostics } = checkAblation(source, fileProvider(), { sets });
    expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
    const cells = ablation!.runs.filter(({ seed }) => seed === ablation!.seeds[0]);
    expect(cells.length).toBeGreaterThan(1);
    expect(ablation!.runs).toHaveLength(cells.length * 3);
    for (const { spec } of cells) {
      const { methods } = compile(spec, { target: cpu, batch: spec.data!.batch, methods: ['step'] });
      expect(methods.map((method) => method.name)).toContain('step');
    }
    const meanings = cells.map(({ spec: { networks, objectives, train } }) =>
      JSON.stringify([networks, objectives, train], (key, value: unknown) =>
        key === 'at' ? undefined : value,
      ),
    );
    expect(new Set(meanings).size).toBe(cells.length);
  });
});
