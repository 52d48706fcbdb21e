/** Tests experiments beyond one generator and discriminator: codes, calls of networks, shared losses, weights. */
import { describe, expect, it } from 'vitest';
import { encodersOf, frozenNetworks, generatorOf } from '../../compiler/format/queries.ts';
import type { NodeSpec, ObjectiveSpec, Spec } from '../../compiler/format/types.ts';
import { checkJson } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkText, specOf } from '../support/specs.ts';

const networks = `
network Painter(seg: LabelMap, z: Latent? = none) -> Image {
  x = conv(seg, 4) as first
  if z != none {
    x = x + (z |> dense(4) as code |> fold(height: 1, width: 1, channels: 4))
  }
  return x |> conv(3) as last |> tanh
}

network Judge(seg: LabelMap, image: Image) {
  return [[conv(concat(seg, image), 2, stride: 2) as a |> conv(1) as b]]
}

network Encoder(image: Image, size: int = 5) {
  code = image |> avg_pool(size: 8, stride: 8) |> flatten
  return [dense(code, size) as mean, dense(code, size) as log_variance]
}

network Features(image: Image) {
  low = image |> conv(4) as low |> relu
  return [low, low |> conv(4, stride: 2) as high]
}
`;

interface Parts {
  readonly lets?: string;
  readonly losses: string;
  readonly data?: string;
  readonly before?: string;
  readonly optimize?: string;
  readonly settings?: string;
}

/** Writes an experiment on pictures of 16x8 with the given lines. */
function experiment({
  lets,
  losses,
  data = '',
  before = '',
  optimize,
  settings = 'steps: 2',
}: Parts): string {
  return `use losses { gan_generator, gan_fake, gan_real }
${networks}${before}
experiment small {
  data mini { path: "data", images: "a", labels: "b", classes: 3, size: 16x8, batch: 2${data} }
  ${lets ?? 'let G = Painter()\n  let D = Judge()'}
  ${losses}
  train {
    ${settings}
    ${optimize ?? 'optimize G with adam(rate: 1e-4)'}
  }
}
`;
}

const encoded = 'let E = Encoder()\n  let G = Painter(z: encoded(E))\n  let D = Judge()';
const both = 'optimize G, E with adam(rate: 1e-4)';
const withD = `${both}\n    optimize D with adam(rate: 4e-4)`;

const mistakes = (parts: Parts): string =>
  renderDiagnostics(checkText(experiment(parts)).diagnostics, { color: false });
const called = ({ nodes }: ObjectiveSpec): unknown[] =>
  nodes.filter(({ op }) => op === 'call').map(({ attrs }) => attrs?.['network']);
const made = ({ nodes }: ObjectiveSpec, op: string): NodeSpec[] => nodes.filter((node) => node.op === op);
const network = (spec: Spec, name: string) => spec.networks.find((one) => one.name === name)!;

describe('an encoder', () => {
  const losses = 'loss G, E = mean(abs(fake() - real())) + 0.05 * mean(square(encoding(E)[0]))';
  const parts = { lets: encoded, losses: `${losses}\n  loss D = gan_fake(D) + gan_real(D)`, optimize: withD };

  it('gives another network an input, sampled from its mean and log variance', () => {
    const spec = specOf(experiment(parts));
    expect(network(spec, 'G').inputs[1]).toEqual({
      name: 'z',
      kind: 'encoded',
      shape: [5],
      encoder: 'E',
      sampled: true,
    });
    expect(generatorOf(spec)?.name).toBe('G');
    expect(encodersOf(spec).map(({ name }) => name)).toEqual(['E']);
  });

  it('is asked once in each loss, before the generator, and its noise can be fed', () => {
    const spec = specOf(experiment(parts));
    expect(spec.objectives.map(called)).toEqual([
      ['E', 'G'],
      ['E', 'G', 'D'],
    ]);
    for (const objective of spec.objectives)
      expect(made(objective, 'random_normal').map(({ attrs }) => attrs)).toEqual([
        { shape: [5], name: 'G.z' },
      ]);
  });

  it('is trained with the generator, whose picture carries gradients in that loss alone', () => {
    const [first, second] = specOf(experiment(parts)).objectives;
    expect([first!.network, first!.together, second!.together]).toEqual(['G', ['E'], undefined]);
    expect(made(first!, 'stop_gradient')).toHaveLength(0);
    expect(made(second!, 'stop_gradient')).toHaveLength(1);
  });

  it('is sampled as mean + exp(log_variance / 2) * normal', () => {
    const [objective] = specOf(experiment(parts)).objectives;
    expect(objective!.nodes.slice(0, 7).map(({ op, inputs }) => [op, ...inputs])).toEqual([
      ['call', 'real'],
      ['constant'],
      ['mul', 'n0/1', 'n1'],
      ['exp', 'n2'],
      ['random_normal'],
      ['mul', 'n3', 'n4'],
      ['add', 'n0/0', 'n5'],
    ]);
  });

  it('of one result is no distribution', () => {
    const before = 'network One(image: Image) {\n  return image |> flatten |> dense(5)\n}\n';
    const lets = 'let E = One()\n  let G = Painter(z: encoded(E))';
    const spec = specOf(experiment({ before, lets, losses: 'loss G, E = mean(fake())', optimize: both }));
    expect(network(spec, 'G').inputs[1]).toMatchObject({ sampled: false });
    expect(made(spec.objectives[0]!, 'random_normal')).toEqual([]);
  });

  it('may give a picture, which takes what instances share', () => {
    const before = `
network Shared(seg: LabelMap, image: Image) -> Image {
  return segment_mean(conv(image, 3), seg.instances)
}
network Colored(seg: LabelMap, features: Image) -> Image {
  return concat(seg, features) |> conv(3)
}
`;
    const lets = 'let E = Shared()\n  let G = Colored(features: encoded(E))';
    const data = ', instances: "c"';
    const spec = specOf(
      experiment({ before, lets, data, losses: 'loss G, E = mean(fake())', optimize: both }),
    );
    const [pass] = made(spec.objectives[0]!, 'call');
    expect(pass!.inputs).toEqual(['labels', 'labels.edges', 'labels.instances', 'real']);
    expect(network(spec, 'G').inputs[1]).toMatchObject({ shape: [8, 16, 3], sampled: false });
  });

  it.each([
    ['let G = Painter(z: encoded(E))\n  let E = Encoder()', /error\[bound-later\][^]*hint: /],
    ['let E = Features()\n  let G = Painter(z: encoded(E))', /error\[wrong-encoding\]/],
    ['let E = Painter()\n  let G = Painter(z: encoded(E))', /error\[not-an-encoder\][^]*takes no photograph/],
    ['let G = Painter(z: encoded(3))', /expected a network of the experiment, found the integer 3/],
  ])('is refused where it cannot be one: %s', (lets, message) => {
    expect(mistakes({ lets, losses: 'loss G = mean(fake())' })).toMatch(message);
  });

  it('without a loss or weights is refused', () => {
    const found = mistakes({ lets: encoded, losses: 'loss G = mean(fake())' });
    expect(found).toContain('error[neither-trained-nor-loaded]: the loss of G uses E');
    expect(found).toContain('loss G, E = ...');
    const load = 'load E from "e.safetensors"\n  loss G = mean(abs(fake()))';
    expect(mistakes({ lets: encoded, losses: load })).toBe('');
  });
});

describe('a network in a loss', () => {
  const lets = 'let G = Painter()\n  let V = Features()\n  let D = Judge()';
  const load = 'load V from "vgg.pth" naming "torchvision-vgg19"\n  load D from "d.safetensors"\n  ';

  it('is called with values by position or name, and gives lists', () => {
    const losses = `${load}loss G = mean(abs(V(fake())[1] - V(image: real())[1])) + mean(D(labels(), fake())[0][0])`;
    const [objective] = specOf(experiment({ lets, losses })).objectives;
    expect(called(objective!)).toEqual(['G', 'V', 'V', 'D']);
    expect(made(objective!, 'call').map(({ inputs }) => inputs)).toEqual([
      ['labels'],
      ['n0'],
      ['real'],
      ['labels', 'n0'],
    ]);
  });

  it('draws noise anew where none is given', () => {
    const noisy = 'let G = Painter(z: noise(4))';
    const losses = 'loss G = mean(abs(G(labels()) - G(labels(), z: random_normal([4]))))';
    const [objective] = specOf(experiment({ lets: noisy, losses })).objectives;
    expect(made(objective!, 'call').map(({ inputs }) => inputs)).toEqual([['labels'], ['labels', 'n1']]);
    expect(mistakes({ lets: noisy, losses: 'loss G = mean(G(labels(), noise(4)))' })).toMatch(
      /found noise of 4 numbers[^]*hint: leave it out, or draw it: random_normal\(\[4\]\)/,
    );
  });

  it('has codes made where none are given, in the pass that the picture is made with', () => {
    const losses = 'loss G, E = mean(abs(fake() - G(labels())))';
    const [objective] = specOf(experiment({ lets: encoded, losses, optimize: both })).objectives;
    expect(called(objective!)).toEqual(['E', 'G', 'G']);
  });

  it('differentiates by its input', () => {
    const losses = `${load}loss G = mean(square(gradient(D(labels(), real())[0][0], real()))) + mean(fake())`;
    expect(made(specOf(experiment({ lets, losses })).objectives[0]!, 'gradient')).toHaveLength(1);
  });

  it('that is loaded and has no loss stays as it is', () => {
    const losses = `${load}loss G = mean(V(fake())[0])\n  loss D = gan_fake(D)`;
    const optimize = 'optimize G, D with adam(rate: 1e-4)';
    const spec = specOf(experiment({ lets, losses, optimize }));
    expect([...frozenNetworks(spec)]).toEqual(['V']);
    expect(network(spec, 'V').weights).toEqual({ path: 'vgg.pth', mapping: 'torchvision-vgg19' });
    expect(network(spec, 'D').weights).toEqual({ path: 'd.safetensors' });
  });

  it.each([
    [
      'V(resize(fake(), height: 4, width: 8))[0]',
      /input 'image' of V: expected a tensor of height 8, width 16[^]*resize_bilinear/,
    ],
    ['V(labels())[0]', /input 'image' of V[^]*hint: labels\(\).one_hot/],
    ['V()[0]', /error\[missing-argument\]: V needs 'image'/],
    ['V(fake(), fake())[0]', /V takes at most 1 argument, found 2/],
    ['V(picture: fake())[0]', /V has no parameter 'picture'/],
    ['V(fake(), image: fake())[0]', /V is given 'image' twice/],
    ['V(3)[0]', /expected a tensor of height 8, width 16, 3 channels, found the integer 3/],
    ['D(fake(), fake())[0][0]', /expected a label map 16x8 of 3 classes[^]*hint: labels\(\)/],
    [
      'D(resize(labels(), height: 4, width: 8), fake())[0][0]',
      /hint: a network is made for one size: resize\(map/,
    ],
    ['D(labels(), batch_concat(fake(), real()))[0][0]', /different numbers of pictures/],
    ['W(fake())', /nothing is called 'W'/],
    ['encoding(G)', /error\[not-an-encoder\]/],
    ['judge(V).fake[0]', /^$/],
    ['judge(V, fake())[0]', /^$/],
    ['judge(V, labels())[0]', /'picture' of judge: expected pictures, found a label map/],
    ['judge(V, mean(fake(), over: "channels"))[0]', /error\[wrong-input\][^]*height 8, width 16, 3 channels/],
    ['judge(V, batch_concat(fake(), real()))[0]', /^$/],
    ['judge(D, batch_concat(fake(), real()))[0][0]', /different numbers of pictures/],
  ])('is refused with a hint: %s', (value, message) => {
    expect(mistakes({ lets, losses: `${load}loss G = mean(${value})` })).toMatch(message);
  });

  it('is asked by judge once about the same pictures', () => {
    const passes = (...asked: readonly string[]): number => {
      const spec = specOf(
        experiment({ lets, losses: `${load}loss G = ${asked.map((one) => `mean(${one}[0])`).join(' + ')}` }),
      );
      return spec.objectives[0]!.nodes.filter((node) => node.op === 'call' && node.attrs?.['network'] === 'V')
        .length;
    };
    expect(passes('judge(V, fake())', 'judge(V, fake())')).toBe(1);
    expect(passes('judge(V, fake())', 'judge(V, real())', 'judge(V).fake')).toBe(3);
    expect(passes('V(fake())', 'V(fake())')).toBe(2);
  });

  it('is refused outside of losses', () => {
    const found = mistakes({ lets: `${lets}\n  x = V(3)`, losses: 'loss G = mean(fake())' });
    expect(found).toContain('error[outside-loss]: the network V can be called in losses only');
  });

  it('with other inputs than a map and a picture cannot be asked by judge', () => {
    const before = 'network Two(image: Image, other: Image) {\n  return [[image + other]]\n}\n';
    const found = mistakes({
      before,
      lets: 'let G = Painter()\n  let T = Two()',
      losses: 'loss G = gan_generator(T)',
    });
    expect(found).toContain("error[not-a-discriminator]: T takes image, other, so 'judge' cannot ask it");
  });
});

describe('a spec as JSON', () => {
  it.each([
    {
      lets: 'let E = Encoder()\n  let G = Painter(z: encoded(E))\n  let V = Features()',
      losses: 'load V from "v.pth" naming "spade"\n  loss G, E = mean(V(fake())[0]) - mean(encoding(E)[1])',
      optimize: 'optimize G, E with rmsprop(0.1, average: 0.9)',
      settings: 'steps: 1, accumulate: 2',
    },
    {
      lets: 'let G = Painter(z: noise(4))',
      losses: 'loss G = mean(G(labels()) - G(labels(), z: random_normal([4])))',
      data: ', instances: "c"',
    },
  ])('is taken as it comes from the language', (parts) => {
    const spec = specOf(experiment(parts));
    const again = checkJson({ name: 'spec.json', text: JSON.stringify(spec) });
    expect(renderDiagnostics(again.diagnostics, { color: false })).toBe('');
    expect(again.spec).toEqual(spec);
  });
});

describe('summands', () => {
  it('are split at plus and minus, and named by the blocks that they call', () => {
    const before = 'block a() {\n  return mean(fake())\n}\nblock b() {\n  return mean(real())\n}\n';
    const losses = 'loss G = a() - b() - (b() - 2 * a()) + 1';
    const [objective] = specOf(experiment({ before, losses })).objectives;
    expect(objective!.terms.map(({ name }) => name)).toEqual(['a', 'b', 'b_2', 'a_2', 'term']);
  });
});

describe('parts of label maps', () => {
  const members = (body: string, instances: boolean): string => {
    const before = `network Own(seg: LabelMap) -> Image {\n${body}\n}\n`;
    const data = instances ? ', instances: "c"' : '';
    return mistakes({ before, data, lets: 'let G = Own()', losses: 'loss G = mean(abs(fake()))' });
  };

  it('are the classes as channels, the edges and the instances', () => {
    const body = `  small = resize(seg, height: 4, width: 8)
  same = resize(small.instances, like: seg)
  x = concat(seg.one_hot, seg.edges)
  return segment_mean(conv(x, 3 + 0 * same.width), same)`;
    expect(members(body, true)).toBe('');
  });

  it('are none where the data have no instances', () => {
    const body =
      '  n = if seg.edges == none and seg.instances == none then 3 else 0\n  return conv(seg.one_hot, n)';
    expect(members(body, false)).toBe('');
  });

  it('are made once, and shared with the map as a tensor', () => {
    const before =
      'network Own(seg: LabelMap) -> Image {\n  return conv(concat(seg, seg.one_hot, seg.one_hot), 3)\n}\n';
    const spec = specOf(experiment({ before, lets: 'let G = Own()', losses: 'loss G = mean(fake())' }));
    expect(spec.networks[0]!.nodes.filter(({ op }) => op === 'one_hot')).toHaveLength(1);
  });
});

describe('optimizers', () => {
  const settings = (optimizer: string) =>
    specOf(experiment({ losses: 'loss G = mean(fake())', optimize: `optimize G with ${optimizer}` })).train!
      .optimizers;

  it.each([
    ['sgd(0.1)', { kind: 'sgd', rate: 0.1, momentum: 0 }],
    ['sgd(rate: 0.1, momentum: 0.9, warmup: 10)', { kind: 'sgd', rate: 0.1, momentum: 0.9, warmup: 10 }],
    [
      'adamw(1e-3, weight_decay: 0.1)',
      { kind: 'adamw', rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 },
    ],
    ['rmsprop(rate: 1e-3)', { kind: 'rmsprop', rate: 1e-3, decay: 0.99, epsilon: 1e-8 }],
    [
      'adam(1e-3, 0, 0.9, clip_norm: 1, average: 0.999)',
      { kind: 'adam', rate: 1e-3, beta1: 0, beta2: 0.9, epsilon: 1e-8, clip_norm: 1, average: 0.999 },
    ],
  ])('%s', (optimizer, expected) => {
    expect(settings(optimizer)).toEqual([{ network: 'G', ...expected }]);
  });

  it('of several networks are one each', () => {
    const parts = {
      lets: encoded,
      losses: 'loss G, E = mean(fake())',
      optimize: 'optimize G, E with sgd(0.1)',
    };
    expect(specOf(experiment(parts)).train!.optimizers.map(({ network: name }) => name)).toEqual(['G', 'E']);
  });

  it.each([
    ['sgd(rate: 0.1, beta1: 0)', /sgd has no parameter 'beta1'/],
    ['adamw(rate: 1, weight_decay: -1)', /weight_decay: expected a number of at least 0, found -1/],
    ['rmsprop(rate: 0)', /rate: expected a number of more than 0, found 0/],
    ['sgd(rate: 1, warmup: 0.5)', /warmup: expected an integer of at least 1, found 0.5/],
    ['sgd(rate: 1, clip_norm: none)', /'clip_norm' of sgd: expected a number, found none/],
    ['7', /optimizer: expected adam\(...\), .* or rmsprop\(...\), found the integer 7/],
  ])('%s is refused', (optimizer, message) => {
    const losses = 'loss G = mean(fake())';
    expect(mistakes({ losses, optimize: `optimize G with ${optimizer}` })).toMatch(message);
  });

  it('take a batch in equal parts', () => {
    const losses = 'loss G = mean(fake())';
    expect(specOf(experiment({ losses, settings: 'steps: 1, accumulate: 2' })).train!.accumulate).toBe(2);
    expect(mistakes({ losses, settings: 'steps: 1, accumulate: 3' })).toContain('error[parts-of-batch]');
  });
});

describe('variables', () => {
  const own = (variable: string) =>
    checkText(`network Own(seg: LabelMap) -> Image {
  w = parameter([3, 3, 3, 4], init: uniform(low: -1), stored: "IOHW") as w
  v = ${variable}
  return conv(seg, 3) + sum(w) + sum(v)
}
`);

  it('may start from the lengths of a parameter, or uniformly, and say how PyTorch stores them', () => {
    const { spec } = own('parameter([4], init: lengths_of(w)) as v');
    expect(spec!.networks[0]!.variables.slice(0, 2)).toMatchObject([
      { initializer: { kind: 'uniform', low: -1, high: 1 }, stored: 'IOHW' },
      { initializer: { kind: 'lengths_of', variable: 'w' } },
    ]);
  });

  it.each([
    ['parameter([3], init: lengths_of(w)) as v', /'shape' of parameter: expected \[4\]/],
    ['parameter([4], init: lengths_of(w + 1)) as v', /'w' of lengths_of: expected a parameter/],
    ['parameter([4], init: zeros(), stored: "IOHW") as v', /'stored' of parameter: expected "IOHW"/],
    ['state([4], init: zeros(), stored: "IOHW") as v', /state has no parameter 'stored'/],
  ])('%s is refused', (variable, message) => {
    expect(renderDiagnostics(own(variable).diagnostics, { color: false })).toMatch(message);
  });
});
