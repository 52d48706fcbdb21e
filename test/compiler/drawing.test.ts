/** Tests the drawings of networks: their boxes and arrows, and that Graphviz accepts them. */
import { describe, expect, it } from 'vitest';
import { drawNetwork } from '../../compiler/explain/drawing.ts';
import { layOut } from '../../runtime/report/drawing.ts';
import { specOf } from '../support/specs.ts';

const assume = { width: 64, height: 64, classes: 5 };

function draw(text: string, depth = 1): string {
  const spec = specOf(text, { assume });
  return drawNetwork(spec.networks[0]!, spec.networks, { depth });
}

/** The titles of a drawing's boxes in order; ops are not bold. */
const titles = (dot: string): string[] =>
  [...dot.matchAll(/^ *b\d+ \[label=<<TABLE.*?<TD>(?:<B>)?(.*?)(?:<\/B>)?<\/TD>/gm)].map(
    (match) => match[1]!,
  );

/** The arrows of a drawing between boxes, by title. */
function arrows(dot: string): string[] {
  const names = titles(dot);
  return [...dot.matchAll(/^ *b(\d+) -> b(\d+)/gm)].map(
    ([, from, to]) => `${names[Number(from)]} > ${names[Number(to)]}`,
  );
}

describe('a drawing', () => {
  const residual = `use norms { instance }
network R(x: Image) {
  let shared = conv(out: 3)
  y = x |> shared |> instance as norm |> leaky_relu(0.1) |> tanh |> shared
  return x + y
}`;

  it('has a box for every block, and one for a chain of ops between blocks', () => {
    expect(titles(draw(residual))).toEqual(['x', 'shared', 'norm', 'leaky_relu, tanh', 'add', 'output']);
  });

  it('has an arrow for every value that goes from one box to another', () => {
    expect(arrows(draw(residual))).toEqual([
      'x > shared',
      'shared > norm',
      'norm > leaky_relu, tanh',
      'leaky_relu, tanh > shared',
      'shared > add',
      'add > output',
    ]);
  });

  it('draws an input that goes to several places beside each of them but the first', () => {
    const dot = draw(residual);
    expect(dot.match(/^ *\{ rank=same; c0_\d+ \[label=.*?<B>x<\/B>/gm)).toHaveLength(1);
  });

  it('tells a normalization from a block that holds one among others', () => {
    const dot = draw(`use norms { spade }
use generators { SpadeResBlock }
network R(seg: LabelMap) { return seg |> conv(4) as c |> spade(seg) as norm |> SpadeResBlock(seg, out: 4) as residual
}`);
    const fill = (title: string): string | undefined =>
      new RegExp(`BGCOLOR="(#\\w+)"><TR><TD><B>${title}<`).exec(dot)?.[1];
    expect(fill('norm')).not.toBe(fill('c'));
    expect(fill('residual')).toBe(fill('c'));
  });

  it('takes a convolution with a norm behind it for no norm', () => {
    const dot = draw(`use norms { batch }
block Both(x) { return x |> conv(4) as conv |> batch as norm }
network R(x: Image) { return x |> Both as both |> batch as norm }`);
    const fills = [...dot.matchAll(/BGCOLOR="(#\w+)"><TR><TD><B>(?:both|norm)</g)].map((match) => match[1]);
    expect(fills).toHaveLength(2);
    expect(fills[0]).not.toBe(fills[1]);
  });

  it('has one box for three or more blocks in a row that are alike', () => {
    const chain = (blocks: number): string[] => {
      const layers = Array.from({ length: blocks }, (_, i) => `|> conv(3) as layer_${i}`).join(' ');
      return titles(draw(`network R(x: Image) { return x ${layers} |> conv(2) as last }`));
    };
    expect(chain(2)).toEqual(['x', 'layer_0', 'layer_1', 'last', 'output']);
    expect(chain(4)).toEqual(['x', 'layer_0 to layer_3', 'last', 'output']);
  });

  it('shows features where they are made, and the last of them at the end', () => {
    const dot = draw(`network R(x: Image) {
  a = x |> conv(3) as first |> relu
  b = a |> conv(4) as second
  return [a, b]
}`);
    expect(titles(dot)).toEqual(['x', 'first', 'relu', 'second', 'output 1']);
    expect(dot).toMatch(/b2 -> t0_0 /);
    expect(dot).toContain('<B>output 0</B>');
  });

  it('leaves constants out', () => {
    expect(titles(draw('network R(x: Image) { return 1 + x * vector(values: [1, 2, 3]) }'))).toEqual([
      'x',
      'mul, add',
      'output',
    ]);
  });

  it('frames the blocks that hold others, down to the depth asked for', () => {
    const generator = `use generators { SpadeGenerator }
network G(seg: LabelMap) { let g = SpadeGenerator(width: 2)
  return g(seg) }`;
    expect(draw(generator, 1)).not.toContain('subgraph');
    expect(titles(draw(generator, 1))).toEqual(['seg', 'g', 'output']);
    const deep = draw(generator, 2);
    expect(deep.match(/subgraph "([^"]+)"/g)).toEqual(['subgraph "cluster_g"']);
    expect(titles(deep)).toContain('up_3');
  });

  it('says shape and parameters, and one output for each list of features', () => {
    const dot = draw(`use discriminators { MultiscaleDiscriminator }
network D(seg: LabelMap, image: Image) { let d = MultiscaleDiscriminator(scales: 2, layers: 2, width: 4)
  return d(seg, image) }`);
    expect(titles(dot).filter((title) => title.startsWith('output'))).toEqual(['output 0', 'output 1']);
    expect(dot).toContain('64 x 64 x 3');
    expect(dot).toMatch(/\d k? ?parameters/);
  });

  it('becomes an SVG with every title in it', async () => {
    const dot = draw(residual);
    const svg = await layOut(dot);
    for (const title of titles(dot)) expect(svg).toContain(`>${title}</text>`);
    expect(svg.match(/<rect /g)).toHaveLength(titles(dot).length + 1);
  });
});
