/**
 * Answers for reduced precision, one word on an op: with `compute: "bfloat16"` its operands and its result are rounded to the
 * 8 binary digits of bfloat16, products are added up in float32. Values between ops stay float32.
 */
import type * as Tfjs from '@tensorflow/tfjs-core';
import type { Attrs } from '../../ir/node.ts';
import type { OpDefinition, RefTensor, TensorFlow, TfContext, TfEmitter } from '../../ir/op.ts';

/** The attribute of ops that compute in bfloat16. */
export const bfloat16: Attrs = { compute: 'bfloat16' };

/** Gives the attributes by which an op that stands for another one computes as precisely. */
export const precisionOf = (attrs: Attrs): Attrs => (computesReduced(attrs) ? bfloat16 : {});

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
 * Lets an op of floating-point operands be computed in bfloat16 as well; its `vjp` hands the attribute on. `emitOwn` emits a kernel
 * of our own, which rounds by itself, or gives undefined where there is none.
 */
export function reducible(
  op: OpDefinition,
  emitOwn: (context: TfContext) => string | undefined = () => undefined,
): OpDefinition {
  return {
    ...op,
    attrs: { ...op.attrs, compute: "'bfloat16' rounds operands and result; left out, nothing is rounded" },
    infer: (operands, attrs, check) => {
      check(
        attrs['compute'] === undefined || computesReduced(attrs),
        "compute is 'bfloat16' or left out",
        String(attrs['compute']),
      );
      return op.infer(operands, attrs, check);
    },
    reference: (inputs, node) => {
      if (!computesReduced(node.attrs)) return op.reference(inputs, node);
      const results = op.reference(inputs.map(roundReference), node);
      return 'shape' in results ? roundReference(results) : results.map(roundReference);
    },
    tensorflow: (context) =>
      emitOwn(context) ??
      (computesReduced(context.node.attrs) ? emitReduced(op, context) : op.tensorflow(context)),
    tfjs: (context) => {
      if (!computesReduced(context.node.attrs)) return op.tfjs(context);
      const { tf, inputs } = context;
      const results = op.tfjs({ ...context, inputs: inputs.map((x) => roundTensor(tf, x)) });
      return Array.isArray(results) ? results.map((y) => roundTensor(tf, y)) : roundTensor(tf, results);
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
function emitReduced(op: OpDefinition, context: TfContext): string | readonly string[] {
  const { emit, inputs } = context;
  const cast = (x: string, from: 'f32' | 'bf16', to: 'f32' | 'bf16'): string =>
    emit.shared('Cast', [x], { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } });
  const reduced: TfEmitter = {
    ...emit,
    op: (type, operands, attrs = {}) =>
      emit.op(type, operands, 'T' in attrs ? { ...attrs, T: { type: 'bf16' } } : attrs),
  };
  const results = op.tensorflow({
    ...context,
    emit: reduced,
    inputs: inputs.map((input) => cast(input, 'f32', 'bf16')),
  });
  return typeof results === 'string'
    ? cast(results, 'bf16', 'f32')
    : results.map((result) => cast(result, 'bf16', 'f32'));
}
