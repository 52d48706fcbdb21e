/** The schema of how variables start. */
import { literal, number, object, text, union, type ValueOf } from '../json/schema.ts';

export const initializerSchema = union('kind', 'How a variable starts.', [
  object('One value everywhere.', { kind: literal('constant'), value: number() }),
  object('Normal with std = gain * sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010).', {
    kind: literal('xavier_normal'),
    /** The fans include the kernel's area. */
    gain: number(),
  }),
  object('Normal.', { kind: literal('normal'), mean: number(), std: number({ minimum: 0 }) }),
  object('Uniform between two numbers.', { kind: literal('uniform'), low: number(), high: number() }),
  object('The lengths of a parameter of the same network along its last axis, for weight normalization.', {
    kind: literal('lengths_of'),
    variable: text('The path of the parameter.'),
  }),
  object('A random vector of length 1.', { kind: literal('unit_vector') }),
]);

/** How a variable starts; drawn on the host from (seed, name), so that every engine starts from the same numbers. */
export type Initializer = ValueOf<typeof initializerSchema>;
