/** Answers for pooling and resizing. */
import type { Builder } from '../builder.ts';
import { OpError, shapeOf, typeOf, type Node } from '../../ir/node.ts';
import { longestSide } from '../../format/types.ts';
import { aroundPixels, countUp, zeroPad } from './composites.ts';
import {
  at,
  flag,
  int,
  num,
  requireFrom,
  requirePicture,
  type AttrRule,
  type SpecAttrs,
  type SpecOp,
} from './define.ts';

const avgPool: SpecOp = {
  name: 'avg_pool',
  doc: 'The mean over size x size windows; `pad` pixels outside are not counted, or with `count_pad` as zeros.',
  inputs: ['x'],
  attrs: {
    size: int('side of the window', 3),
    stride: int('step', 2),
    pad: int('pixels outside on every side', 0),
    count_pad: flag('whether pixels outside count, as zeros'),
  },
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const [, height, width] = requirePicture('avg_pool', x);
    requireFrom('avg_pool', 0, attrs, 'pad');
    const window = { size: num(attrs, 'size'), stride: num(attrs, 'stride') };
    const pad = num(attrs, 'pad');
    if (pad >= window.size)
      throw new OpError(
        'avg_pool',
        'pad is below size, so that every window holds a pixel',
        `pad ${pad}, size ${window.size}`,
      );
    const pooled = b.op('avg_pool2d', [zeroPad(b, x, pad)], window);
    if (pad === 0 || attrs['count_pad'] === true) return pooled;
    // Windows at the border hold fewer pixels: divide by the share of pixels that count.
    const ones = b.constant(1, [1, height, width, 1]);
    return b.div(pooled, b.op('avg_pool2d', [zeroPad(b, ones, pad)], window));
  },
};

/** The lowest float32, which no pixel is below; infinity has no text in JSON. */
const lowest = -3.4028234663852886e38;

const maxPool: SpecOp = {
  name: 'max_pool',
  doc: 'The maximum over size x size windows; `pad` pixels outside never win.',
  inputs: ['x'],
  attrs: {
    size: int('side of the window', 2),
    stride: int('step', 2),
    pad: int('pixels outside on every side, at most half a window', 0),
    ceil: flag('whether windows that reach over the lower and right border count, as in PyTorch'),
  },
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const [, height, width] = requirePicture('max_pool', x);
    requireFrom('max_pool', 1, attrs, 'size', 'stride');
    requireFrom('max_pool', 0, attrs, 'pad');
    const [size, stride, pad] = [num(attrs, 'size'), num(attrs, 'stride'), num(attrs, 'pad')];
    if (2 * pad > size)
      throw new OpError('max_pool', 'pad is at most half of size', `pad ${pad}, size ${size}`);
    /** Pixels after an axis: `pad`, and with `ceil` those that let the last window begin inside or in the pad before. */
    const after = (all: number): number => {
      if (attrs['ceil'] !== true) return pad;
      const last = Math.ceil((all + 2 * pad - size) / stride) * stride;
      return Math.max(pad, (last >= all + pad ? last - stride : last) + size - all - pad);
    };
    const rows = [pad, after(height)] as const;
    const columns = [pad, after(width)] as const;
    const isPadded = [...rows, ...columns].some((amount) => amount > 0);
    const padded = isPadded ? b.op('pad', [x], { amounts: aroundPixels(rows, columns), value: lowest }) : x;
    return b.op('max_pool2d', [padded], { size, stride });
  },
};

const sizes: Readonly<Record<string, AttrRule>> = {
  height: int('rows of the result'),
  width: int('columns of the result'),
};

/** Requires a result of at least one pixel that is not too large, and gives its height and width. */
function requireSizes(op: string, attrs: SpecAttrs): readonly [number, number] {
  const [height, width] = [num(attrs, 'height'), num(attrs, 'width')];
  if (!(height >= 1 && width >= 1))
    throw new OpError(op, 'the result has at least one pixel', `${width}x${height}`);
  if (Math.max(height, width) > longestSide)
    throw new OpError(op, `the result has at most ${longestSide} rows and columns`, `${width}x${height}`);
  return [height, width];
}

const resizeNearest: SpecOp = {
  name: 'resize_nearest',
  doc: 'Nearest neighbor with source index floor(i * in / out): no half-pixel centers, no corner alignment.',
  inputs: ['x'],
  attrs: sizes,
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const [, height, width] = shapeOf(x) as [number, number, number];
    const [toHeight, toWidth] = requireSizes('resize_nearest', attrs);
    const factor = toHeight / height;
    if (typeOf(x).dtype === 'f32' && Number.isInteger(factor) && toWidth === width * factor)
      return factor === 1 ? x : b.op('upsample_nearest', [x], { factor });
    const along = (node: Node, axis: number, from: number, to: number): Node =>
      from === to
        ? node
        : b.op('take', [node], {
            axis,
            indices: Array.from({ length: to }, (_, i) => Math.floor((i * from) / to)),
          });
    return along(along(x, 1, height, toHeight), 2, width, toWidth);
  },
};

const resizeBilinear: SpecOp = {
  name: 'resize_bilinear',
  doc: 'Linear interpolation along rows and columns between pixel centers, corners not aligned; no smoothing before shrinking.',
  inputs: ['x'],
  attrs: sizes,
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const [, height, width] = requirePicture('resize_bilinear', x);
    const [toHeight, toWidth] = requireSizes('resize_bilinear', attrs);
    return interpolate(b, interpolate(b, x, 1, height, toHeight), 2, width, toWidth);
  },
};

/** Interpolates along an axis: entry i of the result is at max(0, (i + 1/2) from / to - 1/2) of x. */
function interpolate(b: Builder, x: Node, axis: 1 | 2, from: number, to: number): Node {
  if (from === to) return x;
  // Positions as multiples of 1 / (2 to) are integers, which float32 holds exactly.
  const lower = Array.from({ length: to }, (_, i) =>
    Math.floor(Math.max(0, (2 * i + 1) * from - to) / (2 * to)),
  );
  const upper = lower.map((index) => Math.min(index + 1, from - 1));
  const scaled = b.add(b.mul(countUp(b, to), 2 * from), b.constant(from - to));
  const position = b.op('maximum', [scaled, b.constant(0)]);
  const base = b.mul(b.op('take', [countUp(b, from)], { axis: 0, indices: lower }), 2 * to);
  const share = b.mul(b.sub(position, base), 1 / (2 * to));
  const below = b.op('take', [x], { axis, indices: lower });
  const above = b.op('take', [x], { axis, indices: upper });
  const weights = b.reshape(share, axis === 1 ? [to, 1, 1] : [to, 1]);
  return b.add(below, b.mul(b.sub(above, below), weights));
}

export const resolutionOps: readonly SpecOp[] = [avgPool, maxPool, resizeNearest, resizeBilinear];
