/**
 * What reduced precision is, one word on an op: with `compute: "bfloat16"` its operands and its result are rounded to the
 * 8 binary digits of bfloat16, products are added up in float32. Values between ops stay float32.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { RefTensor, TensorFlow, TfEmitter } from '../../ir/emitter.ts';
import type { AttrRules, Attrs, Op, TfContext } from '../../ir/node.ts';
import { oneOf, optional, type OpOf } from '../../ir/op.ts';

/** The attribute by which ops are computed in bfloat16. */
const precision = {
  compute: optional(oneOf(['bfloat16'], 'rounds operands and result; left out, nothing is rounded')),
};

/** What nodes have of that attribute. */
export interface Precision {
  readonly compute?: 'bfloat16';
}

/** The attribute of nodes that compute in bfloat16. */
export const bfloat16 = { compute: 'bfloat16' } as const;

/** Gives the attributes by which an op that stands for another one computes as precisely. */
export const precisionOf = (attrs: Attrs): Precision => (computesReduced(attrs) ? bfloat16 : {});

/** The digits that a split cuts off: all those of a number but 8. */
const cut = { float32: 24 - 8, float64: 53 - 8 };

/**
 * Rounds to bfloat16, to even where two are equally near (Veltkamp 1968: with c = (2^s + 1) x, c - (c - x) is x without its last
 * s digits, rounded).
 */
export function roundToBfloat16(x: number): number {
  const c = x * (2 ** cut.float64 + 1);
  return c - (c - x);
}

/** How far apart results may be: two that are rounded to neighboring numbers, the distance measured at the larger one. */
const tolerance = 2 ** -7;

/** Tells whether an op computes in bfloat16. */
export const computesReduced = (attrs: Attrs): boolean => attrs['compute'] === 'bfloat16';

/**
 * Lets an op of floating-point operands be computed in bfloat16 as well, by the attribute `compute`; its `vjp` hands that on, as
 * `precisionOf`. `emitOwn` emits a kernel of our own, which rounds by itself, or gives undefined where there is none.
 */
export function reducible<O extends readonly string[], A extends AttrRules>(
  op: OpOf<O, A>,
  emitOwn: (inputs: readonly string[], context: TfContext) => string | undefined = () => undefined,
): OpOf<O, A & typeof precision> {
  return {
    ...op,
    attrs: { ...op.attrs, ...precision },
    reference: (inputs, node) => {
      if (!computesReduced(node.attrs)) return op.reference(inputs, node);
      const results = op.reference(inputs.map(roundReference), node);
      return 'shape' in results ? roundReference(results) : results.map(roundReference);
    },
    tensorflow: (inputs, context) =>
      emitOwn(inputs, context) ??
      (computesReduced(context.node.attrs)
        ? emitReduced(op, inputs, context)
        : op.tensorflow(inputs, context)),
    tfjs: (inputs, context) => {
      if (!computesReduced(context.node.attrs)) return op.tfjs(inputs, context);
      const round = (x: Tfjs.Tensor): Tfjs.Tensor => roundTensor(context.tf, x);
      const results = op.tfjs(inputs.map(round), context);
      return Array.isArray(results) ? results.map(round) : round(results);
    },
    samples: [
      ...op.samples,
      ...op.samples.map((sample) => ({ ...sample, attrs: { ...sample.attrs, ...bfloat16 }, tolerance })),
    ],
  };
}

function roundReference({ shape, data }: RefTensor): RefTensor {
  return { shape, data: data.map(roundToBfloat16) };
}

/** Rounds a float32 tensor by the arithmetic that every backend has. */
function roundTensor(tf: TensorFlow, x: Tfjs.Tensor): Tfjs.Tensor {
  const c = tf.mul(x, 2 ** cut.float32 + 1);
  return tf.sub(c, tf.sub(c, x));
}

/** Emits what the op emits for float32, between casts. */
function emitReduced(op: Op, inputs: readonly string[], context: TfContext): string | readonly string[] {
  const { emit } = context;
  const cast = (x: string, from: 'f32' | 'bf16', to: 'f32' | 'bf16'): string =>
    emit.shared('Cast', [x], { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } });
  const reduced: TfEmitter = {
    ...emit,
    op: (type, operands, attrs = {}) =>
      emit.op(type, operands, 'T' in attrs ? { ...attrs, T: { type: 'bf16' } } : attrs),
  };
  const rounded = inputs.map((input) => cast(input, 'f32', 'bf16'));
  const results = op.tensorflow(rounded, { ...context, emit: reduced });
  return typeof results === 'string'
    ? cast(results, 'bf16', 'f32')
    : results.map((result) => cast(result, 'bf16', 'f32'));
}
