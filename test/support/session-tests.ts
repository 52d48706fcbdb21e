/** Tests the op table on any engine: the tests that the portable and the native tier share. */
import { adam, adamw } from '../../compiler/ops/primitive/adam.ts';
import { opTable } from '../../compiler/ops/index.ts';
import { input } from '../../compiler/ir/sources.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { reachable, shapeOf, type Attrs, type Node, type Op } from '../../compiler/ir/node.ts';
import type { Program } from '../../compiler/ir/program.ts';
import type { Variable } from '../../compiler/ir/variables.ts';
import { f32, i32, type TensorType } from '../../compiler/ir/types.ts';
import { roundToBfloat16 } from '../../compiler/ops/primitive/precision.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { derivedAlone } from './derived-ops.ts';
import { testEdgesOn, type EngineKind } from './edge-tests.ts';
import { runAndRead, type Session } from '../../runtime/session/session.ts';
import {
  bindingsOf,
  buildSample,
  distance,
  drawOperands,
  drawUniform,
  feedsOf,
  isReduced,
  methodName,
  sampleCases,
  sampleProgram,
  samplesOf,
} from './samples.ts';

/** Opens a session of the engine under test. */
export type OpenSession = (program: Program) => Promise<Session>;

const defaultTolerance = 1e-5;

/** Tests every op on the engine, and the forms of ops that only exist inside a session. */
export function testOpsOn(open: OpenSession, engine: EngineKind): void {
  testSamples(open);
  testReducedPrecision(open);
  testAdam(open);
  testRandomNormal(open);
  testRandomUniform(open);
  testTies(open);
  testSmallNumbers(open);
  testEdgesOn(open, engine);
  testRepetition(open);
  testSharedMemory(open);
}

/** Runs a program for the length of `use` and requires that it leaves no tensors behind. */
export async function withSession(
  open: OpenSession,
  program: Program,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await open(program);
  const before = session.valueCount();
  try {
    await use(session);
  } finally {
    await session.dispose();
  }
  expect(session.valueCount(), 'tensors after the session').toBeLessThanOrEqual(before);
}

function testSamples(open: OpenSession): void {
  describe('every op agrees with the float64 reference', () => {
    const cases = [...sampleCases, ...derivedAlone.flatMap(samplesOf)];
    let session: Session | undefined;
    beforeAll(async () => {
      session = await open(sampleProgram(cases));
    });
    afterAll(() => session?.dispose());

    cases.forEach((each, index) => {
      it(each.name, async () => {
        const values = drawOperands(each);
        const b = new GraphBuilder();
        const expected = evaluate(buildSample(b, each).results, {
          inputs: bindingsOf(values),
          variables: new Map(),
        });
        const opened = session!;
        const before = opened.valueCount();
        const outputs = await runAndRead(opened, methodName(index), feedsOf(each, values));
        expect(opened.valueCount(), 'tensors after the call').toBe(before);
        expected.forEach(({ data }, i) =>
          expect(distance(outputs.get(`y${i}`)!, data), `y${i}`).toBeLessThanOrEqual(
            each.sample.tolerance ?? defaultTolerance,
          ),
        );
      });
    });
  });
}

function testReducedPrecision(open: OpenSession): void {
  describe('what is computed in bfloat16', () => {
    const reduced = sampleCases.filter(isReduced);
    let session: Session | undefined;
    beforeAll(async () => {
      session = await open(sampleProgram(reduced));
    });
    afterAll(() => session?.dispose());

    // Sums are float32 here and float64 there, so a few of them round to the neighbor.
    it.each(reduced.map((each, index) => ({ ...each, index })))(
      'is the reference almost everywhere, and a number of bfloat16 everywhere: $name',
      async (each) => {
        const values = drawOperands(each);
        const b = new GraphBuilder();
        const [expected] = evaluate(buildSample(b, each).results, {
          inputs: bindingsOf(values),
          variables: new Map(),
        });
        const found = (await runAndRead(session!, methodName(each.index), feedsOf(each, values))).get('y0')!;
        const equal = found.filter((value, i) => value === expected!.data[i]).length;
        expect(equal / found.length).toBeGreaterThan(0.95);
        expect([...found].filter((value) => roundToBfloat16(value) !== value)).toEqual([]);
      },
    );
  });
}

const adamShape = [5, 7];
const adamAttrs = { beta1: 0.5, beta2: 0.9 };

/** A method that updates w, m and v in place, and one that gives the same update as outputs. */
function adamProgram(op: Op): Program {
  const type = f32(...adamShape);
  const variables = ['w', 'm', 'v'].map((name): Variable => ({
    name,
    type,
    role: name === 'w' ? 'parameter' : 'slot',
    network: 'G',
    initializer: { kind: 'constant', value: 0 },
  }));
  const b = new GraphBuilder();
  const reads = variables.map(({ name }) => b.read({ name, ...type }));
  const rest = [
    b.input({ name: 'gradient', ...type }),
    b.input({ name: 'rate', ...f32() }),
    b.input({ name: 'epsilon', ...f32() }),
    b.input({ name: 'kept', ...f32() }),
  ];
  const operands = [...reads, ...rest].slice(0, op.samples[0]?.operands.length);
  const results = b.items(b.make(op, operands, adamAttrs));
  const named = new Map(variables.map(({ name }, index) => [name, results[index]!]));
  const old = new Map([['old', reads[0]!]]);
  return {
    variables,
    methods: [
      { name: 'functional', outputs: named, writes: new Map() },
      { name: 'in_place', outputs: old, writes: named },
      { name: 'both', outputs: named, writes: named },
    ],
  };
}

function testAdam(open: OpenSession): void {
  describe.each([adam, adamw].map((op) => [op.name, op] as const))('%s through variables', (_name, op) => {
    const initial = new Map(
      ['w', 'm', 'v'].map((name) => [
        name,
        Float32Array.from(drawUniform(`adam/${name}`, adamShape).data, (u) => (name === 'v' ? 1 + u : u)),
      ]),
    );
    const feeds = {
      gradient: Float32Array.from(drawUniform('adam/gradient', adamShape).data),
      rate: Float32Array.of(0.01),
      epsilon: Float32Array.of(1e-3),
      ...(op === adamw && { kept: Float32Array.of(0.75) }),
    };

    it.each(['in_place', 'both'])('the %s form equals the functional form', async (method) => {
      await withSession(open, adamProgram(op), async (session) => {
        await session.setVariables(initial);
        const expected = await runAndRead(session, 'functional', feeds);
        expect(await session.readVariables(), 'the functional form writes nothing').toEqual(initial);
        const outputs = await runAndRead(session, method, feeds);
        for (const [name, values] of await session.readVariables())
          expect(distance(values, expected.get(name)!), name).toBeLessThanOrEqual(1e-6);
        for (const [name, values] of outputs)
          expect(
            distance(values, name === 'old' ? initial.get('w')! : expected.get(name)!),
            name,
          ).toBeLessThanOrEqual(1e-6);
      });
    });
  });
}

function testRandomNormal(open: OpenSession): void {
  describe('random_normal', () => {
    const count = 100_000;
    const b = new GraphBuilder();
    const state = b.input({ name: 'state', ...i32(2) });
    const draw = (stream: number) => b.randomNormal(state, { shape: [count], stream });
    const streams = [3, 0xfedcba98];
    const program: Program = {
      variables: [],
      methods: streams.map((stream) => ({
        name: `stream_${stream}`,
        outputs: new Map([['z', draw(stream)]]),
        writes: new Map(),
      })),
    };
    const drawn = async (
      session: Session,
      stream: number,
      seed: number,
      step: number,
    ): Promise<Float32Array> =>
      (await runAndRead(session, `stream_${stream}`, { state: Int32Array.of(seed, step) })).get('z')!;

    it.each([
      [3, 1, 2],
      [0xfedcba98, 2_000_000_011, 123_456_789],
      [3, -5, 0],
    ])('stream %d with seed %d at step %d gives the numbers of the reference', async (stream, seed, step) => {
      const [expected] = evaluate([draw(stream)], {
        inputs: new Map([['state', { shape: [2], data: Float64Array.of(seed, step) }]]),
        variables: new Map(),
      });
      await withSession(open, program, async (session) =>
        expect(distance(await drawn(session, stream, seed, step), expected!.data)).toBeLessThanOrEqual(1e-5),
      );
    });

    it('has mean 0 and standard deviation 1', async () => {
      await withSession(open, program, async (session) => {
        const values = await drawn(session, 3, 1, 2);
        const mean = values.reduce((sum, value) => sum + value, 0) / count;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
        // Five standard errors of each estimate.
        expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count));
        expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
      });
    });

    it('differs between streams, seeds and steps, and is the same for the same three', async () => {
      await withSession(open, program, async (session) => {
        const first = await drawn(session, 3, 1, 2);
        expect(await drawn(session, 3, 1, 2)).toEqual(first);
        for (const other of [
          await drawn(session, streams[1]!, 1, 2),
          await drawn(session, 3, 2, 2),
          await drawn(session, 3, 1, 3),
        ]) {
          const correlation = other.reduce((sum, value, i) => sum + value * first[i]!, 0) / count;
          expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(count));
        }
      });
    });
  });
}

function testRandomUniform(open: OpenSession): void {
  it('random_uniform gives numbers in [0, 1) with the moments of the uniform distribution', async () => {
    const count = 100_000;
    const b = new GraphBuilder();
    const z = b.randomUniform(b.input({ name: 'state', ...i32(2) }), { shape: [count], stream: 5 });
    const program: Program = {
      variables: [],
      methods: [{ name: 'draw', outputs: new Map([['z', z]]), writes: new Map() }],
    };
    await withSession(open, program, async (session) => {
      const values = (await runAndRead(session, 'draw', { state: Int32Array.of(1, 2) })).get('z')!;
      const [expected] = evaluate([z], {
        inputs: new Map([['state', { shape: [2], data: Float64Array.of(1, 2) }]]),
        variables: new Map(),
      });
      expect(distance(values, expected!.data)).toBe(0);
      expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
      const mean = values.reduce((sum, value) => sum + value, 0) / count;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
      // Five standard errors of each estimate: the fourth moment about the mean is 1/80.
      expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
      expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt((1 / 80 - 1 / 144) / count));
    });
  });
}

/** Engines may choose freely among equal entries unless they are told; after a ReLU there are many equal ones. */
function testTies(open: OpenSession): void {
  describe('among equal entries', () => {
    const levels = (name: string, shape: readonly number[]): Float32Array =>
      Float32Array.from(drawUniform(name, shape).data, (u) => Math.max(0, Math.floor(2 * u)));
    const shape = [2, 9, 8, 3];

    it.each([
      [2, 2],
      [3, 2],
      [2, 1],
    ])(
      'the first one of a window of %d, stride %d, gets the gradient of max_pool2d',
      async (size, stride) => {
        const b = new GraphBuilder();
        const x = b.input({ name: 'x', ...f32(...shape) });
        const pooled = b.maxPool2d(x, { size, stride });
        const dy = b.input({ name: 'dy', ...f32(...shapeOf(pooled)) });
        const t = b.input({ name: 't', ...f32(...shape) });
        const outputs = new Map([
          ['gradient', b.maxPool2dGrad(x, dy, { size, stride })],
          ['picked', b.maxPool2dPick(x, t, { size, stride })],
        ]);
        const feeds = {
          x: levels('ties/x', shape),
          dy: Float32Array.from(drawUniform('ties/dy', shapeOf(pooled)).data),
          t: Float32Array.from(drawUniform('ties/t', shape).data),
        };
        await expectReference(open, outputs, feeds);
      },
    );

    it('all share the gradient of max', async () => {
      const b = new GraphBuilder();
      const x = b.input({ name: 'x', ...f32(3, 40) });
      const [gradient] = gradients(
        b,
        b.sum(b.max(x, { axes: [1], keep: false }), { axes: [0], keep: false }),
        [x],
      );
      const feeds = { x: levels('ties/max', [3, 40]) };
      const values = (await expectReference(open, new Map([['gradient', gradient!]]), feeds)).get(
        'gradient',
      )!;
      const total = values.reduce((sum, value) => sum + value, 0);
      expect(total).toBeCloseTo(3, 5);
      expect(new Set(values).size, 'shares').toBeGreaterThan(2);
    });
  });
}

/** Kernels may take what is near 0 for 0, which switches gradients of absolute values off. */
function testSmallNumbers(open: OpenSession): void {
  it('the smallest numbers have a sign', async () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(6) });
    const [gradient] = gradients(b, b.sum(b.abs(x), { axes: [0], keep: false }), [x]);
    const outputs = new Map([
      ['sign', b.sign(x)],
      ['gradient', gradient!],
    ]);
    const found = await expectReference(open, outputs, {
      x: Float32Array.of(1e-7, -1e-7, 1e-20, -1e-37, 0, 3),
    });
    for (const values of found.values()) expect([...values]).toEqual([1, -1, 1, -1, 0, 1]);
  });
}

/** Requires that the engine computes what the reference does, and gives its values. */
async function expectReference(
  open: OpenSession,
  outputs: ReadonlyMap<string, Node>,
  feeds: Readonly<Record<string, Float32Array>>,
): Promise<Map<string, Float32Array>> {
  const nodes = [...outputs.values()];
  const shapes = new Map(
    reachable(nodes)
      .filter(({ op }) => op === input)
      .map((node) => [String(node.attrs['name']), shapeOf(node)]),
  );
  const bound = Object.entries(feeds).map(
    ([name, values]) => [name, { shape: shapes.get(name)!, data: Float64Array.from(values) }] as const,
  );
  const expected = evaluate(nodes, { inputs: new Map(bound), variables: new Map() });
  let found = new Map<string, Float32Array>();
  await withSession(
    open,
    { variables: [], methods: [{ name: 'all', outputs, writes: new Map() }] },
    async (session) => {
      found = await runAndRead(session, 'all', feeds);
      [...outputs.keys()].forEach((name, index) =>
        expect(distance(found.get(name)!, expected[index]!.data), name).toBeLessThanOrEqual(defaultTolerance),
      );
    },
  );
  return found;
}

/** The same memory is multiplied and summed under two shapes: kernels may keep what they made of it for the first. */
function testSharedMemory(open: OpenSession): void {
  it('a tensor is read in each of the shapes that it has', async () => {
    const b = new GraphBuilder();
    const [w, x, y] = [f32(4, 6), f32(3, 4), f32(2, 8)].map((type, index) =>
      b.input({ name: `x${index}`, ...type }),
    );
    const plain = { transpose_a: false, transpose_b: false };
    const total = (shape: readonly number[]): Node =>
      b.sum(b.reshape(w!, { shape }), { axes: [0], keep: false });
    const outputs = new Map([
      ['first', b.matmul(x!, w!, plain)],
      ['second', b.matmul(y!, b.reshape(w!, { shape: [8, 3] }), plain)],
      ...[
        [4, 6],
        [8, 3],
        [6, 4],
        [2, 12],
      ].map((shape) => [`sum ${shape}`, total(shape)] as const),
    ]);
    const data = [w, x, y].map((node, index) => drawUniform(`shared/${index}`, shapeOf(node!)));
    const feeds = Object.fromEntries(data.map((one, index) => [`x${index}`, Float32Array.from(one.data)]));
    const expected = evaluate([...outputs.values()], {
      inputs: new Map(data.map((one, index) => [`x${index}`, one])),
      variables: new Map(),
    });
    const program: Program = { variables: [], methods: [{ name: 'm', outputs, writes: new Map() }] };
    await withSession(open, program, async (session) => {
      const found = await runAndRead(session, 'm', feeds);
      [...outputs.keys()].forEach((name, index) =>
        expect(distance(found.get(name)!, expected[index]!.data), name).toBeLessThan(defaultTolerance),
      );
    });
  });
}

/** Kernels that add up what meets could do so in the order in which threads come by. */
function testRepetition(open: OpenSession): void {
  const picture = f32(2, 96, 96, 16);
  const half = f32(2, 48, 48, 16);
  const cases: readonly [string, readonly TensorType[], Attrs][] = [
    ['segment_mean', [picture, i32(2, 96, 96)], {}],
    ['max_pool2d_grad', [picture, half], { size: 2, stride: 2 }],
    ['depthwise_conv2d_filter_grad', [picture, half], { stride: 2, padding: 'same', shape: [3, 3, 16, 1] }],
    [
      'depthwise_conv2d_input_grad',
      [half, f32(3, 3, 16, 1)],
      { stride: 2, padding: 'same', shape: picture.shape },
    ],
    ['reflect_pad_grad', [picture], { amounts: [0, 0, 3, 3, 2, 1, 0, 0] }],
    ['collect_rows', [picture, i32(2, 96, 96), f32(10, 16)], {}],
    ['patch_spread', [f32(4000, 16), i32(4000, 9), f32(10, 1)], {}],
  ];
  it.each(cases)('%s gives the same bits again', async (name, types, attrs) => {
    const b = new GraphBuilder();
    const inputs = types.map((type, index) => b.input({ name: `x${index}`, ...type }));
    const outputs = new Map([['y', b.make(opTable.get(name)!, inputs, attrs)]]);
    const feeds = Object.fromEntries(
      types.map(({ dtype, shape }, index) => {
        const { data } = drawUniform(`repetition/${name}/${index}`, shape);
        return [
          `x${index}`,
          dtype === 'i32' ? Int32Array.from(data, (u) => 5 * u + 5) : Float32Array.from(data),
        ];
      }),
    );
    await withSession(
      open,
      { variables: [], methods: [{ name: 'all', outputs, writes: new Map() }] },
      async (session) => {
        const first = (await runAndRead(session, 'all', feeds)).get('y')!;
        for (let again = 0; again < 3; again++)
          expect((await runAndRead(session, 'all', feeds)).get('y')).toEqual(first);
      },
    );
  });
}
