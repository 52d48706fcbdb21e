/** Defines `resize`, which brings a label map with its edges and instances, or a tensor, to another size. */
import { resizeNearest } from '../../ops/composite/resolution.ts';
import * as messages from '../values/messages.ts';
import { innerShape, unknown, type TensorValue, type Value } from '../values/values.ts';
import { defineBuiltin, type Builtin } from './define.ts';
import { integer, labelsOrTensor, optional, type Parameter } from './parameters.ts';

interface Size {
  readonly height: number;
  readonly width: number;
}

/** A value with rows and columns. */
const sized: Parameter<Size> = {
  expected: 'a picture or size',
  read: (value) => {
    if (value.kind === 'size') return { height: value.height, width: value.width };
    const tensor = value.kind === 'labels' ? value.ids : value;
    const [height, width] = tensor.kind === 'tensor' ? innerShape(tensor) : [];
    return height !== undefined && width !== undefined ? { height, width } : undefined;
  },
};

export const resize: Builtin = defineBuiltin({
  name: 'resize',
  role: 'tensor',
  doc: 'Nearest-neighbor resize of a label map or tensor to `height` and `width`, or to the size of `like`.',
  partial: 'x',
  parameters: {
    x: labelsOrTensor,
    like: optional(sized),
    height: optional(integer),
    width: optional(integer),
  },
  apply: ({ x, like, ...sides }, { evaluator, span, callee, placeOf }) => {
    const target = like ?? bothOf(sides);
    if (typeof target === 'string') return evaluator.fail(messages.missingArgument('resize', target, span));
    const move = (tensor: TensorValue): Value => {
      const [height, width] = innerShape(tensor);
      return height === target.height && width === target.width
        ? tensor
        : evaluator.record(resizeNearest, [tensor], { ...target }, span, [placeOf('x')], callee);
    };
    if (x.kind === 'tensor') return move(x);
    const ids = move(x.ids);
    const edges = x.edges && move(x.edges);
    const instances = x.instances && move(x.instances);
    if (ids.kind !== 'tensor' || (edges && edges.kind !== 'tensor')) return unknown;
    if (instances && instances.kind !== 'tensor') return unknown;
    return ids === x.ids ? x : { kind: 'labels', ids, edges, instances, classes: x.classes };
  },
});

/** Gives both sides of the target size, or the name of the missing argument. */
function bothOf({ height, width }: { readonly [K in keyof Size]: Size[K] | undefined }): Size | string {
  if (height !== undefined && width !== undefined) return { height, width };
  if (height === undefined && width === undefined) return 'like';
  return height === undefined ? 'height' : 'width';
}
