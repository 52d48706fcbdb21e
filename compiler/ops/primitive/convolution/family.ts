/**
 * What convolutions of every kind have in common. A kind is three ops: the convolution and its two cotangents, which are closed
 * under differentiation: the one for the input is the transposed convolution. Padding is `same` or `valid` only, TensorFlow's
 * fast kernels; other paddings are a `pad` before, which the filter's cotangent then shares.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { RefTensor, TensorFlow } from '../../../ir/emitter.ts';
import { shapeOf, type Builder, type Check, type Cotangents, type Node } from '../../../ir/node.ts';
import type { Rules } from '../../../ir/op.ts';
import type { Fact } from '../../../locality/facts.ts';
import type { Reading, Walk } from '../../../locality/rule.ts';
import { f32, sizeOf, type Shape } from '../../../ir/types.ts';
import { at, checkFloat, multiplied, picture } from '../support.ts';
import {
  eachMeeting,
  type dilatedAttrs,
  type Geometry,
  type shapeOfFilter,
  type shapeOfInput,
  type Shapes,
} from './geometry.ts';
import { slide, spread, type FilteredNode } from './locality.ts';
import { emitConvolution, emitFilterGrad, emitInputGrad, type TensorFlowOps } from './tensorflow.ts';

/** The attributes of a cotangent. */
type CotangentGeometry = Geometry & { readonly shape: Shape };

/** What a kind of convolutions says of itself. */
export interface Kind {
  /** Checks the shapes and attributes of a convolution and gives the shape of its result. */
  readonly infer: (x: Shape, filter: Shape, geometry: Geometry, check: Check) => Shape;
  readonly channels: Channels;
  /** What is known of a node whose operand is read so along both axes. */
  readonly locality: (
    reading: (node: FilteredNode) => Reading,
  ) => (node: FilteredNode, walk: Walk) => readonly Fact[];
  readonly make: Makers;
  readonly tensorflow: TensorFlowOps;
  readonly tfjs: TfjsRules;
  readonly samples: readonly ConvolutionSample[];
}

/** Calls `visit` with every product of a pixel and a tap that meet: the channels of x, (input, output) of the filter, and y. */
export type Channels = (filter: Shape, visit: (x: number, filter: number, y: number) => void) => void;

/** Every channel of x meets every one of y. */
export const allChannels: Channels = (filter, visit) => {
  const [channels, outChannels] = [at(filter, 2), at(filter, 3)];
  for (let c = 0; c < channels; c++) for (let o = 0; o < outChannels; o++) visit(c, c * outChannels + o, o);
};

/** Every channel of x meets its own of y. */
export const ownChannel: Channels = (filter, visit) => {
  const channels = at(filter, 2);
  for (let c = 0; c < channels; c++) visit(c, c, c);
};

/** How nodes of the three ops are made; the geometry is all their attributes, also those that are added to every op of a kind. */
interface Makers {
  readonly convolution: (b: Builder, x: Node, filter: Node, geometry: Geometry) => Node;
  readonly inputGrad: (b: Builder, dy: Node, filter: Node, geometry: CotangentGeometry) => Node;
  readonly filterGrad: (b: Builder, x: Node, dy: Node, geometry: CotangentGeometry) => Node;
}

/** How tfjs computes the three. */
interface TfjsRules {
  readonly convolution: (
    tf: TensorFlow,
    x: Tfjs.Tensor4D,
    filter: Tfjs.Tensor4D,
    geometry: Geometry,
  ) => Tfjs.Tensor;
  readonly inputGrad: (
    tf: TensorFlow,
    dy: Tfjs.Tensor4D,
    filter: Tfjs.Tensor4D,
    geometry: CotangentGeometry,
  ) => Tfjs.Tensor;
  readonly filterGrad: (
    tf: TensorFlow,
    x: Tfjs.Tensor4D,
    dy: Tfjs.Tensor4D,
    geometry: CotangentGeometry,
  ) => Tfjs.Tensor;
}

/** A convolution that the three ops are tested on. */
export interface ConvolutionSample extends Shapes {
  readonly attrs: Geometry;
}

/** The shapes of the convolution that a node of each op belongs to. */
export const shapesOf = {
  convolution: (node: Node): Shapes => ({
    x: operandShape(node, 0),
    filter: operandShape(node, 1),
    y: shapeOf(node),
  }),
  inputGrad: (node: Node): Shapes => ({
    x: shapeOf(node),
    filter: operandShape(node, 1),
    y: operandShape(node, 0),
  }),
  filterGrad: (node: Node): Shapes => ({
    x: operandShape(node, 0),
    filter: shapeOf(node),
    y: operandShape(node, 1),
  }),
};

const operandShape = (node: Node, index: number): Shape => shapeOf(at(node.operands, index));

/** The rules of an op, but for what its entry says itself. */
type Common<O extends readonly string[], A extends typeof dilatedAttrs> = Omit<
  Rules<O, A>,
  'name' | 'doc' | 'attrs'
>;

interface Family {
  readonly convolution: Common<readonly ['x', 'filter'], typeof dilatedAttrs>;
  readonly inputGrad: Common<readonly ['dy', 'filter'], typeof dilatedAttrs & typeof shapeOfInput>;
  readonly filterGrad: Common<readonly ['x', 'dy'], typeof dilatedAttrs & typeof shapeOfFilter>;
}

const edges =
  `${multiplied('F.conv2d and its gradients')}. Whether it meets the zeros of the padding too, and with minimal filtering the other ` +
  'results of a square, is up to the engine';

/** Gives the rules of the three ops of a kind. */
export function familyOf({ infer, channels, locality, make, tensorflow, tfjs, samples }: Kind): Family {
  const eachProduct = productsOf(channels);
  return {
    convolution: {
      edges,
      operands: ['x', 'filter'],
      traits: { isLinear: true },
      infer: ({ x, filter, ...geometry }, check) => {
        checkFloat([x, filter], check);
        return f32(...infer(x.shape, filter.shape, geometry, check));
      },
      vjp: ({ x, filter, ...geometry }, { b, dy }): Cotangents => [
        () => make.inputGrad(b, dy, filter, { ...geometry, shape: shapeOf(x) }),
        () => make.filterGrad(b, x, dy, { ...geometry, shape: shapeOf(filter) }),
      ],
      reference: ({ x, filter, ...geometry }, node) =>
        accumulate(shapeOf(node), (data) =>
          eachProduct(shapesOf.convolution(node), geometry, (xi, fi, yi) => {
            data[yi]! += x.data[xi]! * filter.data[fi]!;
          }),
        ),
      tensorflow: ({ x, filter, ...geometry }, { emit }) =>
        emitConvolution(tensorflow, emit, x, filter, geometry),
      tfjs: ({ x, filter, ...geometry }, { tf }) =>
        tfjs.convolution(tf, picture(x), picture(filter), geometry),
      locality: locality(slide),
      flops: (_types, node) => flopsOf(shapesOf.convolution(node)),
      samples: samples.map(({ x, filter, attrs }) => ({ operands: [f32(...x), f32(...filter)], attrs })),
    },
    inputGrad: {
      edges,
      operands: ['dy', 'filter'],
      traits: { isLinear: true },
      infer: ({ dy, filter, shape, ...geometry }, check) => {
        checkFloat([dy, filter], check);
        checkCotangent(dy.shape, infer(shape, filter.shape, geometry, check), check);
        return f32(...shape);
      },
      vjp: ({ dy: y, filter, shape: _shape, ...geometry }, { b, dy }): Cotangents => [
        () => make.convolution(b, dy, filter, geometry),
        () => make.filterGrad(b, dy, y, { ...geometry, shape: shapeOf(filter) }),
      ],
      reference: ({ dy, filter, shape, ...geometry }, node) =>
        accumulate(shape, (data) =>
          eachProduct(shapesOf.inputGrad(node), geometry, (xi, fi, yi) => {
            data[xi]! += dy.data[yi]! * filter.data[fi]!;
          }),
        ),
      tensorflow: ({ dy, filter, ...geometry }, { emit, node }) =>
        emitInputGrad(tensorflow, emit, dy, filter, shapesOf.inputGrad(node), geometry),
      tfjs: ({ dy, filter, ...geometry }, { tf }) =>
        tfjs.inputGrad(tf, picture(dy), picture(filter), geometry),
      locality: locality(spread),
      flops: (_types, node) => flopsOf(shapesOf.inputGrad(node)),
      samples: samples.map(({ x, filter, y, attrs }) => ({
        operands: [f32(...y), f32(...filter)],
        attrs: { ...attrs, shape: x },
      })),
    },
    filterGrad: {
      edges,
      operands: ['x', 'dy'],
      traits: { isLinear: true },
      infer: ({ x, dy, shape, ...geometry }, check) => {
        checkFloat([x, dy], check);
        checkCotangent(dy.shape, infer(x.shape, shape, geometry, check), check);
        return f32(...shape);
      },
      vjp: ({ x, dy: y, shape: _shape, ...geometry }, { b, dy }): Cotangents => [
        () => make.inputGrad(b, y, dy, { ...geometry, shape: shapeOf(x) }),
        () => make.convolution(b, x, dy, geometry),
      ],
      reference: ({ x, dy, shape, ...geometry }, node) =>
        accumulate(shape, (data) =>
          eachProduct(shapesOf.filterGrad(node), geometry, (xi, fi, yi) => {
            data[fi]! += x.data[xi]! * dy.data[yi]!;
          }),
        ),
      tensorflow: ({ x, dy, ...geometry }, { emit, node }) =>
        emitFilterGrad(tensorflow, emit, x, dy, shapesOf.filterGrad(node), geometry),
      tfjs: ({ x, dy, ...geometry }, { tf }) => tfjs.filterGrad(tf, picture(x), picture(dy), geometry),
      flops: (_types, node) => flopsOf(shapesOf.filterGrad(node)),
      samples: samples.map(({ x, filter, y, attrs }) => ({
        operands: [f32(...x), f32(...y)],
        attrs: { ...attrs, shape: filter },
      })),
    },
  };
}

/** Requires that dy has the shape of the convolution `y` that it is the cotangent of. */
function checkCotangent(dy: Shape, y: Shape, check: Check): void {
  check(String(y) === String(dy), 'dy has the shape of the convolution', `[${dy}], expected [${y}]`);
}

/** Gives the walk that calls `visit` with flat offsets (x, filter, y) of every product of a convolution. */
function productsOf(channels: Channels) {
  return (
    shapes: Shapes,
    geometry: Geometry,
    visit: (x: number, filter: number, y: number) => void,
  ): void => {
    const { x, filter, y } = shapes;
    const perPixel = at(x, 3);
    const perTap = at(filter, 2) * at(filter, 3);
    const perResult = at(y, 3);
    eachMeeting(shapes, geometry, (xi, tap, yi) =>
      channels(filter, (c, f, o) => visit(xi * perPixel + c, tap * perTap + f, yi * perResult + o)),
    );
  };
}

/** Makes a reference tensor by filling zeros. */
function accumulate(shape: Shape, fill: (data: Float64Array) => void): RefTensor {
  const data = new Float64Array(sizeOf(shape));
  fill(data);
  return { shape, data };
}

/** Every pixel of y is a sum of products, in all with each number of the filter; multiply-adds count as two operations. */
const flopsOf = ({ filter, y }: Shapes): number => 2 * sizeOf(filter) * (sizeOf(y) / at(y, 3));
