/** Our schemas are what TypeBox's own builders make, so that the types which it infers are right. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as Type from 'typebox';
import type { DataSpec, InputSpec, NodeSpec, RefTree, Spec, TrainSpec } from '../../compiler/format/types.ts';
import * as ours from '../../compiler/json/schema.ts';

/** Stands for a value of a schema, of which only the type is looked at. */
const valueOf = <Part extends Type.TSchema>(_: Part): ours.ValueOf<Part> | undefined => undefined;
const plain = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema));

describe('builders of schemas', () => {
  it.each<[string, unknown, unknown]>([
    ['string', ours.string({ minLength: 1 }), Type.String({ minLength: 1 })],
    ['integer', ours.integer({ minimum: 1 }), Type.Integer({ minimum: 1 })],
    ['number', ours.number(), Type.Number()],
    ['boolean', ours.boolean(), Type.Boolean()],
    ['listOf', ours.listOf(ours.number(), { minItems: 1 }), Type.Array(Type.Number(), { minItems: 1 })],
    ['choice', ours.choice(['a', 'b']), Type.Enum(['a', 'b'])],
    [
      'object',
      ours.object('An object.', { a: ours.string() }, { b: ours.number() }),
      Type.Object(
        { a: Type.String(), b: Type.Optional(Type.Number()) },
        { additionalProperties: false, description: 'An object.' },
      ),
    ],
  ])("make what TypeBox's make: %s", (_, own, theirs) => {
    expect(plain(own)).toEqual(plain(theirs));
  });

  // TypeBox writes the type of a constant, too, which says no more.
  it("make what TypeBox's make: literal", () => {
    expect({ type: 'string', ...(plain(ours.literal('a')) as object) }).toEqual(plain(Type.Literal('a')));
  });

  it('infer the same types, of which nothing can be changed', () => {
    const own = ours.object('', { a: ours.listOf(ours.string()) }, { b: ours.choice(['x', 'y']) });
    expectTypeOf(valueOf(own))
      .exclude<undefined>()
      .toEqualTypeOf<{ readonly a: readonly string[]; readonly b?: 'x' | 'y' }>();
    const one = ours.object('', { kind: ours.literal('one'), n: ours.integer() });
    const other = ours.object('', { kind: ours.literal('other') });
    const either = ours.union('kind', '', [one, other]);
    expectTypeOf(valueOf(either))
      .exclude<undefined>()
      .toEqualTypeOf<{ readonly kind: 'one'; readonly n: number } | { readonly kind: 'other' }>();
  });

  it('give specs their types', () => {
    expectTypeOf<Spec['data']>().toEqualTypeOf<DataSpec | undefined>();
    expectTypeOf<Spec['networks'][number]['outputs']>().toEqualTypeOf<RefTree>();
    expectTypeOf<NodeSpec['op']>().toEqualTypeOf<string>();
    expectTypeOf<InputSpec['kind']>().toEqualTypeOf<'labels' | 'tensor' | 'noise' | 'encoded'>();
    expectTypeOf<'adam'>().toExtend<TrainSpec['optimizers'][number]['kind']>();
    expectTypeOf<string>().not.toExtend<TrainSpec['optimizers'][number]['kind']>();
    expectTypeOf<DataSpec['void']>().toEqualTypeOf<readonly number[] | undefined>();
  });
});
