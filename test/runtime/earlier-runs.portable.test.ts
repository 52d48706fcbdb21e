/**
 * Tests runs that earlier versions made: they open, resume, and exchange weights with current networks. One is from when
 * `sync_batch` was a block around `batch`, so that its variables' names have one more level. Files of other formats are refused.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { check, checkAblation, checkJson, diffSpecs, type Spec } from '../../compiler/index.ts';
import { planRuns } from '../../runtime/ablate/plan.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import * as library from '../../runtime/index.ts';
import type { Model, Tensor } from '../../runtime/index.ts';
import type { EvalRecord } from '../../runtime/evaluate/record.ts';
import { exportWeights, importWeights } from '../../runtime/exchange/exchange.ts';
import { resume } from '../../runtime/train/train.ts';
import { synth } from '../../runtime/synthesize/synthesize.ts';
import { loadWeights } from '../../runtime/run/weights.ts';
import { loadMapping } from '../../runtime/weights/load-mapping.ts';
import { matchWeights } from '../../runtime/weights/match.ts';
import { openWeights } from '../../runtime/weights/file.ts';
import { makeTinyExperiment, removeFolder } from '../support/tiny-experiment.ts';

const fixture = fileURLToPath(new URL('../fixtures/earlier/before_alias/', import.meta.url));
const text = readFileSync(join(fixture, 'source.spade'), 'utf8');
const engine = 'portable';

let folder: string;
let run: string;
let count = 0;
const variablesOf = (of: string, step: number): string =>
  join(of, 'checkpoints', `step-00000${step}`, 'variables.safetensors');

/** The run's text, parsed by the current version; `changes` are applied to the text. */
function today(...changes: readonly (readonly [string, string])[]): { spec: Spec; sources: [] } {
  const changed = changes.reduce((all, [from, to]) => all.replace(from, to), text);
  const { spec, diagnostics } = check({ name: join(folder, 'today.spade'), text: changed }, fileProvider(), {
    name: 'before',
  });
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return { spec, sources: [] };
}

/** The run's own spec, with the local path of the data. */
function specOfRun(): Spec {
  const { spec } = checkJson({ name: 'spec.json', text: readFileSync(join(run, 'spec.json'), 'utf8') });
  if (!spec) throw new Error('the spec of the run is sound');
  return spec;
}

const paint = async (model: Model): Promise<Tensor> => {
  const labels = Uint8Array.from({ length: 32 * 32 }, (_, i) => i % 3);
  return (await model.forward('G', { seg: labels }, { training: false })).outputs['output']!;
};

beforeAll(async () => {
  ({ folder } = await makeTinyExperiment());
});
afterAll(() => removeFolder(folder));
beforeEach(() => {
  run = join(folder, `run-${count++}`);
  cpSync(fixture, run, { recursive: true });
});

/** [current name, name in the run] of the norms' variables. */
const renamed: Readonly<Record<string, string>> = {
  'up_0.norm_0.param_free_norm.running_mean': 'up_0.norm_0.param_free_norm.batch.running_mean',
  'norm_1.running_var': 'norm_1.batch.running_var',
  'norm_1.affine.weight': 'norm_1.batch.affine.weight',
  'batch.running_mean': 'sync_batch.batch.running_mean',
  'batch_2.running_mean': 'sync_batch_2.batch.running_mean',
  'inner.batch.running_var': 'inner.sync_batch.batch.running_var',
  'inner.batch.affine.bias': 'inner.sync_batch.batch.affine.bias',
};

describe('a run with the longer names', () => {
  it('is the same experiment as today, under other names', () => {
    const [before, after] = [specOfRun(), today().spec].map(({ networks }) =>
      networks[0]!.variables.map(({ name }) => name),
    );
    expect(before).toEqual(expect.arrayContaining(Object.values(renamed)));
    expect(after).toEqual(expect.arrayContaining(Object.keys(renamed)));
    const { sections } = diffSpecs(specOfRun(), { ...today().spec, data: specOfRun().data! });
    expect(sections).toEqual([]);
  });

  it('goes on and paints as it is', async () => {
    const data = join(folder, 'data');
    await resume({ folder: run, steps: 3, data, engine });
    const { tensors } = await openWeights(variablesOf(run, 3));
    expect([...tensors.keys()]).toContain('G.norm_1.batch.running_mean');
    const labels = join(data, 'test-labels');
    const { page } = await synth({ run, labels, out: join(run, 'painted'), engine, command: 'synth' });
    expect(readFileSync(page, 'utf8')).toContain('test0');
  });

  it('gives official names, and takes them', async () => {
    const file = join(run, 'net_G.safetensors');
    await exportWeights({ run, network: 'G', mapping: 'spade', out: file });
    const names = [...(await openWeights(file)).tensors.keys()];
    expect(names).toContain('up_0.norm_0.param_free_norm.running_mean');
    expect(names.filter((name) => /^up_0.*\.batch\./.test(name))).toEqual([]);
    const { report } = await importWeights({ run, network: 'G', mapping: 'spade', file });
    expect(report).toMatchObject({ missing: [], leftOver: [], otherShape: [] });
  });

  it('gives its checkpoint to a network of today, and takes one', async () => {
    const file = variablesOf(run, 2);
    const options = { network: 'G', mapping: 'spadework', command: 'import' } as const;
    const out = join(run, 'today');
    const { report } = await importWeights({ ...options, ...today(), file, out });
    expect(report).toMatchObject({ missing: [], leftOver: [], otherShape: [] });
    const [before, after] = [await library.openRun(run, { engine }), await library.openRun(out, { engine })];
    expect(await paint(after)).toEqual(await paint(before));
    for (const model of [before, after]) await model.dispose();
    const back = await importWeights({ ...options, run, file: variablesOf(out, 0) });
    expect(back.report).toMatchObject({ missing: [], leftOver: [], otherShape: [] });
  });

  it('is loaded by a spec of today', async () => {
    const load = (path: string, naming: string): readonly [string, string] => [
      '  loss G = l1()',
      `  load G from "${path}"${naming}\n  loss G = l1()`,
    ];
    const exported = join(run, 'ours.safetensors');
    await exportWeights({ run, network: 'G', out: exported });
    const checkpoint = await openWeights(variablesOf(run, 2));
    for (const [path, naming] of [
      [variablesOf(run, 2), ' naming "spadework"'],
      [exported, ''],
    ] as const) {
      const loaded = await loadWeights(today(load(path, naming)).spec);
      for (const [name, old] of Object.entries(renamed))
        expect(loaded.get(`G.${name}`), name).toEqual(checkpoint.read(`G.${old}`));
    }
  });

  it('stays planned in an ablation', async () => {
    const source = { name: join(folder, 'before.spade'), text };
    const { ablation, sources } = checkAblation(source, fileProvider());
    const [own] = ablation!.runs;
    const options = { sources, base: folder, folder: `${run}-ablation` };
    const old = { ...own!, spec: { ...specOfRun(), data: own!.spec.data! } };
    await planRuns({ ...options, ablation: { ...ablation!, runs: [old] } });
    const { runs } = await planRuns({ ...options, ablation: { ...ablation!, runs: [own!] } });
    expect(runs.map(({ state }) => state)).toEqual(['waiting']);
    const other = { ...own!, spec: today(['hidden: 2)) ->', 'hidden: 4)) ->']).spec };
    await expect(planRuns({ ...options, ablation: { ...ablation!, runs: [other] } })).rejects.toThrow(
      'changed',
    );
  });
});

describe('names of another version', () => {
  it('are looked for where the own one is missing, and never taken from another variable', () => {
    const shape = [1];
    const variables = ['a.running_mean', 'a.batch.running_mean'].map((name) => ({ name, shape }));
    const fileOf = (...names: string[]) => ({
      path: 'file',
      format: 'memory',
      tensors: new Map(names.map((name) => [name, { shape, dtype: 'F32' }])),
      unread: new Map(),
      read: (name: string) => Float32Array.of(names.indexOf(name)),
    });
    const match = (...names: string[]) => matchWeights(variables, fileOf(...names), loadMapping('spadework'));
    const exact = match('a.running_mean', 'a.batch.running_mean');
    expect(exact.report.matched.map(({ official }) => official)).toEqual([
      'a.running_mean',
      'a.batch.running_mean',
    ]);
    expect(match('a.batch.running_mean').report.missing.map(({ ours }) => ours)).toEqual(['a.running_mean']);
  });
});

describe('a run of version 0.2', () => {
  const folderOf = fileURLToPath(new URL('../fixtures/earlier/version_0_2/', import.meta.url));

  beforeEach(() => {
    rmSync(run, { recursive: true });
    cpSync(folderOf, run, { recursive: true });
  });

  it('has the spec that its text gives today', () => {
    const spec = readFileSync(join(run, 'spec.json'), 'utf8');
    const source = { name: 'tiny.spade', text: readFileSync(join(run, 'source.spade'), 'utf8') };
    const today = check(source, fileProvider(), { sets: ['train.steps = 2'] }).spec!;
    const { sections } = diffSpecs(JSON.parse(spec) as Spec, today);
    expect(sections).toEqual([]);
  });

  it('opens, paints, goes on, and is measured and compared', async () => {
    const data = join(folder, 'data');
    const model = await library.openRun(run, { engine });
    const labels = Uint8Array.from({ length: 32 * 32 }, (_, i) => i % 3);
    expect((await model.synthesize({ labels })).outputs['picture']?.shape).toEqual([1, 32, 32, 3]);
    await model.dispose();
    expect(await library.resume(run, { steps: 3, data, engine })).toMatchObject({ steps: 3, stepsNow: 1 });
    const record = await library.evaluate(run, { engine, limit: 1 });
    const [kept] = readdirSync(join(folderOf, 'eval')).filter((name) => name.endsWith('.json'));
    const before = JSON.parse(readFileSync(join(folderOf, 'eval', kept!), 'utf8')) as EvalRecord;
    expect(record.metrics.map(({ name }) => name)).toEqual(before.metrics.map(({ name }) => name));
    const other = `${run}-other`;
    cpSync(run, other, { recursive: true });
    const { page } = await library.compare([run, other], { out: `${run}-compared` });
    expect(readFileSync(page, 'utf8')).toContain('<html');
  });
});

describe('what another version wrote', () => {
  it.each([
    ['spec.json', '"format":"spadework/1"', '"format":"spadework/2"', 'npm install spadework@latest'],
    ['checkpoints/step-000002/state.json', 'checkpoint/1', 'checkpoint/9', 'npm install spadework@latest'],
    ['checkpoints/step-000002/state.json', '"spadework/1"', '"spadework/0"', 'CHANGELOG.md'],
  ])('%s with %s as %s is refused with what to do', async (file, own, foreign, hint) => {
    const path = join(run, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(own);
    writeFileSync(path, text.replace(own, foreign));
    await expect(library.resume(run, { engine })).rejects.toMatchObject({
      code: 'other-version',
      hint: expect.stringContaining(hint) as string,
    });
  });
});
