/** Tests the inputs, outputs and writes of an experiment's methods; their values are tested on engines. */
import { matmul } from '../../compiler/ops/primitive/matmul.ts';
import { randomNormal } from '../../compiler/ops/primitive/random.ts';
import { read } from '../../compiler/ir/sources.ts';
import { describe, expect, it } from 'vitest';
import { check, compile } from '../../compiler/index.ts';
import { inputsOf, nodesOf, type Method } from '../../compiler/ir/program.ts';
import type { AttrValue } from '../../compiler/ir/node.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { lossMethod } from '../../compiler/build/probes.ts';
import { stepMethods, variablesOf, type StepOptions } from '../../compiler/build/step.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { cpu } from '../../compiler/lower/targets.ts';

interface Variant {
  /** The binding of the generator's code. */
  readonly code?: string;
  readonly train?: string;
  readonly optimizer?: string;
  readonly encoder?: string;
  /** Further terms of the generator's loss. */
  readonly extra?: string;
  /** The last layer of the generator. */
  readonly painter?: string;
  /** Whether there is a network of two blocks that give their noise the same name. */
  readonly noisy?: boolean;
}

function specOf({
  code = 'encoded(E)',
  train = '',
  optimizer,
  encoder = 'Distribution',
  extra = '',
  painter = 'conv(3)',
  noisy = false,
}: Variant = {}): Spec {
  const text = `use norms { batch, spectral }
network Distribution(image: Image, seg: LabelMap) {
  x = concat(seg, image) |> conv(1, stride: 2) |> flatten
  return [x |> dense(4) as mean, x |> dense(4) as spread]
}
network Code(image: Image) { return image |> conv(1, stride: 2) |> flatten |> dense(4) }
network Painter(seg: LabelMap, z: Latent) -> Image {
  return concat(concat(seg), z |> fold(height: 1, width: 1, channels: 4) |> resize_nearest(height: 4, width: 4)) |> ${painter}
}
network Critic(seg: LabelMap, image: Image) { return concat(seg, image) |> conv(1) }
network Features(image: Image) { return image |> conv(2) |> batch }
block shake(x: Tensor) { return x + random_normal([4, 4, 3], name: "eps") }
network Noisy(image: Image) { return image |> shake as first |> shake as second }
block perceive(V: Network) { return mean(abs(V(fake()) - V(real()))) }
block judged(D: Network) { return mean(judge(D).fake) }

experiment small {
  data d { path: ".", images: "a", labels: "b", instances: "c", classes: 2, size: 4x4, batch: 4 }
  let E = ${encoder}()
  let G = Painter(z: ${code})
  let D = Critic()
  let V = Features()
  load V from "v.pth"${noisy ? '\n  let N = Noisy()' : ''}
  loss G, E = judged(D) + perceive(V)${code.startsWith('encoded') ? '' : ' + mean(abs(E(real(), labels())[0]))'}${extra}
  loss D = -judged(D)
  train {
    steps: 1 ${train}
    optimize G, E with ${optimizer ?? 'adam(rate: 1e-3)'}
    optimize D with sgd(rate: 1e-3)
  }
}
`;
  const { spec, diagnostics } = check({ name: 'small.spade', text }, fileProvider());
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return spec;
}

function methodsOf(spec: Spec, options: Partial<StepOptions> = {}): ReadonlyMap<string, Method> {
  const { methods } = compile(spec, { target: cpu, batch: 2, ...options });
  return new Map(methods.map((method) => [method.name, method]));
}

const inputsIn = (methods: ReadonlyMap<string, Method>, name: string): string[] =>
  [...inputsOf(methods.get(name)!).keys()].sort();

describe('a step', () => {
  it('trains the networks of each loss, and leaves loaded ones as they are', () => {
    const { writes } = methodsOf(specOf()).get('step')!;
    const networks = [...new Set([...writes.keys()].map((name) => name.split('.')[0]!))].sort();
    expect(networks).toEqual(['D', 'E', 'G']);
    // Statistics change only in trained networks.
    const { variables } = compile(specOf(), { target: cpu, batch: 2 });
    expect(variables.filter(({ name }) => name.startsWith('V.')).map(({ role }) => role)).toContain('state');
  });

  it('draws noise, or is fed it under the names of objective, network and input', () => {
    for (const code of ['encoded(E)', 'noise(4)']) {
      expect(inputsIn(methodsOf(specOf({ code })), 'step')).toContain('random_state');
      const fed = inputsIn(methodsOf(specOf({ code }), { feedNoise: true }), 'step');
      expect(fed.filter((name) => /z$|random/.test(name))).toEqual(['D/G.z', 'G/G.z']);
      const loss = lossMethod(specOf({ code }), 'D', { name: 'd', batch: 2, gradients: true });
      expect([...inputsOf(loss).keys()].filter((name) => /z$|random/.test(name))).toEqual(['D/G.z']);
      expect(loss.outputs.has('gradient/D/G.z')).toBe(true);
    }
  });

  it('takes the rates of all optimizers, and epsilons where they change', () => {
    const scalars = inputsIn(methodsOf(specOf()), 'step').filter((name) => /rate|epsilon/.test(name));
    expect(scalars).toEqual(['D/rate', 'E/epsilon', 'E/rate', 'G/epsilon', 'G/rate']);
  });

  it('comes as two methods for each loss where batches are taken in parts', () => {
    const spec = specOf({ train: ', accumulate: 2' });
    expect(stepMethods(spec).map(({ name, perPart }) => `${name} ${perPart}`)).toEqual([
      'G/accumulate true',
      'G/apply false',
      'D/accumulate true',
      'D/apply false',
    ]);
    const methods = methodsOf(spec);
    expect([...methods.keys()]).toEqual([
      ...stepMethods(spec).map(({ name }) => name),
      'synthesize',
      'encode',
    ]);
    const sums = [...methods.get('G/accumulate')!.writes.keys()];
    expect(sums.every((name) => /^[GE]\..*\/sum$/.test(name))).toBe(true);
    expect(inputsIn(methods, 'D/apply')).toEqual(['D/rate']);
  });

  it('draws other noise in each objective, in parts as well', () => {
    for (const train of ['', ', accumulate: 2']) {
      const streams = compile(specOf({ train }), { target: cpu, batch: 2, methods: ['step'] })
        .methods.flatMap((method) => nodesOf(method).filter(({ op }) => op === randomNormal))
        .map(({ attrs }) => attrs['stream']);
      expect(streams.toSorted()).toEqual([1, 2]);
    }
  });

  it('paints one picture for losses that are taken at once, and others where a loss asks for several', () => {
    const noises = (spec: Spec): number =>
      nodesOf(methodsOf(spec).get('step')!).filter(({ op }) => op === randomNormal).length;
    const train = ', updates: "at_once"';
    expect(noises(specOf({ code: 'noise(4)', train }))).toBe(1);
    const twice = specOf({ code: 'noise(4)', train, extra: ' - mean(abs(G(labels()) - G(labels())))' });
    // The judged picture, and the two compared ones.
    expect(noises(twice)).toBe(3);
  });

  it('feeds noise that blocks name under the place of each', () => {
    const spec = specOf({ extra: ' + mean(N(fake()))', noisy: true });
    const fed = inputsIn(methodsOf(spec, { feedNoise: true }), 'step');
    expect(fed.filter((name) => name.endsWith('.eps'))).toEqual(['G/N.first.eps', 'G/N.second.eps']);
  });

  it('computes convolutions and matrix products in bfloat16 where the spec says so, forwards and back', () => {
    const products = (train: string, method: string): (AttrValue | undefined)[] =>
      nodesOf(methodsOf(specOf({ code: 'noise(4)', train })).get(method)!)
        .filter(({ op }) => op.traits.isLinear)
        .map(({ attrs }) => attrs['compute']);
    const reduced = products(', precision: "bfloat16"', 'step');
    expect(reduced.length).toBeGreaterThan(10);
    expect(new Set(reduced)).toEqual(new Set(['bfloat16']));
    expect(new Set(products(', precision: "float32"', 'step'))).toEqual(new Set([undefined]));
    expect(new Set(products(', precision: "bfloat16"', 'synthesize'))).toEqual(new Set([undefined]));
  });

  it('iterates spectral norms in float32 whatever the precision of the step', () => {
    const generator = 'conv(3, weight: spectral)';
    const spec = specOf({ painter: generator, train: ', precision: "bfloat16"' });
    const iterations = nodesOf(methodsOf(spec).get('step')!).filter(
      ({ op, origin }) => op === matmul && origin?.scope.startsWith('G.'),
    );
    expect(iterations.length).toBeGreaterThan(0);
    for (const { attrs } of iterations) expect(attrs['compute']).toBeUndefined();
  });

  it('gives the gradients before they are clipped', () => {
    const options = { exposeGradients: true } as const;
    const clipped = specOf({ optimizer: 'adam(rate: 1e-3, clip_norm: 1)' });
    const names = (spec: Spec) => [...methodsOf(spec, options).get('step')!.outputs.keys()];
    expect(names(clipped)).toEqual(names(specOf()));
    expect(names(clipped)).toContain('gradient/E.conv.weight');
  });
});

describe('variables', () => {
  const besides = (optimizer: string, train = ''): string[] => {
    const names = variablesOf(specOf({ optimizer, train })).map(({ name }) => name);
    return names.filter((name) => name.startsWith('G.conv.bias/')).map((name) => name.split('/')[1]!);
  };

  it.each([
    ['adam(rate: 1e-3)', ['m', 'v']],
    ['sgd(rate: 1e-3)', []],
    ['adamw(rate: 1e-3)', ['m', 'v']],
    ['sgd(rate: 1e-3, momentum: 0.5)', ['momentum']],
    ['rmsprop(rate: 1e-3, average: 0.9)', ['square', 'average']],
  ])('of %s are those that it needs', (optimizer, expected) => {
    expect(besides(optimizer)).toEqual(expected);
    expect(besides(optimizer, ', accumulate: 2')).toEqual([...expected, 'sum']);
  });
});

describe('painting and encoding', () => {
  it('take codes by name, and photographs with their maps', () => {
    const methods = methodsOf(specOf());
    expect(inputsIn(methods, 'synthesize')).toEqual(['labels', 'labels.edges', 'z']);
    expect(inputsIn(methods, 'encode')).toEqual(['labels', 'labels.edges', 'real']);
    expect([...methods.get('encode')!.outputs.keys()]).toEqual(['mean', 'log_variance']);
    const certain = methodsOf(specOf({ encoder: 'Code' }));
    expect([...certain.get('encode')!.outputs.keys()]).toEqual(['code']);
    expect(methodsOf(specOf({ code: 'noise(4)' })).has('encode')).toBe(false);
  });

  it('take the noise that blocks name, where it is in a step as well', () => {
    const text = `network Painter(seg: LabelMap) -> Image { return seg |> conv(3) |> dropout as drop |> dropout }
      experiment noisy {
        data d { path: ".", images: "a", labels: "b", classes: 2, size: 4x4, batch: 2 }
        let G = Painter()
        loss G = mean(abs(fake() - real()))
        train { steps: 1, optimize G with sgd(rate: 1e-3) }
      }`;
    const { spec } = check({ name: 'noisy.spade', text }, fileProvider());
    const kept = (name: string, options?: Partial<StepOptions>): string[] =>
      inputsIn(methodsOf(spec!, options), name).filter((one) => one.endsWith('.kept'));
    expect(kept('synthesize')).toEqual(['G.drop.kept', 'G.dropout.kept']);
    expect(kept('step', { feedNoise: true })).toEqual(['G/G.drop.kept', 'G/G.dropout.kept']);
    expect(kept('step')).toEqual([]);
  });

  it('use averages where there are some', () => {
    const reads = (optimizer: string, method: string): string[] =>
      nodesOf(methodsOf(specOf({ optimizer })).get(method)!)
        .filter(({ op }) => op === read)
        .map(({ attrs }) => String(attrs['name']))
        .sort();
    expect(reads('adam(rate: 1e-3)', 'synthesize')).toEqual(['G.conv.bias', 'G.conv.weight']);
    expect(reads('adam(rate: 1e-3, average: 0.9)', 'synthesize')).toEqual([
      'G.conv.bias/average',
      'G.conv.weight/average',
    ]);
    expect(reads('adam(rate: 1e-3, average: 0.9)', 'encode').every((name) => name.endsWith('/average'))).toBe(
      true,
    );
  });
});
