/**
 * Measures the speedup of bfloat16 on this processor: convolutions, their gradients and matrix products of SPADE's
 * shapes.
 */
import { sumOver } from '../compiler/ops/primitive/support.ts';
import { Command } from 'commander';
import { reportError } from '../cli/base/errors.ts';
import { note, print } from '../cli/base/terminal.ts';
import { GraphBuilder } from '../compiler/ops/builder.ts';
import { type Builder, shapeOf, type Attrs, type Node } from '../compiler/ir/node.ts';
import { inputsOf, type Method } from '../compiler/ir/program.ts';
import { f32, sizeOf } from '../compiler/ir/types.ts';
import { must } from '../dsl/errors.ts';
import { bfloat16 } from '../compiler/ops/primitive/precision.ts';
import { RandomStream } from '../compiler/ir/random.ts';
import { chooseEngine } from '../runtime/engine/choose.ts';
import { openSession } from '../runtime/session/open.ts';
import { runAndRead, type KernelTime, type Session } from '../runtime/session/session.ts';
import { atLeast } from './options.ts';
import { markdownTable } from './table.ts';
import { medianOf } from './timing.ts';

/** A convolution of SPADE, width 32, on a picture of 256x256. */
interface Convolution {
  readonly name: string;
  readonly x: readonly number[];
  readonly filter: readonly number[];
  readonly stride?: number;
}

const convolutions: readonly Convolution[] = [
  { name: 'hidden, 12 classes', x: [1, 256, 256, 12], filter: [3, 3, 12, 128] },
  { name: 'gamma', x: [1, 256, 256, 128], filter: [3, 3, 128, 64] },
  { name: 'up_3.conv_0', x: [1, 256, 256, 64], filter: [3, 3, 64, 32] },
  { name: 'up_1.conv_0', x: [1, 64, 64, 256], filter: [3, 3, 256, 128] },
  { name: 'head_0.conv_0', x: [1, 8, 8, 512], filter: [3, 3, 512, 512] },
  { name: 'D.model_1', x: [2, 133, 133, 32], filter: [4, 4, 32, 64], stride: 2 },
];

/** Rows of a patch table times a filter. */
const matrices = { name: 'rows of a table', a: [6000, 128], b: [128, 9 * 64] };

interface Case {
  readonly name: string;
  readonly op: string;
  readonly build: (b: Builder, compute: Attrs) => Node;
}

function casesOf({ name, x, filter, stride = 1 }: Convolution): Case[] {
  const geometry = { stride, padding: stride === 1 ? 'same' : 'valid' } as const;
  const outOf = (b: Builder): readonly number[] =>
    shapeOf(
      b.conv2d(
        b.input({ name: 'x', ...f32(...x) }),
        b.input({ name: 'filter', ...f32(...filter) }),
        geometry,
      ),
    );
  return [
    {
      name,
      op: 'conv2d',
      build: (b, compute) =>
        b.conv2d(b.input({ name: 'x', ...f32(...x) }), b.input({ name: 'filter', ...f32(...filter) }), {
          ...geometry,
          ...compute,
        }),
    },
    {
      name,
      op: 'conv2d_input_grad',
      build: (b, compute) =>
        b.conv2dInputGrad(
          b.input({ name: 'dy', ...f32(...outOf(b)) }),
          b.input({ name: 'filter', ...f32(...filter) }),
          {
            ...geometry,
            ...compute,
            shape: x,
          },
        ),
    },
    {
      name,
      op: 'conv2d_filter_grad',
      build: (b, compute) =>
        b.conv2dFilterGrad(
          b.input({ name: 'x', ...f32(...x) }),
          b.input({ name: 'dy', ...f32(...outOf(b)) }),
          {
            ...geometry,
            ...compute,
            shape: filter,
          },
        ),
    },
  ];
}

const product: Case = {
  name: matrices.name,
  op: 'matmul',
  build: (b, compute) =>
    b.matmul(b.input({ name: 'a', ...f32(...matrices.a) }), b.input({ name: 'b', ...f32(...matrices.b) }), {
      transpose_a: false,
      transpose_b: false,
      ...compute,
    }),
};

/** Milliseconds of an op, and of the casts around it. */
interface Found {
  readonly product: number;
  readonly casts: number;
}

/** Makes the runner of one op on an engine; the result is reduced to a sum, so that reading it costs nothing. */
async function prepare(
  open: (method: Method) => Promise<Session>,
  build: (b: Builder) => Node,
): Promise<() => Promise<Found>> {
  const b = new GraphBuilder();
  const node = build(b);
  const all = shapeOf(node).map((_, axis) => axis);
  const method: Method = {
    name: 'run',
    outputs: new Map([['sum', sumOver(b, node, all, false)]]),
    writes: new Map(),
  };
  const session = await open(method);
  const random = new RandomStream(1, 'operands');
  const feeds = Object.fromEntries(
    [...inputsOf(method)].map(([name, { shape }]) => [
      name,
      new Float32Array(sizeOf(shape)).map(() => 2 * random.uniform() - 1),
    ]),
  );
  const took = (times: readonly KernelTime[]): number =>
    times.reduce((sum, { start, end }) => sum + end - start, 0);
  const run = async (): Promise<void> => {
    await runAndRead(session, 'run', feeds);
  };
  return async () => {
    const times = (await session.traced(run)).filter((one) => one.node?.op === node.op);
    const isCast = ({ kernel }: KernelTime): boolean => /Cast/.test(kernel);
    return { product: took(times.filter((one) => !isCast(one))), casts: took(times.filter(isCast)) };
  };
}

try {
  const { rounds } = new Command('tsx bench/precision.ts')
    .description('Times ops of SPADE in float32 and in bfloat16, in turn, on the native engine.')
    .option('--rounds <n>', 'how often both run', atLeast(3), 15)
    .exitOverride()
    .parse()
    .opts<{ rounds: number }>();
  const engine = await chooseEngine('native', note);
  const open = (method: Method): Promise<Session> =>
    openSession(engine, { variables: [], methods: [method] });
  const rows: string[][] = [];
  for (const { name, op, build } of [...convolutions.flatMap(casesOf), product]) {
    const runners = await Promise.all(
      [{}, bfloat16].map((compute) => prepare(open, (b) => build(b, compute))),
    );
    const found = runners.map((): Found[] => []);
    for (let round = 0; round < rounds; round++)
      for (const [which, run] of runners.entries()) found[which]?.push(await run());
    const [exact, reduced] = found.map((times) => times.slice(1)); // the first round initializes the engine
    const median = (times: readonly Found[] | undefined, of: (one: Found) => number): number =>
      medianOf(must(times, 'both precisions were run').map(of));
    const [before, after, casts] = [
      median(exact, (one) => one.product),
      median(reduced, (one) => one.product),
      median(reduced, (one) => one.casts),
    ];
    const made = build(new GraphBuilder(), {});
    const gigaflops = made.op.flops(made) / 1e6;
    rows.push([
      `${name}: ${op}`,
      before.toFixed(2),
      after.toFixed(2),
      casts.toFixed(2),
      (before / after).toFixed(2),
      (before / (after + casts)).toFixed(2),
      (gigaflops / before).toFixed(0),
      (gigaflops / after).toFixed(0),
    ]);
  }
  const heads = [
    ...['what', 'float32 (ms)', 'bfloat16 (ms)', 'its casts (ms)'],
    ...['gain', 'gain with casts', 'GFLOP/s', 'in bfloat16'],
  ];
  markdownTable(heads, rows, { leftFirst: true }).forEach(print);
} catch (error) {
  process.exitCode = reportError(error);
}
