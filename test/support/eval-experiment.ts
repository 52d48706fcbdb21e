/**
 * Makes the inputs of evaluation tests: a tiny run that generates in several ways, a segmenter, and a network with
 * weights.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../../compiler/ir/random.ts';
import { writeSafetensors } from '../../runtime/weights/safetensors.ts';
import { makeTinyExperiment, tinySegmenterSpec, tinySpec, trainText } from './tiny-experiment.ts';

export interface EvalExperiment {
  readonly folder: string;
  /** Run folders. */
  readonly run: string;
  readonly segmenter: string;
  /** A segmenter of pictures of half the size. */
  readonly smallSegmenter: string;
  /** A network of two layers with a declaration and a file of weights. */
  readonly judge: { readonly network: string; readonly weights: string };
  /** Its text, and its weights by name. */
  readonly judgeText: string;
  readonly judgeWeights: Readonly<Record<string, Float32Array>>;
  /** Training pairs, which are more than the held-out ones. */
  readonly maps: string;
  readonly images: string;
}

const judgeText = `network Tiny(image: Image) {
  first = image |> conv(4, stride: 2) as one |> relu
  return [first, first |> conv(6) as two |> relu]
}
`;

/** Trains everything on the portable engine; the caller removes the folder. */
export async function makeEvalExperiment(): Promise<EvalExperiment> {
  const { folder } = await makeTinyExperiment();
  const at = (name: string): string => join(folder, name);
  const train = async (out: string, text: string): Promise<string> => {
    await trainText(text, at(`${out}.spade`), { out: at(out), engine: 'portable' });
    return at(out);
  };
  const run = await train(
    'run',
    tinySpec({ latent: true, light: true, rate: '0.02', train: 'steps: 4, checkpoint_every: 2, seed: 3' }),
  );
  const segmenter = await train('segmenter', tinySegmenterSpec());
  const smallSegmenter = await train('small', tinySegmenterSpec().replace('size: 32x32', 'size: 16x16'));
  const random = new RandomStream(5, 'judge');
  const draw = (...shape: number[]): { shape: number[]; values: Float32Array } => ({
    shape,
    values: new Float32Array(shape.reduce((a, b) => a * b)).map(() => random.normal()),
  });
  const tensors = {
    'one.weight': draw(3, 3, 3, 4),
    'one.bias': draw(4),
    'two.weight': draw(3, 3, 4, 6),
    'two.bias': draw(6),
  };
  const heads = Object.entries(tensors).map(([name, { shape }]) => ({ name, shape }));
  const arrays = Object.values(tensors).map(({ values }) => values);
  await writeSafetensors(at('tiny.safetensors'), heads, arrays);
  writeFileSync(at('judge.spade'), judgeText);
  const declaration = { doc: 'Two layers.', file: 'judge.spade', network: 'Tiny', naming: 'spadework' };
  writeFileSync(at('tiny.json'), JSON.stringify(declaration));
  return {
    folder,
    run,
    segmenter,
    smallSegmenter,
    judge: { network: at('tiny.json'), weights: at('tiny.safetensors') },
    judgeText,
    judgeWeights: Object.fromEntries(Object.entries(tensors).map(([name, { values }]) => [name, values])),
    maps: at('data/labels'),
    images: at('data/photos'),
  };
}
