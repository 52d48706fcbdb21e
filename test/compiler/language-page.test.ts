/** Checks docs/language.md: the compiler accepts the declarations that it shows. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../dsl/index.ts';
import { checkAblation } from '../../compiler/index.ts';
import { builtins } from '../../compiler/language/builtins/index.ts';
import { optimizers } from '../../compiler/optimizers/index.ts';
import { typeRules } from '../../compiler/language/values/value-types.ts';
import { checkText, provider } from '../support/specs.ts';

const page = readFileSync(new URL('../../docs/language.md', import.meta.url), 'utf8');

const imports = `use norms { batch, spade }
use generators { SpadeGenerator, SpadeResBlock }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching }
`;

/** The examples that start with one of `words`, unindented. */
const examples = (...words: string[]): string[] =>
  [...page.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)]
    .map(([text]) => text.replaceAll(/^ {4}/gm, '').trim())
    .filter((text) => words.some((word) => text.replaceAll(/^#.*\n/g, '').startsWith(word)));

describe('docs/language.md', () => {
  it('shows an experiment that is accepted', () => {
    const [experiment] = examples('experiment ');
    expect(renderDiagnostics(checkText(imports + experiment!).diagnostics, { color: false })).toBe('');
  });

  it('shows a variant and an ablation that are accepted', () => {
    const [experiment, variant, ...others] = examples('experiment ');
    const [ablation] = examples('ablation ');
    expect(others).toEqual([]);
    const text = `${imports.replace('batch,', 'batch, instance,')}${[experiment, variant, ablation].join('\n')}\n`;
    const { diagnostics } = checkText(text, { name: 'without_map' });
    expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
    const found = checkAblation({ name: 'input.spade', text }, provider());
    expect(renderDiagnostics(found.diagnostics, { color: false })).toBe('');
    expect(found.ablation?.runs.map(({ name }) => name)).toContain('spade-base-instance_width-16_s0');
    expect(found.ablation?.runs).toHaveLength(15);
  });

  it('shows a block that is accepted', () => {
    const [block] = examples('block Residual');
    const use = `\nnetwork Painter(seg: LabelMap) -> Image {\n  return seg |> conv(3) |> Residual(3)\n}\n`;
    expect(renderDiagnostics(checkText(`${imports}${block}${use}`).diagnostics, { color: false })).toBe('');
  });

  it('shows an alias that is accepted, and does what the page says', () => {
    const [alias] = examples('block sync_batch = ');
    const body =
      '  x = seg |> conv(3, bias: sync_batch == batch) as c\n  return x |> sync_batch(momentum: 0.01)';
    const { spec, diagnostics } = checkText(
      `${imports}${alias}\nnetwork P(seg: LabelMap) -> Image {\n${body}\n}\n`,
    );
    expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
    const names = spec?.networks[0]?.variables.map(({ name }) => name);
    expect(names).toEqual(['c.weight', 'c.bias', 'batch.running_mean', 'batch.running_var']);
  });

  it('shows a loss and lines of an experiment that are accepted', () => {
    const [block] = examples('block squared_gradient');
    const [load] = examples('load ');
    const [networks, loss] = examples('let E ')[0]!.split(/\n(?=loss)/);
    const [optimize] = examples('optimize ');
    const source = `${imports}use losses { kl, perceptual }
use encoders { StyleEncoder }
use features { Vgg19 }
${block}
experiment codes {
  data camvid { path: "data", images: "a", labels: "b", classes: 3, size: 64x64, batch: 2 }
  let V = Vgg19()
  let D = MultiscaleDiscriminator(width: 2)
  ${load}
  ${networks!.replace('SpadeGenerator(', 'SpadeGenerator(width: 2, ')}
  ${loss} + perceptual(V)
  loss D = gan_fake(D) + gan_real(D) + squared_gradient(D)
  train {
    steps: 1
    ${optimize}
    optimize D with sgd(0.1)
  }
}
`;
    expect(renderDiagnostics(checkText(source).diagnostics, { color: false })).toBe('');
  });

  it.each(
    examples(
      'x = ',
      'mid = ',
      'let head',
      'let features',
      'norm = ',
      'widths = ',
      'if z',
      'main = ',
      'skip = ',
    ).map((text) => [text]),
  )('shows statements that are accepted: %s', (text) => {
    const own = text.startsWith('main') ? '  norm = spade\n' : '';
    const start = 'x = seg |> conv(6) as start\n  z = none\n  out = 6\n  width = 2\n  a = x\n  b = x\n';
    const body = `  ${start}${own}  ${text.replace('…', '')}\n  return x |> conv(3) |> tanh`;
    const source = `use norms { batch, spade, spectral }\nuse generators { SpadeResBlock }\nnetwork P(seg: LabelMap) -> Image {\n${body}\n}\n`;
    expect(renderDiagnostics(checkText(source).diagnostics, { color: false })).toBe('');
  });

  it('gives every optimizer with its settings and their defaults', () => {
    const written = optimizers.map(({ kind, settings }) => {
      const own = Object.entries(settings).map(([name, rule]) => `${name}: ${rule.default}`);
      return `| \`${kind}(${['rate', ...own].join(', ')})\` `;
    });
    expect(written.filter((row) => !page.includes(row))).toEqual([]);
  });

  it('names every function and type', () => {
    // The ops that the library uses are documented by the schema.
    const left =
      /^(add|sub|mul|div|neg|one_hot|constant|conv2d|linear|\w+_norm|resize_nearest|batch_\w+|random_normal)$/;
    const missing = [...builtins.keys()].filter(
      (name) => !left.test(name) && !new RegExp(`\`${name}[\`(]`).test(page),
    );
    expect(missing).toEqual([]);
    const types = [...typeRules.keys()].filter(
      (name) => name !== 'Initializer' && !page.includes(`| \`${name}\``),
    );
    expect(types).toEqual([]);
  });
});
