/** Tests profiles on any engine with a tiny experiment. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../compiler/index.ts';
import { profileStep, type ProfiledStep } from '../../runtime/profile/run.ts';
import type { Part } from '../../runtime/profile/profile.ts';
import { writeProfilePage } from '../../runtime/profile/page.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { makeTinyExperiment, removeFolder } from './tiny-experiment.ts';

/** Tests profiles of a step with an undivided batch, and of one with a batch in parts. */
export function testProfilesOn(engine: 'native' | 'portable'): void {
  describe.each([
    ['in one piece', 'steps: 6'],
    ['in parts', 'steps: 6, accumulate: 2'],
  ])('a profile of a step %s', (_, train) => {
    let folder: string;
    let found: ProfiledStep;
    const totalOf = (parts: readonly Part[]): number => parts.reduce((sum, { total }) => sum + total, 0);

    beforeAll(async () => {
      const made = await makeTinyExperiment({ train });
      folder = made.folder;
      const { spec, sources } = check(
        { name: made.spec, text: readFileSync(made.spec, 'utf8') },
        fileProvider(),
      );
      found = await profileStep({ spec: spec!, sources, engine, steps: 2, warmup: 1 });
    });
    afterAll(() => removeFolder(folder));

    it('gives all the time of kernels to lines, to ops and to blocks, and no more than passed', () => {
      const { lines, ops, blocks, kernelMs, tracedMs, stepMs } = found.profile;
      expect(kernelMs).toBeGreaterThan(0);
      expect(kernelMs).toBeLessThanOrEqual(tracedMs);
      expect(stepMs).toBeGreaterThan(0);
      expect(totalOf(lines)).toBeCloseTo(kernelMs, 6);
      expect(totalOf(ops)).toBeCloseTo(kernelMs, 6);
      expect(blocks.total).toBeCloseTo(kernelMs, 6);
    });

    it('knows of all that is computed what it is for', () => {
      const engine = found.profile.blocks.parts.find(({ name }) => name === 'the engine itself')!;
      const itsOwn = engine.parts.map(({ name }) => name).filter((name) => !/^_|Op$/.test(name));
      const known = ['constant', 'input', 'read', 'Const', 'Identity'];
      expect(itsOwn.filter((name) => !known.includes(name))).toEqual([]);
      const { lines } = found.profile;
      const scopes = lines.flatMap(({ place, text }) => (place ? [] : [text]));
      const whole = /^(optimize|loss) [GD]$/;
      expect(scopes.filter((text) => !whole.test(text)).sort()).toEqual(['G', 'the engine itself']);
    });

    it('books convolutions and their gradients where they are written, not in the prelude', () => {
      const { lines } = found.profile;
      expect(lines.filter(({ place }) => place?.source.name === 'specs/prelude.spade')).toEqual([]);
      const gamma = lines.find(({ text }) => text.startsWith('gamma = '));
      expect(gamma?.place?.source.name).toBe('specs/norms.spade');
      expect(gamma?.times.forward).toBeGreaterThan(0);
      expect(gamma?.times.backward).toBeGreaterThan(0);
      expect(gamma?.times.update).toBe(0);
    });

    it('books updates by network', () => {
      const updates = found.profile.lines.filter(({ times }) => times.update > 0);
      expect(updates.map(({ text }) => text).sort()).toEqual(['optimize D', 'optimize G']);
    });

    it('nests blocks as the networks do', () => {
      const { blocks } = found.profile;
      const generator = blocks.parts.find(({ name }) => name === 'G')!;
      const block = generator.parts.find(({ name }) => name === 'up_0')!;
      const norm = block.parts.find(({ name }) => name === 'norm_0')!;
      expect(norm.parts.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['mlp_shared', 'mlp_gamma', 'mlp_beta']),
      );
      for (const { total, parts } of [blocks, generator, block, norm])
        expect(parts.reduce((sum, part) => sum + part.total, 0)).toBeCloseTo(total, 6);
    });

    it('makes a page that needs nothing beside it', async () => {
      const page = await writeProfilePage(join(folder, 'out', 'profile.html'), found.profile, {
        title: 'a <step>',
        facts: [{ name: 'Engine', value: found.engine }],
        command: 'spadework profile tiny.spade',
      });
      const text = readFileSync(page, 'utf8');
      expect(text).not.toMatch(/<(link|img)\b|https?:/);
      const { document } = parseHTML(text);
      expect(document.querySelector('h1')?.textContent).toBe('a <step>');
      const boxes = Array.from(document.querySelectorAll('.flame button'));
      expect(boxes.some((box) => /^G \/ up_0 \/ norm_0: /.test(box.getAttribute('title') ?? ''))).toBe(true);
      expect(document.querySelectorAll('#lines tbody tr').length).toBe(found.profile.lines.length);
      expect(document.querySelectorAll('#ops tbody tr').length).toBe(found.profile.ops.length);
    });
  });
}
