/**
 * Defines the functions `takes` and `refuse`, with which a library block inspects other blocks and rejects a wrong use
 * of itself.
 */
import * as messages from '../values/messages.ts';
import { boolean } from '../values/values.ts';
import { defineBuiltin, type Builtin } from './define.ts';
import { block, optional, text } from './parameters.ts';

/** Defines `takes`; `namesOf` gives the parameters of a function that the compiler provides. */
export const takesAmong = (namesOf: (builtin: string) => readonly string[]): Builtin =>
  defineBuiltin({
    name: 'takes',
    role: 'number',
    doc: 'Whether a block has a parameter of a name.',
    parameters: { block, name: text },
    apply: ({ block: asked, name }) => {
      const names =
        asked.kind === 'builtin'
          ? namesOf(asked.name)
          : asked.block.parameters.map((parameter) => parameter.name.text);
      return boolean(names.includes(name));
    },
  });

export const refuse: Builtin = defineBuiltin({
  name: 'refuse',
  role: 'variable',
  doc: 'Reports a mistake in how the block is used, in words, with what to do in its place.',
  parameters: { message: text, hint: optional(text) },
  apply: ({ message, hint }, { evaluator, span }) => evaluator.fail(messages.refused(message, hint, span)),
});
