/**
 * Makes experiments and label maps of every kind for patch tables, and compares a step with tables with the same step
 * computed per pixel.
 */
import { must } from '../../dsl/errors.ts';
import { expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import { bindSymbols } from '../../compiler/ops/bind.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { inputsOf, type Method, type Program } from '../../compiler/ir/program.ts';
import { f32, sizeOf } from '../../compiler/ir/types.ts';
import type { AxisOrder } from '../../compiler/ir/layout.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { inverseOrder } from '../../compiler/ops/primitive/support.ts';
import { patchIndexer } from '../../compiler/patches/tables.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { scalarsAt } from '../../compiler/build/schedule.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { stepMethods } from '../../compiler/build/step.ts';
import { outerInputs, rowsOfLevel } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import { MethodFeeds } from '../../runtime/session/feeds.ts';
import { initialValues, runAndRead, type Values } from '../../runtime/session/session.ts';
import type { OpenSession } from './session-tests.ts';
import { specOf } from './specs.ts';
import { fullAfterFirst } from './engines.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** Differences of an experiment on tables to the plain one. */
export interface TableCase {
  readonly name: string;
  /** Its own definitions. */
  readonly definitions?: string;
  readonly generator?: string;
  readonly discriminator?: string;
  readonly losses?: readonly [string, string];
  readonly batch?: number;
  /** Width x height. */
  readonly size?: string;
  readonly instances?: boolean;
  readonly train?: string;
}

/** Styles of instances at all sizes down to about one pixel: resized maps have more instances than pixels. */
export const instanceStyles = {
  definitions: `block styles(x, seg: LabelMap? = none, hidden: int = 3) {
  let map = resize(seg, like: x)
  style = segment_mean(conv(x, x.channels, kernel: 1), map.instances)
  noise = segment_mean(random_normal([x.height, x.width, x.channels]), map.instances)
  scale = conv(map, hidden, kernel: 3) |> relu |> conv(x.channels, kernel: 3)
  return x * (1 + scale) + style + noise
}

network Styler(seg: LabelMap) -> Image {
  x = resize(seg, height: seg.height // 16, width: seg.width // 16) |> conv(2, kernel: 1)
  for i in range(4) {
    x = styles(x, seg) as style[i] |> leaky_relu(0.2) |> upsample
  }
  return conv(x, 3) as conv_img |> tanh
}
`,
  generator: 'Styler()',
  instances: true,
} as const;

export const tableCases: readonly TableCase[] = [
  { name: 'SPADE' },
  { name: 'SPADE of one picture that is wider than high', batch: 1, size: '64x32' },
  { name: 'SPADE of three pictures with instance edges', batch: 3, instances: true },
  {
    name: 'SPADE with kernels of 5',
    generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3, kernel: 5))',
  },
  {
    name: 'SPADE with kernels of 1',
    generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3, kernel: 1))',
  },
  { name: 'SPADE from noise', generator: 'SpadeGenerator(width: 2, norm: spade(hidden: 3), z: noise(4))' },
  { name: 'CLADE', generator: 'SpadeGenerator(width: 2, norm: clade())' },
  { name: 'the map at every layer', generator: 'ConcatDecoder(width: 2)' },
  { name: 'styles of instances in three pictures', ...instanceStyles, batch: 3 },
  { name: 'U-Net', generator: 'UNet(width: 2, reductions: 4)' },
  { name: 'pix2pixHD', generator: 'GlobalGenerator(width: 2, reductions: 2, blocks: 1)' },
  {
    name: 'a discriminator with statistics of the batch',
    discriminator: 'MultiscaleDiscriminator(scales: 2, layers: 2, width: 2, norm: batch())',
  },
  { name: 'updates at once', train: 'updates: "at_once"' },
  { name: 'a step in parts', train: 'accumulate: 2' },
  {
    name: 'a gradient penalty',
    losses: [
      'gan_generator(D, kind: wasserstein)',
      'gan_fake(D, kind: wasserstein) + gan_real(D, kind: wasserstein) + 10 * gradient_penalty(D)',
    ],
  },
];

const classes = 4;

/** Makes the spec of a case. */
export function tableSpec({
  definitions = '',
  generator = 'SpadeGenerator(width: 2, norm: spade(hidden: 3))',
  discriminator = 'MultiscaleDiscriminator(scales: 2, layers: 2, width: 2)',
  losses = ['gan_generator(D) + 10 * feature_matching(D)', 'gan_fake(D) + gan_real(D)'],
  batch = 2,
  size = '32x32',
  instances = false,
  train = '',
}: TableCase): Spec {
  return specOf(`use generators { SpadeGenerator, ConcatDecoder, UNet }
use pix2pixhd { GlobalGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching, gradient_penalty, wasserstein }
use norms { spade, clade, batch }
${definitions}
experiment tables {
  data maps {
    path: ".", images: "images", labels: "labels"
    ${instances ? 'instances: "instances"' : ''}
    classes: ${classes}, size: ${size}, batch: ${batch}
  }
  let G = ${generator}
  let D = ${discriminator}
  loss G = ${losses[0]}
  loss D = ${losses[1]}
  train {
    steps: 10
    ${train}
    optimize G with adam(rate: 1e-6, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: 1e-6, beta1: 0, beta2: 0.9)
  }
}
`);
}

/** Kinds of label maps, by the label of a pixel. */
export const mapKinds: Readonly<Record<string, (x: number, y: number, random: RandomStream) => number>> = {
  'two regions': (x, y) => (x + y < 40 ? 0 : 2),
  'one label': () => 1,
  noise: (_x, _y, random) => random.below(classes),
  'regions of one pixel': (x, y) => ((x * 5 + y * 3) % 11 === 0 ? 3 : 1),
  'stripes at the borders': (x, y) => (x === 0 || y === 0 || x === 31 || y === 31 ? 2 : 0),
};

/**
 * Builds the step of a spec with its gradients: with tables at all levels or per pixel, and without passes if
 * `asWritten`.
 */
export function stepOf(spec: Spec, inTables: boolean, asWritten = false): Program {
  const whole = must(spec.data, 'it has data').batch;
  const parts = spec.train?.accumulate ?? 1;
  return compile(spec, {
    target: cpu,
    batch: whole / parts,
    methods: ['step', 'synthesize'],
    exposeGradients: true,
    exposePictures: true,
    asWritten,
    ...(inTables && { tables: () => true }),
  });
}

/**
 * Instances numbered like in Cityscapes, with ids above the number of pixels: squares, all of them in every picture.
 */
function drawInstances([pictures = 1, height = 1, width = 1]: readonly number[]): Int32Array {
  return Int32Array.from({ length: pictures * height * width }, (_, i) => {
    const [x, y] = [Math.floor((i % width) / 5), Math.floor(((i / width) % height) / 7)];
    return 26_000 + ((3 * x + 5 * y) % 37);
  });
}

/** Feeds that are all arrays. */
export type Arrays = Readonly<Record<string, Values>>;

/** Draws the inputs of a method: maps of a kind, photographs, and the scalars of the first step. */
export function drawFeeds(spec: Spec, program: Program, method: Method, kind: keyof typeof mapKinds): Arrays {
  const random = new RandomStream(7, kind);
  const scalars: Readonly<Record<string, Float32Array>> = scalarsAt(must(spec.train, 'it trains'), 0, 5);
  const label = must(mapKinds[kind], 'it is a kind');
  return Object.fromEntries(
    [...outerInputs(program, method)].map(([name, { dtype, shape }]): [string, Values] => {
      const scalar = scalars[name];
      if (scalar) return [name, scalar];
      const size = sizeOf(shape);
      if (name === 'labels') {
        const [, height = 1, width = 1] = shape;
        const at = (i: number): number => label(i % width, Math.floor(i / width) % height, random);
        return [name, Int32Array.from({ length: size }, (_, i) => at(i))];
      }
      if (name.endsWith('.instances')) return [name, drawInstances(shape)];
      if (name.endsWith('.edges'))
        return [name, Float32Array.from({ length: size }, () => Number(random.uniform() < 0.1))];
      return dtype === 'i32'
        ? [name, Int32Array.from({ length: size }, (_, i) => i)]
        : [name, Float32Array.from({ length: size }, () => 2 * random.uniform() - 1)];
    }),
  );
}

/** The variables at the start, with nonzero biases. */
export function drawVariables(program: Program): Map<string, Float32Array> {
  const values = initialValues(program.variables, 3);
  for (const { name, role } of program.variables) {
    const random = new RandomStream(5, name);
    if (role === 'parameter' && name.endsWith('bias'))
      values.set(
        name,
        must(values.get(name), 'it has a value').map(() => 0.2 * random.normal()),
      );
  }
  return values;
}

/**
 * Requires that all arrays agree, each within `tolerance` of its own largest number, or of `least` if that is larger.
 */
export function expectAgree(
  found: ReadonlyMap<string, ArrayLike<number>>,
  expected: ReadonlyMap<string, ArrayLike<number>>,
  tolerance: number,
  least = 1e-3,
): void {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, values] of expected) {
    const other = must(found.get(name), 'names were compared');
    let largest = 0;
    let apart = 0;
    for (let i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i]!));
      apart = Math.max(apart, Math.abs(values[i]! - other[i]!));
    }
    expect(apart, `${name}: ${apart} apart, at most ${largest}`).toBeLessThanOrEqual(
      tolerance * Math.max(largest, least),
    );
  }
}

/** Converts feeds to float64 tensors. */
export function bindings(
  method: Method,
  feeds: ReadonlyMap<string, ArrayLike<number>>,
): ReadonlyMap<string, RefTensor> {
  return new Map(
    [...inputsOf(method)].map(([name, { shape }]) => [
      name,
      { shape, data: Float64Array.from(must(feeds.get(name), `${name} is fed`)) },
    ]),
  );
}

/** Permutes the axes of a tensor. */
export function turned({ shape, data }: RefTensor, order: AxisOrder): RefTensor {
  const b = new GraphBuilder();
  const x = b.input({ name: 'x', ...f32(...shape) });
  const [result] = evaluate([b.transpose(x, { permutation: order })], {
    inputs: new Map([['x', { shape, data }]]),
    variables: new Map(),
  });
  return must(result, 'one result');
}

/** A change of a method, and the axis orders in which its variables are stored afterwards. */
export interface Change {
  readonly method: Method;
  readonly layouts?: ReadonlyMap<string, AxisOrder> | undefined;
}

/** Evaluates the first method of a step in float64, after `change`: its outputs and writes. */
export function evaluateStep(
  spec: Spec,
  program: Program,
  kind: string,
  change: (method: Method) => Change = (method) => ({ method }),
): Map<string, Float64Array> {
  const name = stepMethods(spec)[0]!.name;
  const method = must(
    program.methods.find((one) => one.name === name),
    'the step is there',
  );
  const given = drawFeeds(spec, program, method, kind);
  const fed = new MethodFeeds(program).of(name, given);
  const sizes = new Map<number, number>();
  if (program.patches) {
    const { plan, maps } = program.patches;
    const { tables } = patchIndexer(plan).index(
      given[maps.labels] as Int32Array,
      plan.edges ? (given[maps.edges] as Float32Array) : undefined,
    );
    tables.forEach(({ count }, level) => sizes.set(rowsOfLevel(level), count));
  }
  const { method: bound, layouts = new Map<string, AxisOrder>() } = change(
    bindSymbols(method, (symbol) => must(sizes.get(symbol), 'every level has rows')),
  );
  const inputs = bindings(bound, new Map([...fed].map(([input, { values }]) => [input, values as Values])));
  const types = new Map(program.variables.map((variable) => [variable.name, variable.type]));
  const variables = new Map(
    [...drawVariables(program)].map(([variable, values]) => {
      const value = { shape: types.get(variable)!.shape, data: Float64Array.from(values) };
      const order = layouts.get(variable);
      return [variable, order ? turned(value, order) : value];
    }),
  );
  const values = evaluate([...bound.outputs.values(), ...bound.writes.values()], { inputs, variables });
  const outputs = [...bound.outputs.keys()].map((output, index) => [output, values[index]!.data] as const);
  const writes = [...bound.writes.keys()].map((variable, index) => {
    const value = values[outputs.length + index]!;
    const order = layouts.get(variable);
    return [`write ${variable}`, (order ? turned(value, inverseOrder(order)) : value).data] as const;
  });
  return new Map([...outputs, ...writes]);
}

/** Tests on an engine that training and synthesis with tables equal those per pixel. */
export function testTablesOn(open: OpenSession, { repeats = false } = {}): void {
  const rest = (index: number) => (repeats ? fullAfterFirst(index) : {});
  const run = async (spec: Spec, program: Program, kind: string): Promise<Map<string, Float32Array>> => {
    const session = await open(program);
    try {
      await session.setVariables(drawVariables(program));
      // Synthesis first: a step moves weights with a gradient near 0 in either direction.
      const names = ['synthesize', must(stepMethods(spec)[0], 'a step has a method').name];
      const found = new Map<string, Float32Array>();
      for (const name of names) {
        const method = must(
          program.methods.find((one) => one.name === name),
          `${name} is there`,
        );
        const outputs = await runAndRead(session, name, drawFeeds(spec, program, method, kind));
        outputs.forEach((values, output) => found.set(`${name} ${output}`, values));
      }
      return found;
    } finally {
      await session.dispose();
    }
  };

  tableCases.forEach((one, index) =>
    it(`is that of pixels: ${one.name}`, rest(index), async () => {
      const spec = tableSpec(one);
      const kind = 'two regions';
      expectAgree(
        await run(spec, stepOf(spec, true), kind),
        await run(spec, stepOf(spec, false), kind),
        1e-3,
        0.1,
      );
    }),
  );

  Object.keys(mapKinds).forEach((kind, index) =>
    it(`is that of pixels on maps of ${kind}`, rest(index), async () => {
      const spec = tableSpec(must(tableCases[0], 'there is a case'));
      expectAgree(
        await run(spec, stepOf(spec, true), kind),
        await run(spec, stepOf(spec, false), kind),
        1e-3,
        0.1,
      );
    }),
  );

  it('takes maps with any number of patches in one session', async () => {
    const spec = tableSpec(must(tableCases[0], 'there is a case'));
    const picturesOf = async (inTables: boolean): Promise<Map<string, Float32Array>> => {
      const program = stepOf(spec, inTables);
      const session = await open(program);
      await session.setVariables(drawVariables(program));
      const pictures = new Map<string, Float32Array>();
      for (const kind of Object.keys(mapKinds)) {
        const feeds = drawFeeds(spec, program, program.methods.at(-1)!, kind);
        pictures.set(kind, (await runAndRead(session, 'synthesize', feeds)).get('picture')!);
      }
      await session.dispose();
      return pictures;
    };
    expectAgree(await picturesOf(true), await picturesOf(false), 1e-4);
  });
}
