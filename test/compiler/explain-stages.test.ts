/** Tests what `explain --ir` prints: the graph after every stage reads back, and means the same. */
import { describe, expect, it } from 'vitest';
import { passes } from '../../compiler/index.ts';
import { graphStages, printStage, stageNames, type StageSettings } from '../../compiler/explain/stages.ts';
import { printMethod } from '../../compiler/ir/print.ts';
import { parseMethods } from '../../compiler/ops/parse.ts';
import { cpu } from '../../compiler/lower/targets.ts';
import { mapInputs } from '../../runtime/session/feeds.ts';
import { specOf } from '../support/specs.ts';
import { tinySpec } from '../support/tiny-experiment.ts';

const spec = specOf(tinySpec());
const settings: StageSettings = {
  target: cpu,
  batch: 2,
  tables: () => true,
  painting: { method: 'synthesize', isMap: (input) => mapInputs.includes(input) },
};
const stages = graphStages(spec, settings);

it('the stages are those of compiler/index.ts', () => {
  expect(stageNames).toEqual([
    'spec',
    'build',
    ...passes.forward.map(({ name }) => name),
    'differentiate',
    'update',
    ...passes.partition.map(({ name }) => name),
    ...passes.finish.map(({ name }) => name),
    'plan',
  ]);
  expect(stages.map(({ name }) => name)).toEqual(stageNames.slice(1, -1));
});

describe.each(stages.map((stage) => [stage.name, stage] as const))('after %s', (_name, { methods }) => {
  it('there are graphs whose text reads back', () => {
    expect(methods.length).toBeGreaterThan(0);
    const text = methods.map(printMethod).join('\n\n');
    expect(parseMethods(text).map(printMethod).join('\n\n')).toBe(text);
  });
});

describe('what is printed', () => {
  const linesOf = (stage: string): string[] => printStage(spec, stage, settings)!.split('\n');

  it('is the graph after the stage alone, a method for each objective before the update', () => {
    const methodsIn = (stage: string): string[] =>
      linesOf(stage).filter((line) => line.startsWith('method '));
    expect(methodsIn('propagate-concat')).toEqual(['method step/G', 'method step/D', 'method synthesize']);
    expect(methodsIn('update')).toEqual(['method step', 'method synthesize']);
    expect(linesOf('fuse-pointwise').some((line) => line.includes('= fused '))).toBe(true);
    expect(linesOf('simplify-algebra').some((line) => line.includes('= fused '))).toBe(false);
  });

  it('begins with the spec and ends with the plan', () => {
    expect(JSON.parse(printStage(spec, 'spec', settings)!)).toEqual(JSON.parse(JSON.stringify(spec)));
    expect(printStage(spec, 'plan', settings)).toContain('SpadeworkFused');
  });

  it('sums up what each pass did', () => {
    const rows = linesOf('passes').map((line) => line.trim().split(/\s+/));
    expect(rows[0]).toEqual(['nodes', 'before', 'after', 'new']);
    const made = new Map(rows.slice(1).map(([name, , , count]) => [name, Number(count)]));
    for (const pass of ['deduplicate-patches', 'propagate-concat', 'fuse-pointwise'])
      expect(made.get(pass), pass).toBeGreaterThan(0);
  });

  it('is nothing for a stage that there is not, or that nothing of the spec comes to', () => {
    expect(printStage(spec, 'lowering', settings)).toBeUndefined();
    const criticAlone = {
      ...spec,
      networks: spec.networks.filter(({ name }) => name !== 'G'),
      objectives: [],
    };
    expect(printStage(criticAlone, 'partition-by-dependency', settings)).toBeUndefined();
  });
});
