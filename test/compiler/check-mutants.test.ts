/** Tests that mistakes in a spec give diagnostics, never exceptions: tries every small change of a valid text. */
import { describe, expect, it } from 'vitest';
import { tokenize } from '../../dsl/tokens.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkText } from '../support/specs.ts';

const text = `use norms { spade, group, spectral }
use losses { gan_generator, gan_fake, gan_real }

block Res(x, seg: LabelMap, out: int, norm: Norm = spade, weight: Weight = spectral) {
  let same = norm(hidden: 4)
  main = x |> same(seg) |> leaky_relu(0.2) |> conv(out, kernel: 3, weight: weight) as conv_0
  return (if x.channels == out then x else conv(x, out, kernel: 1)) + main
}

network Painter(seg: LabelMap, width: int = 4) -> Image {
  x = resize(seg, height: seg.height // 4, width: seg.width // 4) |> conv(2 * width) as fc
  for i in range(2) {
    x = x |> Res(seg, out: width) as up[i] |> upsample |> group(groups: 2)
  }
  return x |> conv(3) |> tanh
}

network Judge(seg: LabelMap, image: Image) {
  features = [conv(concat(seg, image), n, stride: 2) for n in [2, 1]]
  return [features]
}

experiment small {
  data mini { path: "data", images: "a", labels: "b", classes: 3, size: 16x8, batch: 2, augment: ["flip"] }
  let G = Painter(width: 4)
  let D = Judge()
  loss G = gan_generator(D) + 10 * mean(abs(fake() - real()))
  loss D = gan_fake(D) + gan_real(D)
  train {
    epochs: 4, decay_from: 2, seed: 1
    optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: 4e-4)
  }
}
`;

/** A text with codes, calls of networks, shared losses and loaded weights. */
const codes = `network Painter(seg: LabelMap, z: Latent, n: Latent? = none) -> Image {
  x = concat(z, n) |> dense(2) |> fold(height: 1, width: 1, channels: 2)
  y = segment_mean(resize(x, like: seg), seg.instances)
  return concat(y, seg.one_hot, seg.edges) |> conv(3)
}
network Coder(seg: LabelMap, image: Image) {
  code = concat(seg, image) |> flatten
  return [dense(code, 2) as a, dense(code, 2) as b]
}
network Features(image: Image) {
  return [conv(image, 2), image]
}
block penalty(V: Network) {
  x = real()
  return mean(square(gradient(V(x)[0], x)))
}
experiment codes {
  data mini { path: "data", images: "a", labels: "b", instances: "c", classes: 2, size: 4x2, batch: 2 }
  let E = Coder()
  let G = Painter(z: encoded(E), n: noise(1))
  let V = Features()
  load V from "v.pth" naming "spade"
  loss G, E = mean(abs(V(fake())[0] - V(image: real())[0])) - mean(encoding(E)[0]) + penalty(V)
    + mean(G(labels(), n: random_normal([1])))
  train {
    steps: 2, accumulate: 2
    optimize G, E with rmsprop(1e-4, clip_norm: 1, average: 0.9, warmup: 3)
  }
}
`;

describe.each([
  ['of one generator and its judge', text],
  ['of codes and calls', codes],
])('a text %s', { tags: 'full' }, (_name, sound) => checkMutants(sound));

function checkMutants(text: string): void {
  const { tokens } = tokenize(text);

  /** Replaces a token and requires a result: a spec, or diagnostics with places. */
  function answer(index: number, replacement: string): void {
    const token = tokens[index]!;
    const changed =
      text.slice(0, token.startOffset) + replacement + text.slice(token.startOffset + token.image.length);
    const { spec, diagnostics } = checkText(changed);
    const shown = renderDiagnostics(diagnostics, { color: false });
    expect(spec === undefined, `${token.image} -> ${replacement}\n${shown}`).toBe(shown !== '');
    expect(shown).not.toMatch(/broken invariant|undefined|NaN|\[object/);
  }

  it('is sound before it is changed', () => {
    expect(renderDiagnostics(checkText(text).diagnostics, { color: false })).toBe('');
  });

  it('without one of its tokens gets an answer', () => {
    tokens.forEach((_, index) => answer(index, ''));
  });

  it.each(['0', '-1', '1.5', '1000000007', '"x"', 'none'])(
    'with a number replaced by %s gets an answer',
    (replacement) => {
      tokens.forEach((token, index) => {
        if (/^\d/.test(token.image)) answer(index, replacement);
      });
    },
  );

  it.each(['seg', 'G', 'conv', 'noise(3)', '3'])(
    'with a name replaced by %s gets an answer',
    (replacement) => {
      tokens.forEach((token, index) => {
        if (/^[A-Za-z_]+$/.test(token.image)) answer(index, replacement);
      });
    },
  );
}
