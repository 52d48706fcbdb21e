/** Answers for equality with the official code: runs the fixtures on an engine, through the compiler's front door. */
import { describe, expect, it } from 'vitest';
import { check, compile, type GivenInput, type Spec } from '../../compiler/index.ts';
import { scalarsAt } from '../../compiler/schedule.ts';
import { lossMethod, networkMethod } from '../../compiler/methods.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import { must, sizeOf } from '../../compiler/ir/types.ts';
import { variablesOf as declaredVariables } from '../../compiler/step.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { fileProvider } from '../../runtime/library.ts';
import type { Session } from '../../runtime/session/session.ts';
import {
  expectClose,
  findFixture,
  ourName,
  readFixture,
  variablesOf,
  type Fixture,
  type FixtureTensor,
} from '../support/fixtures.ts';

type OpenSession = (program: Program) => Session;

function specOf(text: string, inputs?: Readonly<Record<string, GivenInput>>): Spec {
  const { spec, diagnostics } = check({ name: 'parity.spade', text }, fileProvider(), { inputs });
  expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
  return must(spec, 'the spec has no mistakes');
}

const programOf = (spec: Spec, methods: readonly Method[]): Program => ({
  variables: declaredVariables(spec),
  methods,
});

/** Empty slots of the optimizers. */
function zeroSlots(program: Program): Map<string, Float32Array> {
  const slots = program.variables.filter((variable) => variable.role === 'slot');
  return new Map(slots.map((slot) => [slot.name, new Float32Array(sizeOf(slot.type.shape))]));
}

/** Defines a test, skipped with a reason where the fixture is not there. */
function itWith(name: string, what: string, test: (fixture: Fixture) => void): void {
  if (findFixture(name)) it(what, () => test(readFixture(name)));
  else it.skip(`${what} (fixture ${name} is not in this checkout)`);
}

interface LayerCase {
  readonly fixture: string;
  /** The body of a network of `x` and perhaps `seg`, all in one call labelled `layer`. */
  readonly source: string;
  readonly rename?: (name: string) => string;
  readonly inputs: Readonly<Record<string, string>>;
}

const layer = (name: string): string => `layer.${ourName(name)}`;
const withMap = { x: 'input.x', seg: 'input.segmap' };
const withSeg = { x: 'input.x', seg: 'input.seg' };
const plainAffine = (name: string): string =>
  /running/.test(name) ? `layer.${name}` : `layer.affine.${name}`;

const layerCases: readonly LayerCase[] = [
  {
    fixture: 'spade_layer_syncbatch',
    source:
      'use norms { spade, batch }\nnetwork L(x: Image, seg: LabelMap) { return x |> spade(seg, base: batch) as layer }',
    inputs: withMap,
  },
  {
    fixture: 'spade_layer_instance',
    source:
      'use norms { spade, instance }\nnetwork L(x: Image, seg: LabelMap) { return x |> spade(seg, base: instance) as layer }',
    inputs: withMap,
  },
  {
    fixture: 'spade_resblock_learned_shortcut',
    source:
      'use generators { SpadeResBlock }\nnetwork L(x: Image, seg: LabelMap) { return x |> SpadeResBlock(seg, out: 8) as layer }',
    inputs: withSeg,
  },
  {
    fixture: 'spade_resblock_identity_shortcut',
    source:
      'use generators { SpadeResBlock }\nnetwork L(x: Image, seg: LabelMap) { return x |> SpadeResBlock(seg, out: x.channels) as layer }',
    inputs: withSeg,
  },
  {
    fixture: 'norms/batch',
    source: 'use norms { batch }\nnetwork L(x: Image) { return x |> batch(affine: true) as layer }',
    inputs: { x: 'input.x' },
    rename: plainAffine,
  },
  {
    fixture: 'norms/instance',
    source: 'use norms { instance }\nnetwork L(x: Image) { return x |> instance as layer }',
    inputs: { x: 'input.x' },
  },
  {
    fixture: 'norms/instance_affine',
    source: 'use norms { instance }\nnetwork L(x: Image) { return x |> instance(affine: true) as layer }',
    inputs: { x: 'input.x' },
    rename: plainAffine,
  },
  {
    fixture: 'norms/group',
    source:
      'use norms { group }\nnetwork L(x: Image) { return x |> group(groups: 4, affine: true) as layer }',
    inputs: { x: 'input.x' },
    rename: plainAffine,
  },
  {
    fixture: 'norms/layer_channel_affine',
    source: 'use norms { layer }\nnetwork L(x: Image) { return x |> layer(affine: true) as layer }',
    inputs: { x: 'input.x' },
    rename: plainAffine,
  },
  {
    fixture: 'norms/conv_spectral_norm',
    source: 'use norms { spectral }\nnetwork L(x: Image) { return x |> conv(7, weight: spectral) as layer }',
    inputs: { x: 'input.x' },
  },
  {
    fixture: 'spade_generator_small',
    source:
      'use generators { SpadeGenerator }\nnetwork L(seg: LabelMap) { let layer = SpadeGenerator(width: 3)\n return layer(seg) }',
    inputs: { seg: 'input.semantics' },
  },
];

const outputNames = ['y', 'image'];

/** Tests forward, gradients and state of layers and networks against their fixtures. */
export function testLayersOn(open: OpenSession): void {
  describe.each(layerCases)('$fixture', ({ fixture: name, source, inputs, rename = layer }) => {
    itWith(name, 'equals the official code: forward in both modes, gradients, state', (fixture) => {
      const given = Object.fromEntries(
        Object.entries(inputs).map(([key, from]): [string, GivenInput] => {
          return [key, { kind: 'tensor', shape: tensorOf(fixture, from).shape.slice(1) }];
        }),
      );
      const spec = specOf(source, given);
      const network = must(spec.networks[0], 'a network');
      const batch = tensorOf(fixture, must(Object.values(inputs)[0], 'an input')).shape[0]!;
      const program = programOf(spec, [
        networkMethod(spec, network, { name: 'train', batch, training: true, gradients: true }),
        networkMethod(spec, network, { name: 'eval', batch, training: false, gradients: false }),
      ]);
      const session = open(program);
      try {
        const start = variablesOf(fixture, 'param.', (key) => `L.${rename(key)}`);
        expect(new Set(start.keys())).toEqual(new Set(program.variables.map((variable) => variable.name)));
        setAll(session, start);
        const feeds = Object.fromEntries(
          Object.entries(inputs).map(([key, from]) => [key, tensorOf(fixture, from).values]),
        );
        const result = outputNames.find((key) => fixture.tensors.has(`output.eval.${key}`))!;
        expectClose(
          'eval output',
          session.run('eval', feeds).get('output'),
          tensorOf(fixture, `output.eval.${result}`),
        );
        const outputs = session.run('train', {
          ...feeds,
          cotangent: tensorOf(fixture, `cotangent.${result}`).values,
        });
        expectClose('train output', outputs.get('output'), tensorOf(fixture, `output.train.${result}`));
        const zero = new Set(fixture.meta['zero_gradient_tensors'] as string[] | undefined);
        for (const [key, from] of Object.entries(inputs))
          if (fixture.tensors.has(`grad.${from}`))
            expectClose(`grad.${from}`, outputs.get(`gradient/${key}`), tensorOf(fixture, `grad.${from}`));
        const gradients = variablesOf(fixture, 'grad.', (key) => key);
        for (const [key, stored] of gradients)
          if (!key.startsWith('input.') && !zero.has(`grad.${key}`))
            expectClose(`grad.${key}`, outputs.get(`gradient/L.${rename(key)}`), stored);
        const after = session.readVariables();
        for (const [key, stored] of variablesOf(fixture, 'param_after.', (one) => `L.${rename(one)}`))
          expectClose(`after: ${key}`, after.get(key), stored);
      } finally {
        session.dispose();
      }
    });
  });
}

function tensorOf(fixture: Fixture, name: string): FixtureTensor {
  return must(fixture.tensors.get(name), `fixture ${fixture.name} has no ${name}`);
}

function setAll(session: Session, variables: ReadonlyMap<string, FixtureTensor>): void {
  session.setVariables(new Map([...variables].map(([name, { values }]) => [name, values])));
}

/** Splits the semantics tensor of the official preprocessing into ids and edges. */
function labelsOf(semantics: FixtureTensor): { labels: Int32Array; edges: Float32Array } {
  const channels = semantics.shape[3]!;
  const pixels = semantics.values.length / channels;
  const labels = new Int32Array(pixels);
  const edges = new Float32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const row = semantics.values.subarray(pixel * channels, (pixel + 1) * channels);
    labels[pixel] = row.indexOf(1);
    edges[pixel] = row[channels - 1]!;
    expect(labels[pixel]).toBeLessThan(channels - 1);
  }
  return { labels, edges };
}

const experimentOf = (generator: string, discriminator: string, data: string, imports: string): string => `
use discriminators { MultiscaleDiscriminator }
use losses { hinge_generator, hinge_fake, hinge_real, feature_matching }
${imports}
experiment parity {
  data fixture { path: ".", images: "i", labels: "l", instances: "e", classes: 5, ${data} }
  let G = ${generator}
  let D = ${discriminator}
  loss G = hinge_generator(D) + 10 * feature_matching(D)
  loss D = hinge_fake(D) + hinge_real(D)
  train {
    steps: 3
    optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: 4e-4, beta1: 0, beta2: 0.9)
  }
}`;

/** Tests the discriminator with its losses, on given fake pictures. */
export function testDiscriminatorOn(open: OpenSession): void {
  itWith(
    'discriminator_small',
    'discriminator_small: features, hinge and feature matching losses, gradients, state',
    (fixture) => {
      // A generator that paints the picture that it is given as noise, moved by zero.
      const generator =
        'network Given(z: Latent) { return (z |> fold(height: 64, width: 64, channels: 3)) + parameter([3], init: zeros()) as shift }';
      const spec = specOf(
        experimentOf(
          `Given(z: noise(${64 * 64 * 3}))`,
          'MultiscaleDiscriminator(scales: 2, layers: 3, width: 8)',
          'size: 64x64, batch: 2',
          generator,
        ),
      );
      const [network] = spec.networks.filter((one) => one.name === 'D');
      const program = programOf(spec, [
        lossMethod(spec, 'G', { name: 'g_loss', batch: 2, gradients: true }),
        lossMethod(spec, 'D', { name: 'd_loss', batch: 2, gradients: true }),
        networkMethod(spec, must(network, 'D'), {
          name: 'features',
          batch: 4,
          training: true,
          gradients: false,
        }),
      ]);
      const session = open(program);
      try {
        const { labels, edges } = labelsOf(tensorOf(fixture, 'input.semantics'));
        const [fake, real] = ['input.fake_image', 'input.real_image'].map(
          (key) => tensorOf(fixture, key).values,
        ) as [Float32Array, Float32Array];
        const start = variablesOf(fixture, 'param.', ourName);
        const reset = (): void => {
          setAll(session, start);
          session.setVariables(new Map([...zeroSlots(program), ['G.shift', new Float32Array(3)]]));
        };
        reset();
        const twice = <T extends Float32Array | Int32Array>(values: T): T => {
          const stacked =
            values instanceof Int32Array
              ? new Int32Array(2 * values.length)
              : new Float32Array(2 * values.length);
          stacked.set(values);
          stacked.set(values, values.length);
          return stacked as T;
        };
        const pictures = new Float32Array(2 * fake.length);
        pictures.set(fake);
        pictures.set(real, fake.length);
        const features = session.run('features', {
          seg: twice(labels),
          'seg.edges': twice(edges),
          image: pictures,
        });
        for (const [key, stored] of fixture.tensors) {
          const place = /^output\.feature\.d(\d)\.l(\d)$/.exec(key);
          if (place) expectClose(key, features.get(`output/${place[1]}/${place[2]}`), stored);
        }
        const after = session.readVariables();
        for (const [key, stored] of variablesOf(fixture, 'param_after.', ourName))
          expectClose(key, after.get(key), stored);
        const feeds = { labels, 'labels.edges': edges, real, 'G.z': fake };
        const names = {
          GAN: 'hinge_generator',
          GAN_Feat: 'feature_matching',
          D_Fake: 'hinge_fake',
          D_real: 'hinge_real',
        };
        for (const [method, terms] of [
          ['g_loss', ['GAN', 'GAN_Feat']],
          ['d_loss', ['D_Fake', 'D_real']],
        ] as const) {
          reset();
          const outputs = session.run(method, feeds);
          for (const term of terms)
            expectClose(term, outputs.get(names[term]), tensorOf(fixture, `output.loss.${term}`));
          const prefix = `grad.${method}.`;
          const gradients = variablesOf(fixture, prefix, ourName);
          expect(gradients.size).toBeGreaterThan(5);
          for (const [key, stored] of gradients) {
            if (key.endsWith('fake_image') && method === 'd_loss') continue; // D's own loss sends nothing to the picture
            expectClose(
              prefix + key,
              outputs.get(key.endsWith('fake_image') ? 'gradient/G.z' : `gradient/${key}`),
              stored,
            );
          }
        }
      } finally {
        session.dispose();
      }
    },
  );
}

/** Tests three iterations of the official trainer: every loss, gradient, parameter and statistic. */
export function testTrainingOn(open: OpenSession): void {
  itWith('train_step_small', 'train_step_small: three iterations of the official trainer', (fixture) => {
    const spec = specOf(
      experimentOf(
        'SpadeGenerator(width: 2)',
        'MultiscaleDiscriminator(scales: 2, layers: 4, width: 8)',
        'size: 64x64, batch: 2',
        'use generators { SpadeGenerator }',
      ),
    );
    const program = compile(spec, {
      batch: 2,
      methods: ['step'],
      exposeGradients: true,
      exposePictures: true,
    });
    const session = open(program);
    try {
      const start = variablesOf(fixture, 'param.', ourName);
      const own = program.variables.filter((one) => one.role !== 'slot').map((one) => one.name);
      expect(new Set(start.keys())).toEqual(new Set(own));
      setAll(session, start);
      session.setVariables(zeroSlots(program));
      const { labels, edges } = labelsOf(tensorOf(fixture, 'input.semantics'));
      const feeds = { labels, 'labels.edges': edges, real: tensorOf(fixture, 'input.image').values };
      const losses = fixture.meta['losses'] as Record<string, number>[];
      const tolerances = fixture.meta['loss_atol'] as Record<string, number>[];
      const names: Record<string, string> = {
        GAN: 'G/hinge_generator',
        GAN_Feat: 'G/feature_matching',
        D_Fake: 'D/hinge_fake',
        D_real: 'D/hinge_real',
        G_total: 'G/total',
        D_total: 'D/total',
      };
      for (let iteration = 0; iteration < 3; iteration++) {
        const outputs = session.run('step', {
          ...feeds,
          ...scalarsAt(must(spec.train, 'train'), iteration, 1),
        });
        for (const [official, name] of Object.entries(names)) {
          const found = must(outputs.get(name)?.[0], name);
          const [expected, atol] = [losses[iteration]![official]!, tolerances[iteration]![official]!];
          expect(
            Math.abs(found - expected),
            `iteration ${iteration + 1}: ${official} is ${found}, expected ${expected}`,
          ).toBeLessThanOrEqual(atol);
        }
        if (iteration === 0) {
          expectClose('picture', outputs.get('G/fake'), tensorOf(fixture, 'output.fake.iter1'));
          checkGradients(fixture, outputs);
        }
        if (iteration !== 1) checkParameters(fixture, session, iteration + 1);
      }
    } finally {
      session.dispose();
    }
  });
}

function checkGradients(fixture: Fixture, outputs: ReadonlyMap<string, Float32Array>): void {
  const zero = new Set(fixture.meta['zero_gradient_tensors'] as string[]);
  const large = fixture.meta['large_gradients'] as Record<
    string,
    { l2: number; sum: number; stride: number }
  >;
  let count = 0;
  for (const [key, stored] of variablesOf(fixture, 'grad.', (name) => name)) {
    if (zero.has(`grad.${key}`) || key.startsWith('input')) continue;
    const found = must(outputs.get(`gradient/${ourName(key)}`), key);
    // A kink may move single entries; then the whole must still agree (fixtures' README, "Kinks").
    const distance = Math.sqrt(found.reduce((sum, value, i) => sum + (value - stored.values[i]!) ** 2, 0));
    const length = Math.sqrt(stored.values.reduce((sum, value) => sum + value ** 2, 0));
    if (distance > 1e-2 * length) expectClose(`gradient of ${key}`, found, stored);
    count++;
  }
  for (const [key, { l2 }] of Object.entries(large)) {
    const found = must(outputs.get(`gradient/${ourName(key)}`), key);
    const length = Math.sqrt(found.reduce((sum, value) => sum + value * value, 0));
    expect(Math.abs(length - l2) / l2, `length of the gradient of ${key}`).toBeLessThan(1e-2);
    count++;
  }
  expect(count).toBeGreaterThan(100);
}

/** Compares a state by quantiles, but for biases whose gradient is noise; buffers by their tolerance. */
function checkParameters(fixture: Fixture, session: Session, iteration: number): void {
  const noisy = new Set(
    (fixture.meta['parameters_with_zero_gradient_in_exact_arithmetic'] as string[]).map(ourName),
  );
  const state = session.readVariables();
  const distances: number[] = [];
  for (const [key, stored] of variablesOf(fixture, `param_after_${iteration}.`, ourName)) {
    const found = must(state.get(key), key);
    if (noisy.has(key)) continue;
    if (/running_|\.[uv]$/.test(key)) {
      if (iteration === 1)
        expectClose(`after iteration 1: ${key}`, found, {
          ...stored,
          atol: Math.max(stored.atol ?? 0, 1e-4),
        });
      continue;
    }
    found.forEach((value, i) => distances.push(Math.abs(value - stored.values[i]!)));
  }
  distances.sort((a, b) => a - b);
  const quantile = distances[Math.floor(distances.length * 0.99)]!;
  expect(distances.length).toBeGreaterThan(100_000);
  expect(quantile, `99 % of parameters after iteration ${iteration}`).toBeLessThanOrEqual(
    iteration === 1 ? 1e-6 : 5e-5,
  );
}
