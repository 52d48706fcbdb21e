/**
 * Tests the semantics of the language: names of parameters, sharing, values at compile time, and independence of
 * layout.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, print } from '../../dsl/index.ts';
import type { NetworkSpec, Spec } from '../../compiler/format/types.ts';
import { checkText, specOf } from '../support/specs.ts';
import { camvid, network } from '../support/spec-texts.ts';

/** Expands a single network over 8x4 label maps of 2 classes. */
function painter(body: string, before = ''): NetworkSpec {
  return specOf(network(body, before), { name: 'Painter', assume: { width: 8, height: 4, classes: 2 } })
    .networks[0]!;
}

const names = ({ variables }: NetworkSpec): string[] => variables.map(({ name }) => name);
const shapes = ({ variables }: NetworkSpec) =>
  Object.fromEntries(variables.map(({ name, shape }) => [name, shape]));
const ops = ({ nodes }: NetworkSpec): string[] => nodes.map(({ op }) => op);

/** Evaluates an expression to an integer, through the shape of a tensor. */
function integer(expression: string, before = ''): number {
  const { variables } = painter(`  ${before}\n  return seg |> conv(${expression}) as c`);
  return variables[0]!.shape[3]!;
}

describe('parameter names', () => {
  it('of the SPADE generator are those of the official code, up to the layer that a norm or weight is', () => {
    const [generator] = specOf(camvid).networks;
    const all = names(generator!);
    expect(all).toEqual(
      expect.arrayContaining([
        'fc.weight',
        'fc.bias',
        'head_0.norm_0.mlp_shared.weight',
        'head_0.norm_0.mlp_gamma.bias',
        'head_0.norm_0.param_free_norm.running_mean',
        'head_0.conv_0.weight',
        'head_0.conv_0.weight.u',
        'G_middle_1.conv_1.bias',
        'up_3.conv_s.weight',
        'up_3.norm_s.mlp_beta.weight',
        'conv_img.weight',
      ]),
    );
    expect(all).not.toContain('up_3.conv_s.bias');
    expect(new Set(all).size).toBe(all.length);
  });

  it('come from labels, with the index of a loop', () => {
    const spec = painter(
      '  x = seg\n  for i in range(3) {\n    x = x |> conv(3, bias: false) as up[i]\n  }\n  return x',
    );
    expect(names(spec)).toEqual(['up_0.weight', 'up_1.weight', 'up_2.weight']);
  });

  it('of unlabelled calls are the block and an ordinal, by block', () => {
    const before = 'block Two(x) {\n  return x |> conv(3, bias: false) |> conv(3, bias: false)\n}\n';
    const spec = painter(
      '  return seg |> conv(3, bias: false) |> Two |> Two |> conv(3, bias: false)',
      before,
    );
    expect(names(spec)).toEqual([
      'conv.weight',
      'Two.conv.weight',
      'Two.conv_2.weight',
      'Two_2.conv.weight',
      'Two_2.conv_2.weight',
      'conv_2.weight',
    ]);
  });
});

describe('sharing', () => {
  it("a block bound by 'let' has one set of parameters, however often it is applied", () => {
    const body =
      '  let same = conv(out: 2, bias: false)\n  return seg |> same |> same |> same |> conv(3, bias: false)';
    const spec = painter(body);
    expect(names(spec)).toEqual(['same.weight', 'conv.weight']);
    expect(spec.nodes.filter(({ inputs }) => inputs.includes('@same.weight'))).toHaveLength(3);
  });

  it("a block bound by '=' has parameters of its own wherever it is applied", () => {
    const spec = painter(
      '  each = conv(out: 2, bias: false)\n  return seg |> each |> each |> conv(3, bias: false)',
    );
    expect(names(spec)).toEqual(['conv.weight', 'conv_2.weight', 'conv_3.weight']);
  });

  it('an instance inside a block belongs to each use of that block', () => {
    const before =
      'block Twice(x) {\n  let f = conv(out: 3, bias: false)\n  return x |> f |> conv(3, bias: false)\n}\n';
    const spec = painter('  return seg |> Twice as a |> Twice as b', before);
    expect(names(spec)).toEqual(['a.f.weight', 'a.conv.weight', 'b.f.weight', 'b.conv.weight']);
  });

  it('a network that losses call twice has one set of parameters', () => {
    const { networks, objectives } = specOf(camvid);
    const calls = objectives.flatMap(({ nodes }) =>
      nodes.filter(({ op }) => op === 'call').map(({ attrs }) => attrs?.['network']),
    );
    expect(calls).toEqual(['G', 'D', 'G', 'D']);
    expect(networks.map(({ name }) => name)).toEqual(['G', 'D']);
  });
});

describe('values at compile time', () => {
  it.each([
    ['7 // 2', 3],
    ['-7 // 2 + 10', 6],
    ['-7 % 3', 2],
    ['2 ** 3', 8],
    ['round(2.5)', 2],
    ['round(3.5)', 4],
    ['max(1, [5, 3])', 5],
    ['product([2, 3, 4])', 24],
    ['range(2, 6).last', 5],
    ['[i * i for i in range(5) if i % 2 == 1][1]', 9],
    ['(if 1 < 2 and not false then 4 else 1 // 0)', 4],
    ['(if 1 < 2 or 1 // 0 == 1 then 4 else 5)', 4],
    ['seg.width - seg.height', 4],
    ['seg.size.width', 8],
    ['seg.channels', 2],
    ['total([1, 2, 3])', 6],
  ])('%s is %d', (expression, value) => {
    expect(integer(expression)).toBe(value);
  });

  it("rebinding inside 'for' and 'if' is seen after them", () => {
    expect(integer('n', 'n = 1  for i in range(4) { n = n * 2  last = i }  if n > 8 { n = n + last }')).toBe(
      19,
    );
  });

  it('a condition on none chooses the optional input', () => {
    const before =
      'block Maybe(x, z: Latent? = none) {\n  if z == none {\n    return x |> conv(3) as plain\n  }\n  return z |> dense(4) as code\n}\n';
    expect(names(painter('  return seg |> Maybe as m', before))).toEqual(['m.plain.weight', 'm.plain.bias']);
  });

  it('a default may refer to the parameters before it', () => {
    const before =
      'block Wide(x, n: int, out: int = 2 * n) {\n  return x |> conv(out, bias: false) as c\n}\n';
    expect(shapes(painter('  return seg |> Wide(3) as a |> Wide(3, out: 4) as b', before))).toEqual({
      'a.c.weight': [3, 3, 2, 6],
      'b.c.weight': [3, 3, 6, 4],
    });
  });

  it('blocks and functions can be given their settings before their data', () => {
    const body =
      '  f = conv(out: 5, bias: false)\n  act = leaky_relu(slope: 0.5)\n  g = f(kernel: 1)\n  return seg |> g as c |> act |> conv(3)';
    const spec = painter(body);
    expect(shapes(spec)['c.weight']).toEqual([1, 1, 2, 5]);
    expect(spec.nodes.find(({ op }) => op === 'leaky_relu')?.attrs).toEqual({ slope: 0.5 });
  });

  it('label maps become channels once, where a tensor is asked for', () => {
    const spec = painter('  return concat(seg, seg) |> conv(3)');
    expect(ops(spec).filter((op) => op === 'one_hot')).toHaveLength(1);
  });
});

describe('the spec', () => {
  const withoutPlaces = (spec: Spec): unknown =>
    JSON.parse(JSON.stringify(spec, (key, value: unknown) => (key === 'at' ? undefined : value)));

  it.each([
    ['camvid', camvid],
    [
      'a generator of the library',
      readFileSync(new URL('../../specs/generators.spade', import.meta.url), 'utf8'),
    ],
  ])('does not depend on the layout of the text: %s', (_name, text) => {
    const printed = print(parse({ name: 'input.spade', text }).file!);
    const crowded = text.replaceAll(/#.*/g, '').replaceAll(/\n\s*/g, ' ').replaceAll(/ +/g, ' ');
    const [first, second] = [text, printed].map((one) => withoutPlaces(specOf(one)));
    expect(second).toEqual(first);
    const bare = JSON.stringify(first, (key, value: unknown) => (key === 'doc' ? undefined : value));
    const again = JSON.stringify(withoutPlaces(specOf(crowded)), (key, value: unknown) =>
      key === 'doc' ? undefined : value,
    );
    expect(again).toBe(bare);
  });

  it('points at the text that every node was written in, or at the call for which the prelude made it', () => {
    const { spec, sources } = checkText(camvid);
    const callsOf: Record<string, RegExp> = {
      conv2d: /conv\(/,
      add: /\+|conv\(/,
      leaky_relu: /relu/,
      resize_nearest: /resize|upsample/,
      sub: /-/,
      mul: /\*/,
      constant: /1/,
    };
    for (const { nodes } of spec!.networks)
      for (const { at, op, inputs } of nodes) {
        if (op === 'one_hot' || (op === 'concat' && inputs.includes('seg.edges'))) continue; // these are recorded where maps enter
        const [source, start, end] = at!;
        const text = sources[source]!.text.slice(start, end);
        expect(text.slice(0, 200), op).toMatch(callsOf[op] ?? new RegExp(op));
        expect(sources[source]!.name).not.toBe('specs/prelude.spade');
      }
  });

  it('of a lone network takes the assumed data, or inputs by name', () => {
    const text = 'network N(seg: LabelMap, z: Latent? = none) {\n  return z |> dense(seg.width)\n}\n';
    const spec = specOf(text, {
      name: 'N',
      assume: { width: 6, height: 2, classes: 3 },
      inputs: { z: { kind: 'noise', shape: [5] } },
    });
    expect(spec.networks[0]!.inputs).toEqual([
      { name: 'seg', kind: 'labels', width: 6, height: 2, classes: 3, edges: false },
      { name: 'z', kind: 'noise', shape: [5] },
    ]);
    expect(shapes(spec.networks[0]!)['dense.weight']).toEqual([5, 6]);
  });

  it('lets data use what is assigned before the networks, wherever data stands', () => {
    const text = camvid
      .replace('  data camvid', '  n = 12\n  data camvid')
      .replace('classes: 12', 'classes: n');
    expect(specOf(text).data?.classes).toBe(12);
  });
});
