/** Defines the functions that make inputs of a network: noise, and codes that an encoder makes of the photograph. */
import type { Evaluation } from '../values/evaluation.ts';
import * as messages from '../values/messages.ts';
import { defineBuiltin, defineBuiltinWithin, type Builtin, type Within } from './define.ts';
import { count, network } from './parameters.ts';

const anExperiment: Within<NonNullable<Evaluation['encoded']>> = ({ encoded }, callee, span) =>
  encoded ? { context: encoded } : { refused: messages.outsideExperiment(callee, span) };

const noise = defineBuiltin({
  name: 'noise',
  role: 'input',
  doc: 'A noise input of `size` standard normal numbers for each picture.',
  parameters: { size: count },
  apply: ({ size }) => ({ kind: 'noise', size }),
});

const encoded = defineBuiltinWithin(anExperiment, {
  name: 'encoded',
  role: 'input',
  doc: 'An input that network E makes of the photograph: its result, or a sample where it gives [mean, log variance].',
  parameters: { E: network },
  apply: ({ E }, { span }, encode) => encode(E.name, span),
});

export const inputBuiltins: readonly Builtin[] = [noise, encoded];
