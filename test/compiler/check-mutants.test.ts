/** Answers for the promise that a mistake in a spec is a diagnostic, never an exception: every small change of a sound text. */
import { describe, expect, it } from 'vitest';
import { tokenize } from '../../dsl/tokens.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkText } from '../support/specs.ts';

const text = `use norms { spade, group, spectral }
use losses { hinge_generator, hinge_fake, hinge_real }

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
  loss G = hinge_generator(D) + 10 * mean(abs(fake() - real()))
  loss D = hinge_fake(D) + hinge_real(D)
  train {
    epochs: 4, decay_from: 2, seed: 1
    optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: 4e-4)
  }
}
`;

const { tokens } = tokenize(text);

/** Replaces a token and requires an answer: a spec, or messages with places. */
function answer(index: number, replacement: string): void {
  const token = tokens[index]!;
  const changed =
    text.slice(0, token.startOffset) + replacement + text.slice(token.startOffset + token.image.length);
  const { spec, diagnostics } = checkText(changed);
  const shown = renderDiagnostics(diagnostics, { color: false });
  expect(spec === undefined, `${token.image} -> ${replacement}\n${shown}`).toBe(shown !== '');
  expect(shown).not.toMatch(/compiler bug|undefined|NaN|\[object/);
}

describe('a text', () => {
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
});
