/** Makes wrong uses of ops, every small change to a sample; `infer` must reject the ill-typed ones. */
import type { AttrValue, Attrs, Sample } from '../../compiler/ir/node.ts';
import { formatType, type DType, type TensorType } from '../../compiler/ir/types.ts';

/** A changed sample; `change` describes the change for messages. */
export interface Mutant {
  readonly change: string;
  readonly operands: readonly TensorType[];
  readonly attrs: Attrs;
}

/** Lists the samples that differ from `sample` in one operand type or one attribute. */
export function mutantsOf(sample: Sample): Mutant[] {
  const attrs = sample.attrs ?? {};
  const byOperand = sample.operands.flatMap((type, index) =>
    mutateType(type).map((other) => ({
      change: `operand ${index} ${formatType(type)} -> ${formatType(other)}`,
      operands: sample.operands.with(index, other),
      attrs,
    })),
  );
  const byAttr = Object.entries(attrs).flatMap(([name, value]) =>
    mutateAttr(value).map((other) => ({
      change: `${name} ${JSON.stringify(value)} -> ${JSON.stringify(other)}`,
      operands: sample.operands,
      attrs: { ...attrs, [name]: other },
    })),
  );
  return [...byOperand, ...byAttr];
}

const dtypes: readonly DType[] = ['f32', 'i32', 'bool'];

function mutateType({ dtype, shape }: TensorType): TensorType[] {
  return [
    ...dtypes.filter((other) => other !== dtype).map((other) => ({ dtype: other, shape })),
    ...[
      ...shape.flatMap((size, axis) => [size + 1, 1].map((other) => shape.with(axis, other))),
      [...shape, 2],
      shape.slice(0, -1),
    ]
      .filter((other) => String(other) !== String(shape))
      .map((other) => ({ dtype, shape: other })),
  ];
}

const mutateNumber = (value: number): number[] => [value + 1, 0, -1, 0.5, 100, NaN];

function mutateAttr(value: AttrValue): AttrValue[] {
  if (typeof value === 'number') return mutateNumber(value);
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'string') return [`${value}?`];
  const changed = value.flatMap((entry, index) =>
    mutateNumber(entry).map((other) => value.with(index, other)),
  );
  return [...changed, [...value, 1], value.slice(0, -1), [...value].reverse()];
}
