/** Splits semantics of official preprocessing into the inputs of our networks. */
import { sizeOf } from '../../compiler/ir/types.ts';
import { open, permute, shapeIn, toRowsFirst } from './arrays.ts';
import { inCall, shapeText, wrongSemantics } from './messages.ts';
import { readOptions, semanticsOptions } from './options.ts';
import type { SemanticsOptions, Tensor } from './types.ts';

/**
 * Splits semantics of official preprocessing (one channel per class, one of them 1 at each pixel; with `edges`, a last
 * channel of instance edges) into the inputs of our networks: ids [N,H,W] and edges [N,H,W,1]. Throws a SpadeworkError
 * if a pixel has no class or several, or a channel holds values other than 0 and 1.
 */
export function splitSemantics(
  semantics: Tensor,
  options: SemanticsOptions = {},
): { readonly labels: Tensor<Int32Array>; readonly edges?: Tensor } {
  return inCall('splitSemantics', () => split(semantics, options));
}

function split(semantics: Tensor, options: SemanticsOptions): ReturnType<typeof splitSemantics> {
  const { layout = 'NHWC', edges: hasEdges = false } = readOptions(options, semanticsOptions);
  const given = open('semantics', semantics);
  const shape = given.shape ?? [];
  if (shape.length !== 4) throw wrongSemantics(given.shape ? shapeText(shape) : 'an array without a shape');
  if (sizeOf(shape) !== given.values.length)
    throw wrongSemantics(`${given.values.length} entries in the shape ${shapeText(shape)}`);
  const stored = Float32Array.from(given.values);
  const rows = layout === 'NCHW' ? permute(stored, shape, toRowsFirst) : { values: stored, shape };
  const [n, height, width, channels] = rows.shape as [number, number, number, number];
  const classes = channels - (hasEdges ? 1 : 0);
  const labels = new Int32Array(n * height * width);
  const edges = new Float32Array(labels.length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const row = rows.values.subarray(pixel * channels, (pixel + 1) * channels);
    const refuse = (found: string): never => {
      const column = pixel % width;
      const line = Math.floor(pixel / width) % height;
      throw wrongSemantics(`${found} at row ${line}, column ${column} of ${shapeText(shape)}`);
    };
    const other = row.findIndex((value) => value !== 0 && value !== 1);
    if (other >= 0) refuse(`${row[other]} in channel ${other}`);
    labels[pixel] = row.indexOf(1);
    if (labels[pixel]! < 0 || labels[pixel]! >= classes) refuse('no class');
    const second = row.indexOf(1, labels[pixel]! + 1);
    if (second >= 0 && second < classes) refuse(`the classes ${labels[pixel]} and ${second}`);
    edges[pixel] = row[channels - 1]!;
  }
  return {
    labels: { shape: [n, height, width], values: labels },
    ...(hasEdges && { edges: { shape: shapeIn([n, height, width, 1], layout), values: edges } }),
  };
}
