/** Answers for joining, cutting, reading otherwise and adding up. */
import { OpError, shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { axesOf } from './composites.ts';
import { at, choice, int, num, requireAxis, requireFrom, requirePicture, type SpecOp } from './define.ts';

const concat: SpecOp = {
  name: 'concat',
  doc: 'Joins values along the channels (the last axis).',
  inputs: ['...parts'],
  attrs: {},
  expand: ({ b }, inputs) =>
    inputs.length === 1 ? at(inputs, 0) : b.op('concat', inputs, { axis: shapeOf(at(inputs, 0)).length - 1 }),
};

const batchConcat: SpecOp = {
  name: 'batch_concat',
  doc: 'Stacks two batches.',
  inputs: ['first', 'second'],
  attrs: {},
  expand: ({ b }, inputs) => b.op('concat', inputs, { axis: 0 }),
};

const batchHalf: SpecOp = {
  name: 'batch_half',
  doc: 'The first (0) or second (1) half of a batch.',
  inputs: ['x'],
  attrs: { index: int('which half') },
  expand: ({ b }, inputs, attrs) => {
    const index = num(attrs, 'index');
    if (index !== 0 && index !== 1) throw new OpError('batch_half', 'index is 0 or 1', String(index));
    const half = requireAxis('batch_half', at(inputs, 0))[0] / 2;
    return b.item(b.op('split', [at(inputs, 0)], { axis: 0, sizes: [half, half] }), index);
  },
};

const channelPart: SpecOp = {
  name: 'channel_part',
  doc: 'One of `of` equal parts that the channels are cut into, counted from 0.',
  inputs: ['x'],
  attrs: { index: int('which part'), of: int('number of parts') },
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const channels = requireAxis('channel_part', x).at(-1)!;
    const [index, parts] = [num(attrs, 'index'), num(attrs, 'of')];
    requireFrom('channel_part', 1, attrs, 'of');
    if (channels % parts !== 0)
      throw new OpError('channel_part', 'of divides the channels', `${parts} parts of ${channels}`);
    if (!Number.isInteger(index) || index < 0 || index >= parts)
      throw new OpError('channel_part', 'index is from 0 to of - 1', String(index));
    const sizes = Array.from({ length: parts }, () => channels / parts);
    return b.item(b.op('split', [x], { axis: shapeOf(x).length - 1, sizes }), index);
  },
};

const fold: SpecOp = {
  name: 'fold',
  doc: "Reads a vector of each picture as [height, width, channels], in PyTorch's order: channel after channel, row after row.",
  inputs: ['x'],
  attrs: { height: int('rows'), width: int('columns'), channels: int('channels') },
  expand: ({ b }, inputs, attrs) => {
    const batch = requireAxis('fold', at(inputs, 0))[0];
    requireFrom('fold', 1, attrs, 'height', 'width', 'channels');
    const [height, width, channels] = ['height', 'width', 'channels'].map((name) => num(attrs, name));
    const planes = b.reshape(at(inputs, 0), [batch, channels!, height!, width!]);
    return b.op('transpose', [planes], { permutation: [0, 2, 3, 1] });
  },
};

const flatten: SpecOp = {
  name: 'flatten',
  doc: "Reads everything of each picture as one vector, in PyTorch's order: channel after channel, row after row.",
  inputs: ['x'],
  attrs: {},
  expand: ({ b }, inputs) => {
    const x = at(inputs, 0);
    const [batch, ...rest] = requireAxis('flatten', x);
    const last = rest.length;
    const planes =
      rest.length < 2 ? x : b.op('transpose', [x], { permutation: [0, last, ...axesOf(x, 1, 1)] });
    return b.reshape(planes, [batch, sizeOf(rest)]);
  },
};

const ranges = ['all', 'picture', 'pixels', 'channels', 'positions'] as const;

/** What a reduction runs over, and whether these axes stay with size 1. */
function rangeOf(op: string, x: Node, over: (typeof ranges)[number]): { axes: number[]; keep: boolean } {
  switch (over) {
    case 'all':
      return { axes: axesOf(x), keep: false };
    case 'picture':
      requireAxis(op, x);
      return { axes: axesOf(x, 1), keep: true };
    case 'pixels':
      requirePicture(op, x);
      return { axes: [1, 2], keep: true };
    case 'channels':
      return { axes: [requireAxis(op, x).length - 1], keep: true };
    case 'positions':
      requireAxis(op, x);
      return { axes: axesOf(x, 0, 1), keep: false };
  }
}

const reduce = (name: 'mean' | 'sum'): SpecOp => ({
  name,
  doc: `The ${name} of entries, over what \`over\` says.`,
  inputs: ['x'],
  attrs: {
    over: {
      type: 'string',
      default: 'all',
      doc:
        '"all": everything, batch included, to a scalar; "picture": everything of each picture; "pixels": rows and columns; ' +
        '"channels": the last axis; these keep axes of size 1. "positions": batch and pixels, to a vector of the channels',
    },
  },
  isBatched: ([x], attrs) => x === true && attrs['over'] !== 'positions',
  expand: ({ b }, inputs, attrs) => {
    const x = at(inputs, 0);
    const { axes, keep } = rangeOf(name, x, choice(name, attrs, 'over', ranges));
    return name === 'mean' ? b.mean(x, axes, keep) : b.sum(x, axes, keep);
  },
});

export const structureOps: readonly SpecOp[] = [
  concat,
  batchConcat,
  batchHalf,
  channelPart,
  fold,
  flatten,
  reduce('mean'),
  reduce('sum'),
];
