/**
 * Builds JSON Schemas with TypeScript types inferred by TypeBox: `ValueOf<typeof schema>` is the type of the values
 * that a schema accepts.
 *
 * Only TypeBox's types are used: loading its builders, some 300 modules, takes longer than checking a spec. A schema
 * here is plain JSON with what our messages need: a description, often a title or an example. Types are stated, not
 * inferred, in four places: nested references, places (whose numbers have names), settings of nodes, and unions (whose
 * members come from lists).
 */
import type {
  Static,
  TArray,
  TBoolean,
  TImmutable,
  TInteger,
  TLiteral,
  TNumber,
  TObject,
  TOptional,
  TProperties,
  TReadonly,
  TSchema,
  TString,
  TUnsafe,
} from 'typebox';

/** A JSON Schema, or a part of one, for code that reads schemas. */
export type Schema = { readonly [key: string]: unknown };

/** The type of the values that a schema accepts; they are read-only. */
export type ValueOf<Part extends TSchema> = Static<Part>;

/** An object schema with required and optional properties. */
export type ObjectOf<Required extends TProperties, Left extends TProperties> = TObject<
  { [Name in keyof Required]: TReadonly<Required[Name]> } & {
    [Name in keyof Left]: TReadonly<TOptional<Left[Name]>>;
  }
>;

export type ListOf<Item extends TSchema> = TImmutable<TArray<Item>>;

/** The type argument of an object schema without optional properties. */
type None = Record<never, never>;

/**
 * Gives a schema its TypeBox type. TypeBox tells schemas apart by a tag (`~kind`) that nothing reads at run time, so
 * this one function casts. A test compares all builders with TypeBox's own.
 */
const typed = <Part extends TSchema>(schema: Schema): Part => schema as TSchema as Part;

/** A schema with an explicit type, for which TypeBox has no form. */
export const unsafe = <Value>(schema: Schema): TUnsafe<Value> => typed(schema);

/** A reference to a schema under `$defs`. */
export const ref = <Value>(name: string): TUnsafe<Value> => unsafe({ $ref: `#/$defs/${name}` });

export const integer = (extra: Schema = {}): TInteger => typed({ type: 'integer', ...extra });
export const number = (extra: Schema = {}): TNumber => typed({ type: 'number', ...extra });
export const boolean = (extra: Schema = {}): TBoolean => typed({ type: 'boolean', ...extra });
export const string = (extra: Schema = {}): TString => typed({ type: 'string', ...extra });

/** An integer of at least `minimum`. */
export const integerFrom = (minimum: number, description: string, extra: Schema = {}): TInteger =>
  integer({ minimum, description, ...extra });

/** A non-empty string. */
export const text = (description: string, extra: Schema = {}): TString =>
  string({ minLength: 1, description, ...extra });

export const literal = <const Value extends string | boolean>(
  value: Value,
  extra: Schema = {},
): TLiteral<Value> => typed({ const: value, ...extra });

/** A schema of one of several strings. */
export const choice = <const Value extends string>(
  values: readonly Value[],
  extra: Schema = {},
): TUnsafe<Value> => unsafe({ enum: values, ...extra });

export const listOf = <Item extends TSchema>(items: Item, extra: Schema = {}): ListOf<Item> =>
  typed({ type: 'array', items, ...extra });

/** An object without further properties; those in `optional` may be left out. */
export const object = <Required extends TProperties, Left extends TProperties = None>(
  description: string,
  required: Required,
  optional?: Left,
  extra: Schema = {},
): ObjectOf<Required, Left> =>
  typed({
    type: 'object',
    description,
    additionalProperties: false,
    required: Object.keys(required),
    properties: { ...required, ...optional },
    ...extra,
  });

/** A union of object schemas, told apart by the property `tag`. The members may come from a list of any length. */
export const union = <Member extends TSchema>(
  tag: string,
  description: string,
  members: readonly Member[],
): TUnsafe<Static<Member>> =>
  unsafe({ type: 'object', description, discriminator: { propertyName: tag }, oneOf: members });

/** Makes a property of each entry of a table. */
export const propertiesOf = <Name extends string, Entry, Part extends TSchema>(
  table: Readonly<Record<Name, Entry>>,
  make: (entry: Entry) => Part,
): Record<Name, Part> => {
  const made = Object.entries<Entry>(table).map(([name, entry]) => [name, make(entry)]);
  return Object.fromEntries(made) as Record<Name, Part>;
};

/** Lists the keys of a table; its type allows no others. */
export const keysOf = <Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] =>
  Object.keys(table) as Name[];
