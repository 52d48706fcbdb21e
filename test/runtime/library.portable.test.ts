/** Tests that the library does what commands do: a program checks, trains, resumes, paints, measures, compares and ablates. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ablate,
  check,
  compare,
  compile,
  cpu,
  evaluate,
  lower,
  resume,
  synthesize,
  train,
} from '../../runtime/index.ts';
import { makeTinyExperiment, removeFolder, tinySpec } from '../support/tiny-experiment.ts';

const engine = 'portable';
let folder: string;
let file: string;

beforeAll(async () => {
  ({ folder, spec: file } = await makeTinyExperiment());
  writeFileSync(file, tinySpec({ light: true, test: true }));
});
afterAll(() => removeFolder(folder));

describe('check', () => {
  it('gives mistakes as data, with their range and the edit that mends them', () => {
    const text = 'network L(x: Image) {\n  return x |> rellu\n}';
    const { spec, problems } = check({ text, name: 'mine.spade' });
    expect(spec).toBeUndefined();
    expect(problems).toMatchObject([
      {
        code: 'unknown-name',
        severity: 'error',
        hint: "did you mean 'relu'?",
        place: {
          file: 'mine.spade',
          line: 2,
          column: 15,
          range: { start: { line: 2, column: 15, offset: 36 }, end: { line: 2, column: 20, offset: 41 } },
        },
        fix: [{ file: 'mine.spade', start: 36, end: 41, text: 'relu' }],
      },
    ]);
    expect(JSON.parse(JSON.stringify(problems))).toEqual(problems);
  });

  it('takes changes by path, and a file of JSON', () => {
    const { spec } = check(file, { set: ['data.batch = 1'] });
    expect(spec?.data?.batch).toBe(1);
    const json = join(folder, 'spec.json');
    writeFileSync(json, JSON.stringify(spec));
    expect(check(json).spec).toEqual(spec);
  });
});

it('compile and lower give a graph of TensorFlow for each method', () => {
  const { spec } = check(file);
  const program = compile(spec!, { target: cpu, batch: 1 });
  expect([...lower(program, { target: cpu }).methods.keys()]).toContain('synthesize');
});

it('an experiment goes from its file to a comparison', async () => {
  const [run, other] = [join(folder, 'run'), join(folder, 'other')];
  const stop = new AbortController();
  const heard: number[] = [];
  const stopped = await train(file, {
    engine,
    out: run,
    steps: 3,
    signal: stop.signal,
    observer: {
      stepped: ({ step }) => {
        heard.push(step);
        stop.abort();
      },
    },
  });
  expect([stopped.status, stopped.steps, heard]).toEqual(['stopped', 1, [1]]);
  expect(await resume(run, { engine })).toMatchObject({ status: 'finished', steps: 3, folder: run });
  await train(check(file, { set: ['train.seed = 7'] }), { engine, out: other, steps: 3 });

  const labels = join(folder, 'data', 'labels');
  const painted: number[] = [];
  const out = join(folder, 'painted');
  const { pictures } = await synthesize(run, {
    engine,
    labels,
    out,
    observer: { painted: (done) => painted.push(done) },
  });
  expect(pictures).toHaveLength(readdirSync(labels).length);
  expect(painted.at(-1)).toBe(pictures.length);
  const aborted = new AbortController();
  aborted.abort(new Error('enough'));
  const call = synthesize(run, { engine, labels, out: join(folder, 'never'), signal: aborted.signal });
  await expect(call).rejects.toThrow('enough');
  expect(existsSync(join(folder, 'never', 'index.html'))).toBe(false);

  for (const one of [run, other])
    expect(await evaluate(one, { engine, limit: 1 })).toMatchObject({
      protocol: expect.anything() as object,
    });
  const { page, verdict } = await compare([run, other], { out: join(folder, 'compared') });
  expect(readFileSync(page, 'utf8')).toContain('<html');
  expect(verdict.length).toBeGreaterThan(0);
}, 120_000);

it('an ablation is planned, trained and compared', async () => {
  const ablation = `${tinySpec({ light: true, test: true })}\nablation rates of tiny { optimize.G.rate in [1e-4, 2e-4] seeds: 1 }`;
  const text = join(folder, 'ablation.spade');
  writeFileSync(text, ablation);
  const planned: number[] = [];
  const out = join(folder, 'ablation');
  const { record, page } = await ablate(text, {
    engine,
    out,
    steps: 1,
    observer: { planned: ({ runs }) => planned.push(runs.length) },
  });
  expect(planned).toEqual([2]);
  expect(record.runs.map(({ state }) => state)).toEqual(['done', 'done']);
  expect(page).toBe(join(out, 'comparison', 'index.html'));
}, 240_000);
