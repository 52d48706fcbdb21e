/** The settings of optimizers: what a rule says of a number, and the rules that all optimizers share. */
import { integer, number, object, propertiesOf, text, literal, type ObjectOf } from '../json/schema.ts';
import type { TInteger, TLiteral, TNumber, TString } from 'typebox';

/** A number that an optimizer is given, and its range. */
export interface NumberRule {
  readonly doc: string;
  readonly isInteger?: boolean;
  readonly from?: number;
  readonly above?: number;
  readonly below?: number;
  /** What other frameworks call it, without case and underscores. */
  readonly elsewhere?: readonly string[];
}

/** The one setting that every call gives. */
export const rateRule: NumberRule = {
  doc: 'The learning rate.',
  above: 0,
  elsewhere: ['lr', 'learningrate'],
};

/** Those that a call may leave out. */
export const optionalRules = {
  clip_norm: {
    doc: 'The joint Euclidean length that gradients are scaled down to.',
    above: 0,
    elsewhere: ['gradclip', 'clipgradnorm', 'maxgradnorm', 'gradientclip', 'clip'],
  },
  average: {
    doc: 'Decay of a moving average of the weights, which paints in their place.',
    from: 0,
    below: 1,
    elsewhere: ['ema', 'emadecay', 'polyak', 'averaging'],
  },
  warmup: {
    doc: 'Steps over which the rate rises linearly from 0.',
    isInteger: true,
    from: 1,
    elsewhere: ['warmupsteps', 'warmupiterations'],
  },
} as const satisfies Readonly<Record<string, NumberRule>>;

function numberSchema({ doc, isInteger = false, from, above, below }: NumberRule): TNumber | TInteger {
  return (isInteger ? integer : number)({
    ...(from !== undefined && { minimum: from }),
    ...(above !== undefined && { exclusiveMinimum: above }),
    ...(below !== undefined && { exclusiveMaximum: below }),
    description: doc,
  });
}

type NumberSchema = ReturnType<typeof numberSchema>;

/** The schema of an optimizer in specs: the network, the kind and the numbers. */
export type OptimizerSchema<Kind extends string, Setting extends string> = ObjectOf<
  { network: TString; kind: TLiteral<Kind>; rate: NumberSchema } & Record<Setting, NumberSchema>,
  Record<keyof typeof optionalRules, NumberSchema>
>;

/** Makes the schema of an optimizer with settings of its own. */
export function optimizerSchema<const Kind extends string, Setting extends string>(
  kind: Kind,
  doc: string,
  settings: Readonly<Record<Setting, NumberRule>>,
): OptimizerSchema<Kind, Setting> {
  const required = {
    network: text('The network.'),
    kind: literal(kind),
    rate: numberSchema(rateRule),
    ...propertiesOf(settings, numberSchema),
  };
  return object(
    doc,
    required,
    propertiesOf<keyof typeof optionalRules, NumberRule, NumberSchema>(optionalRules, numberSchema),
  );
}
