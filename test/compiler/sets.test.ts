/** Tests invalid changes from a command line: each gives one message about its own mistake. */
import { describe, expect, it } from 'vitest';
import { checkText } from '../support/specs.ts';

const text = `use norms { spade }
use generators { SpadeGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching, l1 }

experiment one {
  data d { path: "data", images: "a", labels: "b", classes: 3, size: 64x64, batch: 1 }
  let G = SpadeGenerator(width: 2, norm: spade(hidden: 4))
  let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)
  loss G = gan_generator(D) + 10 * feature_matching(D) - l1()
  loss D = gan_fake(D) + gan_real(D)
  train { epochs: 5, decay_from: 3 optimize G, D with adam(1e-4) }
}
`;

/** Changes, the beginning of each message, and the part of the change that it underlines. */
const cases: readonly (readonly [set: string, message: string, blamed?: string])[] = [
  // Values of the wrong kind.
  ['G = 3', 'let G: expected a network', '3'],
  ['G = tanh', 'let G: expected a network', 'tanh'],
  ['D = G', 'let D: expected a network', 'G'],
  ['G.width = "x"', "argument 'width' of SpadeGenerator: expected an integer", '"x"'],
  ['G.norm = 3', "argument 'norm' of SpadeGenerator: expected a normalization", '3'],
  ['G.norm.hidden = "x"', "argument 'hidden' of spade: expected an integer", '"x"'],
  ['data.size = 3', 'size: expected a size', '3'],
  ['data.path = 3', 'path: expected a string', '3'],
  ['train.steps = "x"', 'steps: expected an integer', '"x"'],
  ['optimize.G = 3', 'optimizer: expected adam', '3'],
  ['optimize.G.rate = "x"', "'rate' of adam: expected a number", '"x"'],
  ['loss.G = D', 'a loss is one number', 'D'],
  ['loss.D.gan_fake.kind = 3', "argument 'kind' of gan_fake: expected a block", '3'],
  // Unknown names.
  ['G = foo', "nothing is called 'foo'", 'foo'],
  ['data.size = big', "nothing is called 'big'", 'big'],
  ['data.path = foo/bar', "nothing is called 'foo'", 'foo'],
  ['train.epochs = many', "nothing is called 'many'", 'many'],
  ['optimize.G = adm(1e-4)', "nothing is called 'adm'", 'adm'],
  ['loss.G.l1 = foo', "nothing is called 'foo'", 'foo'],
  // Paths that lead nowhere.
  ['H.width = 3', "the experiment has no 'H'", 'H'],
  ['G.wdth = 3', "SpadeGenerator has no parameter 'wdth'", 'wdth'],
  ['G.norm.hiden = 3', "spade has no parameter 'hiden'", 'hiden'],
  ['G.width.x = 3', "'G.width' is not written as a call", 'x'],
  ['data.siz = 64x64', "data has no setting 'siz'", 'siz'],
  ['train.stps = 3', "train has no setting 'stps'", 'stps'],
  ['data = 3', "'data' is changed part by part", 'data'],
  ['train = none', "'train' is changed part by part", 'train'],
  ['optimize.H.rate = 1', "'optimize' has no 'H'", 'H'],
  ['loss.G.l2 = 3', "the loss of G has no 'l2'", 'l2'],
  // Values out of range.
  ['G.width = 0', "'shape' of parameter: expected a list of positive integers"],
  ['D.scales = 0', 'result of MultiscaleDiscriminator: expected a tensor'],
  ['data.batch = 0', 'batch: expected an integer of at least 1', '0'],
  ['train.epochs = 2', 'decay_from is 3'],
  ['train.accumulate = 3', 'a batch of 1 cannot be taken in 3', '3'],
  ['optimize.G.rate = -1', 'rate: expected a number of more than 0', '-1'],
];

describe('a change from a command line', () => {
  for (const [set, message, blamed] of cases)
    it(`${set} is told once: ${message}`, () => {
      const { spec, diagnostics } = checkText(text, { sets: [set] });
      expect(spec).toBeUndefined();
      expect(diagnostics.map((one) => one.message)).toEqual([expect.stringContaining(message)]);
      const span = diagnostics[0]?.span;
      if (blamed !== undefined)
        expect([span?.source.name, span?.source.text.slice(span.start, span.end)]).toEqual(['--set', blamed]);
    });

  it.each([
    ['batch = 4', "did you mean 'data.batch'?"],
    ['norm = 3', "did you mean 'G.norm'?"],
    ['hidden = 3', "did you mean 'G.norm.hidden'?"],
    ['l1 = 3', "did you mean 'loss.G.l1'?"],
    ['training.epochs = 3', "did you mean 'train.epochs'?"],
    ['rate = 3', 'say the whole path, such as optimize.G.rate or optimize.D.rate'],
    ['width = 3', 'say the whole path, such as G.width or D.width'],
    ['foo = 3', undefined],
  ])('by the last part of a path, %s, is told the whole one', (set, hint) => {
    const { diagnostics } = checkText(text, { sets: [set] });
    expect(diagnostics.map((one) => one.hint)).toEqual([hint]);
  });

  it('does not keep another one from being told', () => {
    const { diagnostics } = checkText(text, { sets: ['G = 3', 'data.batch = 0'] });
    expect(diagnostics).toHaveLength(2);
  });
});
