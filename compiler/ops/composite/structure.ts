/** Joining, cutting, reading otherwise and adding up. */
import { must } from '../../../dsl/errors.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { mean as meanOver, sumOver } from '../primitive/support.ts';
import { axesOf, join } from './composites.ts';
import { defineComposite, type Composite } from './define.ts';
import { int, oneOf, type Refuse } from './settings.ts';
import { lastOf, requireAxis, requirePicture } from './shapes.ts';

export const concat = defineComposite({
  name: 'concat',
  doc: 'Joins values along the channels (the last axis).',
  inputs: ['...parts'],
  traits: { linear: 'together', tells: 'little' },
  expand: ({ parts }, { b }) => join(b, parts, shapeOf(must(parts[0], 'there is a part')).length - 1),
});

export const batchConcat = defineComposite({
  name: 'batch_concat',
  doc: 'Stacks two batches.',
  inputs: ['first', 'second'],
  traits: { linear: 'together' },
  expand: ({ first, second }, { b }) => b.concat([first, second], { axis: 0 }),
});

export const batchHalf = defineComposite({
  name: 'batch_half',
  doc: 'The first (0) or second (1) half of a batch.',
  inputs: ['x'],
  attrs: { index: int('which half') },
  traits: { linear: 'together' },
  expand: ({ x, index }, { b, refuse }) => {
    if (index !== 0 && index !== 1) throw refuse('index is 0 or 1', String(index));
    const half = requireAxis(x, refuse)[0] / 2;
    return b.item(b.split(x, { axis: 0, sizes: [half, half] }), index);
  },
});

export const channelPart = defineComposite({
  name: 'channel_part',
  doc: 'One of `of` equal parts that the channels are cut into, counted from 0.',
  inputs: ['x'],
  attrs: { index: int('which part'), of: int('number of parts', { least: 1 }) },
  traits: { linear: 'together' },
  expand: ({ x, index, of: parts }, { b, refuse }) => {
    const shape = requireAxis(x, refuse);
    const channels = lastOf(shape);
    if (channels % parts !== 0) throw refuse('of divides the channels', `${parts} parts of ${channels}`);
    if (!Number.isInteger(index) || index < 0 || index >= parts)
      throw refuse('index is from 0 to of - 1', String(index));
    const sizes = Array.from({ length: parts }, () => channels / parts);
    return b.item(b.split(x, { axis: shape.length - 1, sizes }), index);
  },
});

export const fold = defineComposite({
  name: 'fold',
  doc: "Reads a vector of each picture as [height, width, channels], in PyTorch's order: channel after channel, row after row.",
  inputs: ['x'],
  attrs: {
    height: int('rows', { least: 1 }),
    width: int('columns', { least: 1 }),
    channels: int('channels', { least: 1 }),
  },
  traits: { linear: 'together' },
  expand: ({ x, height, width, channels }, { b, refuse }) => {
    const [batch] = requireAxis(x, refuse);
    const planes = b.reshape(x, { shape: [batch, channels, height, width] });
    return b.transpose(planes, { permutation: [0, 2, 3, 1] });
  },
});

export const flatten = defineComposite({
  name: 'flatten',
  doc: "Reads everything of each picture as one vector, in PyTorch's order: channel after channel, row after row.",
  inputs: ['x'],
  traits: { linear: 'together' },
  expand: ({ x }, { b, refuse }) => {
    const [batch, ...rest] = requireAxis(x, refuse);
    const last = rest.length;
    const planes = last < 2 ? x : b.transpose(x, { permutation: [0, last, ...axesOf(x, 1, 1)] });
    return b.reshape(planes, { shape: [batch, sizeOf(rest)] });
  },
});

const ranges = ['all', 'picture', 'pixels', 'channels', 'positions'] as const;
type Range = (typeof ranges)[number];

const over = oneOf(
  ranges,
  '"all": everything, batch included, to a scalar; "picture": everything of each picture; "pixels": rows and columns; ' +
    '"channels": the last axis; these keep axes of size 1. "positions": batch and pixels, to a vector of the channels',
  { preset: 'all' },
);

/** What a reduction runs over, and whether these axes stay with size 1. */
function rangeOf(x: Node, over: Range, refuse: Refuse): { axes: number[]; keep: boolean } {
  switch (over) {
    case 'all':
      return { axes: axesOf(x), keep: false };
    case 'picture':
      requireAxis(x, refuse);
      return { axes: axesOf(x, 1), keep: true };
    case 'pixels':
      requirePicture(x, refuse);
      return { axes: [1, 2], keep: true };
    case 'channels':
      return { axes: [requireAxis(x, refuse).length - 1], keep: true };
    case 'positions':
      requireAxis(x, refuse);
      return { axes: axesOf(x, 0, 1), keep: false };
  }
}

/** Tells whether a reduction runs over the batch. */
const isOfBatch = (over: Range): boolean => over === 'all' || over === 'positions';

/** What mean and sum have in common. */
const reduction = {
  inputs: ['x'],
  attrs: { over },
  traits: { linear: 'together' },
} as const;

export const mean = defineComposite({
  name: 'mean',
  doc: 'The mean of entries, over what `over` says.',
  ...reduction,
  isBatched: ({ x, over }) => x && !isOfBatch(over),
  expand: ({ x, over }, { b, refuse }) => {
    const { axes, keep } = rangeOf(x, over, refuse);
    return meanOver(b, x, axes, keep);
  },
});

export const sum = defineComposite({
  name: 'sum',
  doc: 'The sum of entries, over what `over` says.',
  ...reduction,
  isBatched: ({ x, over }) => x && !isOfBatch(over),
  powerOf: ({ x, over }) => x.power + (x.batched && isOfBatch(over) ? 1 : 0),
  expand: ({ x, over }, { b, refuse }) => {
    const { axes, keep } = rangeOf(x, over, refuse);
    return sumOver(b, x, axes, keep);
  },
});

export const structureOps: readonly Composite[] = [
  concat,
  batchConcat,
  batchHalf,
  channelPart,
  fold,
  flatten,
  mean,
  sum,
];
