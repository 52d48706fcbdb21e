/** The schema of training: its length, optimizers, checkpoints, previews and evaluations. */
import { largestSeed } from './limits.ts';
import { bestNames, ofClasses, ofPaintings } from '../metrics/index.ts';
import { optimizerSchemas } from '../optimizers/index.ts';
import { choice, integerFrom, listOf, object, union, type ValueOf } from '../json/schema.ts';

const optimizerSchema = union('kind', 'What moves the parameters of one network.', optimizerSchemas);

export const trainSchema = object(
  'How to train.',
  { optimizers: listOf(optimizerSchema, { description: 'One optimizer for each network that is trained.' }) },
  {
    /** Exactly one of `steps` and `epochs` is set. */
    steps: integerFrom(1, 'Length of the training in steps.'),
    epochs: integerFrom(1, 'Length of the training in epochs.'),
    decay_from: integerFrom(0, 'The epoch after which the rates fall linearly, to reach 0 at the end.'),
    accumulate: integerFrom(1, 'Parts that a batch is taken in, their gradients summed up before an update.'),
    /** `in_turn` is the order of SPADE, `at_once` that of pix2pixHD. */
    updates: choice(['in_turn', 'at_once'], {
      description:
        'Whether each loss sees what the one before it changed, with a picture made anew (default), or all are computed at once, from one picture.',
    }),
    precision: choice(['float32', 'bfloat16'], {
      description:
        'What convolutions and matrix products of a training step compute in: float32 (default), or bfloat16 with sums, weights, statistics and optimizers in float32.',
    }),
    seed: integerFrom(0, 'Where random numbers start.', { maximum: largestSeed }),
    sample_every: integerFrom(1, 'Steps between sample pictures.'),
    checkpoint_every: integerFrom(1, 'Steps between checkpoints.'),
    evaluate_every: integerFrom(
      1,
      'Steps between measurements on held-out pairs; the checkpoint of the best one is kept.',
    ),
    best: choice(bestNames, {
      description: `What tells the best checkpoint: ${ofPaintings[0]?.name} by default where a network paints, else ${ofClasses[0]?.name}.`,
    }),
  },
);

export type TrainSpec = ValueOf<typeof trainSchema>;
