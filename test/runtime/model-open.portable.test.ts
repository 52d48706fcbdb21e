/** Tests the ways to open a model: from a file, JSON, a text with imports, a run. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSafetensors } from '../../runtime/weights/safetensors.ts';
import { openRun, openSpec, openText, check, readTensors } from '../../runtime/index.ts';
import type { OfficialTensors } from '../../runtime/model/types.ts';
import { makeTinyExperiment, removeFolder, tinySpec, trainText } from '../support/tiny-experiment.ts';

const engine = 'portable';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spadework-open-'));
});
afterAll(() => removeFolder(folder));

describe('openSpec', () => {
  it('reads a text and a spec as JSON alike', async () => {
    const text = join(folder, 'tiny.spade');
    writeFileSync(text, tinySpec());
    const { spec, problems } = check({ text: tinySpec() });
    expect(problems).toEqual([]);
    const json = join(folder, 'tiny.json');
    writeFileSync(json, JSON.stringify(spec));
    const [first, second] = [await openSpec(text, { engine }), await openSpec(json, { engine })];
    expect(second.variables).toEqual(first.variables);
    expect(await second.read()).toEqual(await first.read());
    await first.dispose();
    await second.dispose();
  });

  it('names a file that it cannot read', async () => {
    await expect(openSpec(join(folder, 'none.spade'))).rejects.toThrow(SpadeworkError);
    await expect(openSpec(join(folder, 'none.spade'))).rejects.toMatchObject({
      code: 'unreadable-file',
      problems: [{ notes: ['found: there is no such file', expect.any(String)] }],
    });
  });

  it.each(['a\0b', ''])('and its like take no path such as %j', async (path) => {
    for (const open of [openSpec, openRun, readTensors]) {
      const opening = open(path);
      await expect(opening).rejects.toBeInstanceOf(SpadeworkError);
      await expect(opening).rejects.toMatchObject({
        code: 'wrong-argument',
        problems: [{ notes: [`found: ${JSON.stringify(path)}`, expect.any(String)] }],
      });
    }
  });

  it('starts networks from the weights that they load, relative to the spec', async () => {
    const kernel = Float32Array.from({ length: 3 * 3 * 3 * 2 }, (_, i) => i / 10);
    mkdirSync(join(folder, 'weights'));
    await writeSafetensors(
      join(folder, 'weights', 'v.safetensors'),
      [
        { name: 'c.weight', shape: [2, 3, 3, 3] },
        { name: 'c.bias', shape: [2] },
      ],
      [kernel, Float32Array.of(5, 6)],
    );
    const file = join(folder, 'loading.spade');
    const loading = tinySpec()
      .replace('experiment tiny', 'network V(image: Image) { return image |> conv(2) as c }\nexperiment tiny')
      .replace('let D', 'let W = V()\n  load W from "weights/v.safetensors"\n  let D');
    writeFileSync(file, loading);
    const model = await openSpec(file, { engine });
    expect([...(await model.read(['W.c.bias']))['W.c.bias']!.values]).toEqual([5, 6]);
    expect((await model.readOfficial({ network: 'W' }))['c.weight']!.values).toEqual(kernel);
    await model.dispose();
    writeFileSync(file, loading.replace('v.safetensors', 'w.safetensors'));
    await expect(openSpec(file, { engine })).rejects.toThrow(SpadeworkError);
    const bare = await openSpec(file, { engine, weights: false });
    expect([...(await bare.read(['W.c.bias']))['W.c.bias']!.values]).toEqual([0, 0]);
    await bare.dispose();
  });
});

describe('openText', () => {
  const text =
    'use "mine.spade" { Twice }\nnetwork A(x: Image) { return Twice(x) }\nnetwork B(x: Image) { return x }';
  const provider = {
    libraryModules: ['prelude'],
    library: (module: string) => (module === 'prelude' ? { name: 'prelude', text: '' } : undefined),
    file: (path: string) => ({ name: path, text: 'block Twice(x) { return 2 * x }' }),
  };

  it('reads imports by the provider, and opens the network asked for', async () => {
    const inputs = { x: { kind: 'tensor', shape: [1, 1, 2] } } as const;
    const model = await openText(text, { engine, provider, network: 'A', inputs });
    expect(model.networks.map(({ name }) => name)).toEqual(['A']);
    expect([...(await model.forward('A', { x: [1, 2] })).outputs['output']!.values]).toEqual([2, 4]);
    await model.dispose();
  });

  it('gives a lone network its settings and inputs, and knows no others', async () => {
    const generators = fileURLToPath(new URL('../../specs/generators.spade', import.meta.url));
    const seg = { kind: 'labels', width: 32, height: 32, classes: 3, edges: false } as const;
    const options = { engine, network: 'SpadeGenerator', inputs: { seg } } as const;
    const model = await openSpec(generators, { ...options, settings: { width: 2 } });
    const kernel = model.variables.find(({ name }) => name === 'SpadeGenerator.fc.weight');
    expect(kernel?.shape).toEqual([3, 3, 3, 32]);
    await model.dispose();
    await expect(openSpec(generators, { ...options, settings: { wide: 2 } })).rejects.toMatchObject({
      problems: [{ code: 'unknown-argument' }],
    });
    await expect(openSpec(generators, { ...options, inputs: { segs: seg } })).rejects.toMatchObject({
      code: 'unknown-input',
      hint: "did you mean 'seg'?",
    });
  });

  it('knows the names and choices of its options, and those of calls', async () => {
    const one = 'network Same(x: Image) { return x }';
    const untyped = (options: object) => openText(one, { engine, ...options });
    await expect(untyped({ input: {} })).rejects.toMatchObject({
      code: 'unknown-option',
      hint: "did you mean 'inputs'?",
    });
    await expect(untyped({ engine: 'gpu' })).rejects.toMatchObject({
      code: 'unknown-choice',
      problems: [{ notes: ["found: 'gpu'", 'expected: one of auto, native, portable'] }],
    });
    const model = await openText(one, { engine, inputs: { x: { kind: 'tensor', shape: [1, 1, 2] } } });
    const call = (options: object) => model.forward('Same', { x: [1, 2] }, options);
    await expect(call({ train: true })).rejects.toThrow(
      expect.objectContaining({ code: 'unknown-option' }) as Error,
    );
    await expect(call({ layout: 'nchw' })).rejects.toThrow(
      expect.objectContaining({ code: 'unknown-choice' }) as Error,
    );
    const flat = { 'fc.weight': Float32Array.of(1) } as unknown as OfficialTensors;
    await expect(model.writeOfficial(flat, { network: 'Same' })).rejects.toThrow(
      "the official 'fc.weight' is no tensor",
    );
    await model.dispose();
  });

  it('carries all mistakes of a text', async () => {
    const wrong = openText('network L(x: Image) { return y + z }', { engine, name: 'wrong.spade' });
    await expect(wrong).rejects.toThrow(SpadeworkError);
    await expect(wrong).rejects.toThrow('wrong.spade:1:30');
    await expect(wrong).rejects.toMatchObject({
      problems: [{ code: 'unknown-name' }, { code: 'unknown-name' }],
    });
    expect(check({ text: 'network L(x: Image) { return y }' }).spec).toBeUndefined();
  });
});

describe('openRun', () => {
  it('opens what a run has learned, at its last step or an earlier one', async () => {
    const tiny = await makeTinyExperiment();
    try {
      const out = join(tiny.folder, 'run');
      await trainText(tinySpec(), tiny.spec, { out, engine });
      const last = await openRun(out, { engine });
      const early = await openRun(out, { engine, checkpoint: 4 });
      expect([last.steps, early.steps]).toEqual([6, 4]);
      const weight = 'G.conv_img.weight';
      expect(await last.read([weight])).not.toEqual(await early.read([weight]));
      const labels = new Int32Array(32 * 32);
      const { picture } = (await last.synthesize({ labels })).outputs;
      expect(picture?.shape).toEqual([1, 32, 32, 3]);
      // Training continues from the run's step.
      await early.step({ labels, real: new Float32Array(32 * 32 * 3) });
      expect(early.steps).toBe(5);
      await last.dispose();
      await early.dispose();
      await expect(openRun(out, { engine, checkpoint: 3 })).rejects.toMatchObject({ code: 'no-checkpoint' });
      await expect(openRun(tiny.folder, { engine })).rejects.toThrow(SpadeworkError);
    } finally {
      removeFolder(tiny.folder);
    }
  });
});
