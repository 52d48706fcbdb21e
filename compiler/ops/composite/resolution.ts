/** Pooling and resizing. */
import { shapeOf, typeOf, type Builder, type Node } from '../../ir/node.ts';
import { longestSide } from '../../format/types.ts';
import { aroundPixels, countUp, zeroPad, type Amounts } from './composites.ts';
import { defineComposite, type Composite } from './define.ts';
import { flag, int, type Refuse } from './settings.ts';
import { requirePicture } from './shapes.ts';

export const avgPool = defineComposite({
  name: 'avg_pool',
  doc: 'The mean over size x size windows; `pad` pixels outside are not counted, or with `count_pad` as zeros.',
  inputs: ['x'],
  attrs: {
    size: int('side of the window', { preset: 3 }),
    stride: int('step', { preset: 2 }),
    pad: int('pixels outside on every side', { preset: 0, least: 0 }),
    count_pad: flag('whether pixels outside count, as zeros'),
  },
  traits: { linear: 'together' },
  expand: ({ x, size, stride, pad, count_pad: countsPad }, { b, refuse }) => {
    const [, height, width] = requirePicture(x, refuse);
    if (pad >= size)
      throw refuse('pad is below size, so that every window holds a pixel', `pad ${pad}, size ${size}`);
    const pooled = b.avgPool2d(zeroPad(b, x, pad), { size, stride });
    if (pad === 0 || countsPad) return pooled;
    // Windows at the border hold fewer pixels: divide by the share of pixels that count.
    const ones = b.constant({ value: 1, shape: [1, height, width, 1] });
    return b.div(pooled, b.avgPool2d(zeroPad(b, ones, pad), { size, stride }));
  },
});

/** The lowest float32, which no pixel is below; infinity has no text in JSON. */
const lowest = -3.4028234663852886e38;

export const maxPool = defineComposite({
  name: 'max_pool',
  doc: 'The maximum over size x size windows; `pad` pixels outside never win.',
  inputs: ['x'],
  attrs: {
    size: int('side of the window', { preset: 2, least: 1 }),
    stride: int('step', { preset: 2, least: 1 }),
    pad: int('pixels outside on every side, at most half a window', { preset: 0, least: 0 }),
    ceil: flag('whether windows that reach over the lower and right border count, as in PyTorch'),
  },
  expand: ({ x, size, stride, pad, ceil }, { b, refuse }) => {
    const [, height, width] = requirePicture(x, refuse);
    if (2 * pad > size) throw refuse('pad is at most half of size', `pad ${pad}, size ${size}`);
    /** Pixels after an axis: `pad`, and with `ceil` those that let the last window begin inside or in the pad before. */
    const after = (all: number): number => {
      if (!ceil) return pad;
      const last = Math.ceil((all + 2 * pad - size) / stride) * stride;
      return Math.max(pad, (last >= all + pad ? last - stride : last) + size - all - pad);
    };
    const rows: Amounts = [pad, after(height)];
    const columns: Amounts = [pad, after(width)];
    const isPadded = [...rows, ...columns].some((amount) => amount > 0);
    const padded = isPadded ? b.pad(x, { amounts: aroundPixels(rows, columns), value: lowest }) : x;
    return b.maxPool2d(padded, { size, stride });
  },
});

const sizes = { height: int('rows of the result'), width: int('columns of the result') };

/** Requires a result of at least one pixel that is not too large. */
function requireSizes(height: number, width: number, refuse: Refuse): void {
  if (!(height >= 1 && width >= 1)) throw refuse('the result has at least one pixel', `${width}x${height}`);
  if (Math.max(height, width) > longestSide)
    throw refuse(`the result has at most ${longestSide} rows and columns`, `${width}x${height}`);
}

export const resizeNearest = defineComposite({
  name: 'resize_nearest',
  doc: 'Nearest neighbor with source index floor(i * in / out): no half-pixel centers, no corner alignment.',
  inputs: ['x'],
  attrs: sizes,
  traits: { linear: 'together' },
  expand: ({ x, height: toHeight, width: toWidth }, { b, refuse }) => {
    // Maps of ids have no channels.
    const [, height = 0, width = 0] = shapeOf(x);
    requireSizes(toHeight, toWidth, refuse);
    const factor = toHeight / height;
    if (typeOf(x).dtype === 'f32' && Number.isInteger(factor) && toWidth === width * factor)
      return factor === 1 ? x : b.upsampleNearest(x, { factor });
    const along = (node: Node, axis: number, from: number, to: number): Node =>
      from === to
        ? node
        : b.take(node, {
            axis,
            indices: Array.from({ length: to }, (_, i) => Math.floor((i * from) / to)),
          });
    return along(along(x, 1, height, toHeight), 2, width, toWidth);
  },
});

export const resizeBilinear = defineComposite({
  name: 'resize_bilinear',
  doc: 'Linear interpolation along rows and columns between pixel centers, corners not aligned; no smoothing before shrinking.',
  inputs: ['x'],
  attrs: sizes,
  traits: { linear: 'together' },
  expand: ({ x, height: toHeight, width: toWidth }, { b, refuse }) => {
    const [, height, width] = requirePicture(x, refuse);
    requireSizes(toHeight, toWidth, refuse);
    return interpolate(b, interpolate(b, x, 1, height, toHeight), 2, width, toWidth);
  },
});

/** Interpolates along an axis: entry i of the result is at max(0, (i + 1/2) from / to - 1/2) of x. */
function interpolate(b: Builder, x: Node, axis: 1 | 2, from: number, to: number): Node {
  if (from === to) return x;
  // Positions as multiples of 1 / (2 to) are integers, which float32 holds exactly.
  const lower = Array.from({ length: to }, (_, i) =>
    Math.floor(Math.max(0, (2 * i + 1) * from - to) / (2 * to)),
  );
  const upper = lower.map((index) => Math.min(index + 1, from - 1));
  const scaled = b.add(b.mul(countUp(b, to), 2 * from), from - to);
  const position = b.maximum(scaled, 0);
  const base = b.mul(b.take(countUp(b, from), { axis: 0, indices: lower }), 2 * to);
  const share = b.mul(b.sub(position, base), 1 / (2 * to));
  const below = b.take(x, { axis, indices: lower });
  const above = b.take(x, { axis, indices: upper });
  const weights = b.reshape(share, { shape: axis === 1 ? [to, 1, 1] : [to, 1] });
  return b.add(below, b.mul(b.sub(above, below), weights));
}

export const resolutionOps: readonly Composite[] = [avgPool, maxPool, resizeNearest, resizeBilinear];
