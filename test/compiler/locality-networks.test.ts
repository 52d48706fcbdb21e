/**
 * Tests label locality of the library's networks at small sizes, and of whole training steps: windows, values and
 * FLOP.
 */
import { conv2d } from '../../compiler/ops/primitive/convolution/conv2d.ts';
import { input } from '../../compiler/ir/sources.ts';
import { is } from '../../compiler/ir/op.ts';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import { drawNetwork } from '../../compiler/explain/drawing.ts';
import { explainLocality } from '../../compiler/explain/locality.ts';
import { renderLocality } from '../../compiler/explain/render.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { analyzeLocality } from '../../compiler/locality/analysis.ts';
import type { LocalValue } from '../../compiler/locality/local.ts';
import { networkMethod } from '../../compiler/build/probes.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { shapeOf, type Node } from '../../compiler/ir/node.ts';
import { expectHolds, isMap } from '../support/locality.ts';
import { camvid } from '../support/spec-texts.ts';
import { specOf } from '../support/specs.ts';
import { cpu } from '../../compiler/lower/targets.ts';

const generator = (
  call: string,
  uses = '',
): string => `use generators { SpadeGenerator, ConcatDecoder, OasisGenerator }
use norms { spade, clade, instance, edge_aware_spade }
${uses}
network G(seg: LabelMap) -> Image { let g = ${call}
  return g(seg) }`;

const judge = `use discriminators { MultiscaleDiscriminator }
network D(seg: LabelMap, image: Image) { let d = MultiscaleDiscriminator(scales: 2, layers: 2, width: 2)
  return d(seg, image) }`;

function methodOf(text: string, training: boolean): Method {
  const spec = specOf(text, { assume: { width: 32, height: 32, classes: 3 } });
  return networkMethod(spec, spec.networks[0]!, { name: 'm', batch: 2, training, gradients: false });
}

/** A generator on data with instances, and therefore edges. */
function methodWithEdges(norm: string): Method {
  const text = camvid
    .replace('use losses', 'use norms { spade, edge_aware_spade }\nuse losses')
    .replace('classes: 12, size: 256x256', 'instances: "instances", classes: 3, size: 32x32')
    .replace('SpadeGenerator(width: 64)', `SpadeGenerator(width: 2, norm: ${norm})`)
    .replace('scales: 2, layers: 4, width: 64', 'scales: 1, layers: 2, width: 2');
  const spec = specOf(text);
  return networkMethod(spec, spec.networks[0]!, { name: 'm', batch: 2, training: true, gradients: false });
}

/** The local values of convolutions whose block's path has this ending, at resolutions larger than a window. */
function localAt(method: Method, ending: string): (LocalValue | undefined)[] {
  const { local } = analyzeLocality(method.outputs.values(), { isMap });
  return nodesOf(method)
    .filter((node) => node.origin?.scope.endsWith(ending) && is(conv2d, node) && shapeOf(node)[1]! > 4)
    .map((node) => local.get(node));
}

const windows = (values: readonly (LocalValue | undefined)[]): string[] => [
  ...new Set(
    values.map((value) =>
      value
        ? value.views.map(({ rows, columns }) => [rows.from, rows.to, columns.from, columns.to]).join(' + ')
        : 'none',
    ),
  ),
];

describe('the SPADE generator', () => {
  const method = methodOf(generator('SpadeGenerator(width: 2, norm: spade(hidden: 3))'), true);

  it('sees 3x3 and 5x5 labels up to gamma and beta, and no more behind statistics', () => {
    expect(windows(localAt(method, '.mlp_shared'))).toEqual(['-1,1,-1,1']);
    expect(windows(localAt(method, '.mlp_gamma'))).toEqual(['-2,2,-2,2']);
    expect(windows(localAt(method, '.mlp_beta'))).toEqual(['-2,2,-2,2']);
    expect(windows(localAt(method, '.conv_1'))).toEqual(['none']);
  });

  it('shares patches between gamma and beta of every layer of a resolution', () => {
    const values = [...localAt(method, '.mlp_gamma'), ...localAt(method, '.mlp_beta')];
    const pairs = new Set(values.map((value) => `${value!.rowClasses.length} ${value!.key}`));
    expect(pairs.size).toBe(new Set(values.map((value) => value!.rowClasses.length)).size);
  });
});

describe('the networks of the library', () => {
  it.each([
    ['SPADE', () => methodOf(generator('SpadeGenerator(width: 2, norm: spade(hidden: 3))'), true)],
    ['SPADE with edges', () => methodWithEdges('spade(hidden: 3)')],
    ['SPADE with edges that are pooled', () => methodWithEdges('edge_aware_spade(hidden: 3)')],
    ['CLADE', () => methodOf(generator('SpadeGenerator(width: 2, norm: clade)'), true)],
    ['OASIS', () => methodOf(generator('OasisGenerator(width: 2, norm: spade(hidden: 3))'), true)],
    ['the decoder with concatenation', () => methodOf(generator('ConcatDecoder(width: 2)'), true)],
    ['a discriminator', () => methodOf(judge, true)],
  ])('have the values that are said to be equal: %s', (_name, method) => {
    const roots = [...method().outputs.values()];
    expect(expectHolds(roots, new RandomStream(5, 'network'), 1)).toBeGreaterThan(0);
  });

  it('are functions of the map as a whole, once statistics are fixed', () => {
    const method = methodOf(generator('ConcatDecoder(width: 2)'), false);
    const { local } = analyzeLocality(method.outputs.values(), { isMap });
    expect(local.has(method.outputs.get('output')!)).toBe(true);
  });

  it('have first convolutions that read labels beside other channels', () => {
    const convolutions = (text: string): [Node, readonly (readonly [number, number])[]][] => {
      const { partly } = analyzeLocality(methodOf(text, true).outputs.values(), { isMap });
      return [...partly].map(([node, { channels }]) => [node, channels]);
    };
    const judged = convolutions(judge);
    expect(judged.map(([node]) => node.origin?.scope)).toEqual([
      'D.d.discriminator_0.model_0',
      'D.d.discriminator_1.model_0',
    ]);
    expect(judged.map(([, channels]) => channels)).toEqual([[[0, 3]], [[0, 3]]]);
    expect(convolutions(generator('ConcatDecoder(width: 2)')).length).toBeGreaterThan(0);
  });
});

describe('a whole training step', () => {
  const step = compile(specOf(camvid), { target: cpu, batch: 2, methods: ['step'], asWritten: true })
    .methods[0]!;
  const roots = [...step.outputs.values(), ...step.writes.values()];
  const { local, partly } = analyzeLocality(roots, { isMap, weights: step.writes.values() });

  it('is local where its networks are, also behind the update of the generator and for stacked maps', () => {
    const gammas = [...local.keys()].filter(
      ({ op, origin }) => op === conv2d && origin?.scope.endsWith('.mlp_gamma'),
    );
    expect(gammas).toHaveLength(2 * 18); // in the generator's loss, and again with its new weights in the discriminator's
    expect(new Set(gammas.map((node) => local.get(node)!.key)).size).toBe(6); // one for each resolution
    expect(partly.size).toBeGreaterThanOrEqual(4);
    for (const { local: value } of partly.values()) expect(value.pictures).toEqual([0, 1, 0, 1]);
  });

  it('calls nothing local that depends on pictures', () => {
    const pictures = new Set<Node>();
    for (const node of nodesOf(step)) {
      const isReal = is(input, node) && !isMap(String(node.attrs['name']));
      const isWeight = [...step.writes.values()].includes(node);
      if (isReal || (!isWeight && node.operands.some((operand) => pictures.has(operand)))) pictures.add(node);
    }
    expect([...local.keys()].filter((node) => pictures.has(node))).toEqual([]);
  });
});

describe('explain --locality', () => {
  const spec = specOf(camvid);
  const text = spec.networks
    .map((network) => renderLocality(explainLocality(network, spec.networks)))
    .join('\n');

  it('is a table of resolutions and windows', async () => {
    await expect(text).toMatchFileSnapshot('../samples/explain/camvid-locality.txt');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('says where nothing is local', () => {
    const { networks } = specOf(`network P(image: Image) { return image |> conv(2) as c }`, {
      assume: { width: 8, height: 8, classes: 3 },
    });
    expect(renderLocality(explainLocality(networks[0]!, networks))).toBe(
      'P   nothing in it depends on labels alone\n',
    );
  });

  it('tints what is local, only where asked for', () => {
    const { networks } = specOf(
      `use norms { batch }
network P(seg: LabelMap) { return seg |> conv(2) as near |> batch as norm |> conv(2) as far }`,
      { assume: { width: 8, height: 8, classes: 3 } },
    );
    const fill = (locality: boolean, title: string): string | undefined =>
      new RegExp(`BGCOLOR="(#\\w+)"><TR><TD><B>${title}<`).exec(
        drawNetwork(networks[0]!, networks, { locality }),
      )?.[1];
    expect(fill(false, 'near')).toBe(fill(false, 'far'));
    expect(fill(true, 'near')).not.toBe(fill(true, 'far'));
    expect(fill(true, 'far')).toBe(fill(false, 'far'));
  });
});
