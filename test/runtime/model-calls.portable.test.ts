/** Tests wrong calls of the library: each throws a SpadeworkError with a full explanation, before anything changes. */
import { SpadeworkError } from '../../dsl/errors.ts';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ablate,
  check,
  compare,
  evaluate,
  openRun,
  openSpec,
  openText,
  readTensors,
  splitSemantics,
  synthesize,
  train,
  type InputDeclaration,
  type Model,
} from '../../runtime/index.ts';
import { tinySpec } from '../support/tiny-experiment.ts';
import {
  classes,
  latent,
  side,
  wrongFeeds,
  wrongOptions,
  wrongVariables,
  type WrongCall,
} from '../support/wrong-calls.ts';

const engine = 'portable';
const pixels = side * side;

/** Gives the error of a call, thrown or rejected. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

function expectMistake(error: unknown, code: string, parts: readonly string[]): void {
  expect(error).toBeInstanceOf(SpadeworkError);
  const { code: found, message, call } = error as SpadeworkError;
  expect([found, message.startsWith(`${call}: `)], message).toEqual([code, true]);
  for (const part of ['\nfound: ', '\nexpected: ', '\nhint: ', ...parts]) expect(message).toContain(part);
}

describe('wrong calls of a model', () => {
  let model: Model;
  let before: { readonly steps: number; readonly values: unknown };
  const state = async () => ({
    steps: model.steps,
    values: await model.read(model.variables.map(({ name }) => name)),
  });
  beforeAll(async () => {
    model = await openText(tinySpec({ latent: true }), { engine });
    // Optimizers have slots only after a step.
    await model.step({ labels: new Uint8Array(pixels), real: new Float32Array(3 * pixels) });
    before = await state();
  });
  afterAll(() => model.dispose());

  const refuse = async ([call, code, ...parts]: WrongCall): Promise<void> =>
    expectMistake(await errorOf(() => call(model as never)), code, parts);

  it.each(wrongFeeds.map((row) => [row]))('feeds: %s', refuse);
  it.each(wrongOptions.map((row) => [row]))('options and arguments: %s', refuse);
  it.each(wrongVariables.map((row) => [row]))('variables: %s', refuse);

  it('change nothing', async () => {
    expect(await state()).toEqual(before);
  });

  it('are refused by their kind after dispose', async () => {
    const gone = await openText('network L(x: Image) { return x }', {
      engine,
      inputs: { x: { kind: 'tensor', shape: [1, 1, 2] } },
    });
    await gone.dispose();
    const calls: readonly (() => unknown)[] = [
      () => gone.forward('L', { x: [1, 2] }),
      () => gone.gradients('L', { x: [1, 2] }, [1, 2]),
      () => gone.loss('L', {}),
      () => gone.step({}),
      () => gone.synthesize({}),
      () => gone.encode({}),
      () => gone.read(),
      () => gone.write({}),
      () => gone.readOfficial({ network: 'L' }),
      () => gone.writeOfficial({}, { network: 'L' }),
      () => gone.toOfficial({}, { network: 'L' }),
      () => gone.inputs('forward/L'),
      () => gone.outputs('forward/L'),
    ];
    for (const call of calls) expectMistake(await errorOf(call), 'disposed', ['was disposed of']);
  });

  it('leave right ones as they are: cotangents and gradients of a network without parameters', async () => {
    const text = 'network L(x: Image) { return [stop_gradient(x), x * 2] }';
    const fixed = await openText(text, { engine, inputs: { x: { kind: 'tensor', shape: [1, 1, 2] } } });
    try {
      expect(fixed.inputs('gradients/L').map(({ name }) => name)).toEqual([
        'x',
        'cotangent/1',
        'cotangent/0',
      ]);
      const { gradients } = await fixed.gradients(
        'L',
        { x: [1, 2] },
        { 'output/0': [5, 5], 'cotangent/1': [1, 3] },
      );
      expect([...gradients['x']!.values]).toEqual([2, 6]);
      expect(fixed.toOfficial(gradients, { network: 'L' })).toEqual({});
      expectMistake(
        await errorOf(() => fixed.gradients('L', { x: [1, 2] }, { 'output/0': [5] })),
        'wrong-length',
        ["'cotangent/0'"],
      );
      expectMistake(
        await errorOf(() => fixed.gradients('L', { x: [1, 2] }, { 'output/2': [5, 5] })),
        'unknown-input',
        ["'cotangent/2'"],
      );
    } finally {
      await fixed.dispose();
    }
  });

  it('leave right ones as they are: a batch is what shapes or the option say', async () => {
    const labels = new Int32Array(2 * pixels).fill(1);
    const shaped = { shape: [2, side, side], values: labels };
    const paint = async (feeds: object, options?: object) =>
      (await model.synthesize(feeds as never, options)).outputs['picture']!;
    expect((await paint({ labels: labels.subarray(pixels) })).shape).toEqual([1, side, side, 3]);
    const z = [1, 2, 3, 4, 5, 6];
    const two = await paint({ labels: shaped, z });
    expect(two.shape).toEqual([2, side, side, 3]);
    expect(await paint({ labels, z }, { batch: 2 })).toEqual(two);
    expect(await paint({ labels, z: { shape: [2, latent], values: z } })).toEqual(two);
    expect(await paint({ labels: shaped, z }, { batch: undefined, seed: undefined, layout: 'NHWC' })).toEqual(
      two,
    );
  });

  it('leave right ones as they are: numbers may lie in any memory and realm', async () => {
    const ids = Array.from({ length: pixels }, (_, i) => i % classes);
    const z = Float32Array.of(0.5, -1, 2);
    const wanted = (await model.synthesize({ labels: ids, z })).outputs['picture'];
    const shared = new Float32Array(new SharedArrayBuffer(4 * latent));
    shared.set(z);
    const Growing = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
    const resizable = new Float32Array(new Growing(4 * latent, { maxByteLength: 64 * latent }));
    resizable.set(z);
    const foreign = runInNewContext('({ z: Float32Array.of(0.5, -1, 2), __proto__: null })') as object;
    for (const feeds of [
      { labels: Buffer.from(ids), z: Float64Array.from(z) },
      { labels: Float32Array.from(ids), z: shared },
      { labels: Uint16Array.from(ids), z: resizable },
      {
        labels: Object.assign(Object.create(null) as object, { shape: [1, side, side], values: ids }),
        z: [...z],
      },
      { labels: ids, ...foreign },
      { labels: ids, z: { shape: [1, latent], values: z, note: "what else is there is the caller's" } },
    ])
      expect((await model.synthesize(feeds as never)).outputs['picture']).toEqual(wanted);
  });

  it('give results whose shapes are the callers own', async () => {
    const { shape } = (await model.synthesize({ labels: new Uint8Array(pixels) })).outputs['picture']!;
    (shape as number[]).length = 0;
    (model.variables[0]!.shape as number[]).length = 0;
    expect(
      (await model.synthesize({ labels: new Uint8Array(pixels) })).outputs['picture']!.shape,
    ).toHaveLength(4);
    expect(model.inputs('synthesize')[0]!.shape).toEqual([1, side, side]);
  });
});

describe('wrong feeds of instances', () => {
  it('are refused where they are no instances or edges', async () => {
    const text = tinySpec({ test: false }).replace(
      'labels: "labels"',
      'labels: "labels", instances: "instances"',
    );
    const model = await openText(text, { engine });
    const labels = new Uint8Array(pixels);
    const paint = (name: string, values: unknown) => () =>
      model.synthesize({ labels, [name]: values } as never);
    const big = (value: number) => new Float64Array(pixels).fill(value, 7);
    const rows: readonly [() => unknown, string, string][] = [
      [paint('labels.instances', big(2 ** 32)), 'unknown-instance', '4294967296 at entry 7'],
      [paint('labels.instances', big(-1)), 'unknown-instance', '-1 at entry 7'],
      [paint('labels.instances', big(0.5)), 'not-whole', '0.5 at entry 7'],
      [paint('labels.instances', new Float64Array(4 * pixels)), 'wrong-length', '4096'],
      [paint('labels.edges', big(26001)), 'not-an-edge', "as 'labels.instances'"],
      [paint('labels.edges', big(0.5)), 'not-an-edge', '0.5 at entry 7'],
      [paint('labels.edges', big(NaN)), 'not-finite', 'NaN at entry 7'],
    ];
    for (const [call, code, part] of rows) expectMistake(await errorOf(call), code, [part]);
    await model.dispose();
  });
});

const same = 'network Same(constructor: Image) { return constructor }';
const open = (options: unknown) => () => openText(same, options as never);
const inputs = (constructor: unknown) => open({ engine, inputs: { constructor } });
const provider = { libraryModules: ['prelude'], library: () => undefined, file: () => ({ why: 'none' }) };
const semantics =
  (values: ArrayLike<number>, shape: unknown = [1, 1, 2, 3], options?: unknown) =>
  () =>
    splitSemantics({ shape, values } as never, options as never);

const wrongOpenings: readonly [call: () => unknown, code: string, ...parts: string[]][] = [
  [() => openText(undefined as never), 'wrong-argument', "openText: the argument 'text'"],
  [() => openSpec(undefined as never), 'wrong-argument', "openSpec: the argument 'file'"],
  [() => openSpec(new URL('file:///a.spade') as never), 'wrong-argument', 'an object of URL'],
  [() => openRun(7 as never), 'wrong-argument', "openRun: the argument 'folder'"],
  [() => readTensors(null as never), 'wrong-argument', "readTensors: the argument 'file'"],
  [() => check(7 as never), 'wrong-argument', "check: the argument 'text'"],
  [() => check({ name: 'a' } as never), 'wrong-argument', "check: the argument 'text'"],
  [() => check('none.spade'), 'unreadable-file', "check: the spec 'none.spade'"],
  [() => check({ text: same }, { set: 'G.width=1' } as never), 'wrong-option', "'set'"],
  [() => train('none.spade'), 'unreadable-file', "train: the spec 'none.spade'"],
  [() => train({ text: same }, { step: 3 } as never), 'unknown-option', "'step'", "did you mean 'steps'?"],
  [() => train({ text: same }, { steps: 0 }), 'wrong-option', "'steps'", 'found: 0'],
  [() => synthesize('runs/none', { out: 'painted' } as never), 'wrong-option', "'labels'"],
  [() => evaluate('runs/none', { checkpoint: 'first' } as never), 'unknown-choice', "'checkpoint'"],
  [() => compare('runs/none' as never, { out: 'there' }), 'wrong-argument', "'folders'"],
  [() => ablate(7 as never), 'wrong-argument', "ablate: the argument 'source'"],
  [() => check({ text: same }, { engine } as never), 'unknown-option', "'engine'"],
  [() => openRun('runs/none', { checkpoint: 1.5 }), 'wrong-option', "'checkpoint'", '1.5'],
  [() => openRun('runs/none', { checkpoint: -1 }), 'wrong-option', 'found: -1'],
  [() => openRun('runs/none', { weights: true } as never), 'unknown-option', "'weights'"],
  [() => openSpec('a.json', { network: 'G' }), 'unreadable-file', 'no such file'],
  [open(null), 'wrong-argument', 'null'],
  [open('portable'), 'wrong-argument', '"portable"'],
  [open({ engine, seed: -1 }), 'wrong-option', "'seed'"],
  [open({ engine, seed: 2 ** 31 }), 'wrong-option', '2147483648'],
  [open({ engine, weights: 0 }), 'wrong-option', "'weights'"],
  [open({ engine, log: 'loud' }), 'wrong-option', "'log'", 'a function'],
  [open({ engine, name: 7 }), 'wrong-option', "'name'"],
  [open({ engine, network: 7 }), 'wrong-option', "'network'"],
  [open({ engine, experiment: '' }), 'wrong-option', "'experiment'"],
  [open({ engine, experiment: 'Same', network: 'Same' }), 'useless-option', "'experiment'"],
  [open({ engine, inputs: [] }), 'wrong-option', "'inputs'"],
  [open({ engine, settings: { width: NaN } }), 'wrong-option', "'settings.width'", 'NaN'],
  [open({ engine, settings: { width: [1] } }), 'wrong-option', 'a list of 1'],
  [open({ engine, settings: 3 }), 'wrong-option', "'settings'"],
  [open({ engine, provider: {} }), 'wrong-option', "'provider.libraryModules'"],
  [open({ engine, provider: { ...provider, file: 'a' } }), 'wrong-option', "'provider.file'"],
  [
    () =>
      openText('use "a" { b }', {
        engine,
        provider: { ...provider, file: () => Promise.resolve({}) } as never,
      }),
    'wrong-option',
    "'provider.file'",
    'a promise',
  ],
  [inputs(undefined), 'wrong-option', "'inputs.constructor'", 'undefined'],
  [inputs([1, 1, 2]), 'wrong-option', 'a list of 3'],
  [inputs({ kind: 'image', shape: [1] }), 'wrong-option', "'inputs.constructor.kind'", '"image"'],
  [inputs({ kind: 'tensor' }), 'wrong-option', "'inputs.constructor.shape'", 'undefined'],
  [inputs({ kind: 'tensor', shape: [1, 0, 2] }), 'wrong-option', '[1,0,2]'],
  [inputs({ kind: 'tensor', shape: [1, -1, 2] }), 'wrong-option', '[1,-1,2]'],
  [inputs({ kind: 'tensor', shape: [1, 1.5, 2] }), 'wrong-option', '[1,1.5,2]'],
  [inputs({ kind: 'tensor', shape: [1e9, 1e9, 3] }), 'wrong-option', 'at most 2147483647'],
  [inputs({ kind: 'tensor', shape: [1, 1, 2], width: 3 }), 'unknown-option', "'inputs.constructor.width'"],
  [inputs({ kind: 'labels', width: 2, height: 2, classes: NaN }), 'wrong-option', "classes'", 'NaN'],
  [inputs({ kind: 'labels', width: 2, height: 2 }), 'wrong-option', "classes'", 'undefined'],
  [inputs({ kind: 'labels', width: 2, height: 2, classes: 3, edges: 1 }), 'wrong-option', "edges'"],
  [() => openText(tinySpec(), { engine, inputs: {} }), 'useless-option', "'inputs'", 'an experiment'],
  [() => openText(tinySpec(), { engine, settings: {} }), 'useless-option', "'settings'"],
  [() => splitSemantics(undefined as never), 'not-numbers', "splitSemantics: 'semantics'"],
  [semantics([1, 0, 0, 0, 1, 0], [2, 3]), 'wrong-semantics', '[2,3]'],
  [semantics([1, 0, 0, 0, 1]), 'wrong-semantics', '5 entries'],
  [semantics([1, 0, 0, 0, 0, 0]), 'wrong-semantics', 'no class at row 0, column 1'],
  [semantics([1, 0, 0, 0, 1, 1]), 'wrong-semantics', 'the classes 1 and 2 at row 0, column 1'],
  [semantics([1, 0, 0, 0, 0.5, 0.5]), 'wrong-semantics', '0.5 in channel 1'],
  [semantics([1, 0, NaN, 0, 1, 0]), 'wrong-semantics', 'NaN in channel 2'],
  [semantics([1, 0, 0.3, 0, 1, 0], undefined, { edges: true }), 'wrong-semantics', 'channel 2'],
  [semantics([1, 0, 0, 0, 1, 0], undefined, { edge: true }), 'unknown-option', "did you mean 'edges'?"],
  [semantics([1, 0, 0, 0, 1, 0], undefined, { layout: 'CHW' }), 'unknown-choice', 'CHW'],
];

describe('wrong ways to open', () => {
  it.each(wrongOpenings)('%s is %s', async (call, code, ...parts) =>
    expectMistake(await errorOf(call), code, parts),
  );

  it('do not keep parameters from being called as what all objects have', async () => {
    const model = await openText(same, {
      engine,
      inputs: { constructor: { kind: 'tensor', shape: [1, 1, 2] } as InputDeclaration },
    });
    expect([...(await model.forward('Same', { constructor: [1, 2] })).outputs['output']!.values]).toEqual([
      1, 2,
    ]);
    await model.dispose();
    expect(check({ text: same }).problems).toEqual([]);
  });
});
