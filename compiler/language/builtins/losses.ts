/**
 * Defines the functions of a loss that give parts of its step: fake and real pictures, label maps, judgements, codes.
 */
import type { LossContext } from '../values/evaluation.ts';
import * as messages from '../values/messages.ts';
import { defineBuiltinWithin, type Builtin, type Within } from './define.ts';
import { network, optional, pictures } from './parameters.ts';

const aLoss: Within<LossContext> = ({ loss }, callee, span) =>
  loss ? { context: loss } : { refused: messages.outsideLoss(callee, span) };

/** Defines a function of a loss without arguments. */
const ofStep = (name: 'fake' | 'real' | 'labels', doc: string): Builtin =>
  defineBuiltinWithin(aLoss, {
    name,
    role: 'loss',
    doc,
    parameters: {},
    apply: (_none, { span }, loss) => loss[name](span),
  });

const judge = defineBuiltinWithin(aLoss, {
  name: 'judge',
  role: 'loss',
  doc:
    'What discriminator D says of the fake and the real pictures, stacked in one pass, or of `picture` alone, such as ' +
    'fake(), in a pass of its own; the same pass at every use in a loss.',
  parameters: { D: network, picture: optional(pictures) },
  apply: ({ D, picture }, { span }, loss) => loss.judge(D.name, picture, span),
});

const encoding = defineBuiltinWithin(aLoss, {
  name: 'encoding',
  role: 'loss',
  doc: 'What encoder E says of the photographs in this step; the same pass that the picture was made with.',
  parameters: { E: network },
  apply: ({ E }, { span }, loss) => loss.encoding(E.name, span),
});

export const lossBuiltins: readonly Builtin[] = [
  ofStep('fake', 'The picture that the generator makes in this step.'),
  ofStep('real', 'The photographs of the batch.'),
  ofStep('labels', 'The label maps of the batch.'),
  judge,
  encoding,
];
