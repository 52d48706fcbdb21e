/** Tests overrides of a spec from the command line: the result must be a valid spec. */
import { describe, expect, it } from 'vitest';
import { check, checkJson } from '../../compiler/index.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { overrideSpec } from '../../runtime/run/settings.ts';
import { tinySpec } from '../support/tiny-experiment.ts';

describe('a number of steps', () => {
  it('replaces epochs and the decay that counts them', () => {
    const text = tinySpec({ train: 'epochs: 4, decay_from: 2, seed: 7' });
    const { spec, diagnostics } = check({ name: 'tiny.spade', text }, fileProvider());
    expect(diagnostics).toEqual([]);
    const changed = overrideSpec(spec!, '.', { steps: 3 });
    expect(changed.train).toMatchObject({ steps: 3, seed: 7 });
    const again = checkJson({ name: 'spec.json', text: JSON.stringify(changed) });
    expect(again.diagnostics).toEqual([]);
  });
});
