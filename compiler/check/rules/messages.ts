/** The diagnostics of the rules, about specs that parse but are inconsistent; one function each. */
import type { DataSpec } from '../../format/types.ts';
import { amongst, meant } from '../../messages/shared.ts';
import { error, warning, type Diagnostic } from '../../../dsl/diagnostic.ts';
import type { Hint } from '../../../dsl/fix.ts';
import type { Span } from '../../../dsl/source.ts';

export { notAnEncoder, wrongInput } from '../../messages/shared.ts';

type Place = Span | undefined;

/** Reports JSON text that is too large or too deep. */
export const jsonTooLarge = (of: 'values' | 'levels', limit: number, span: Span): Diagnostic =>
  error(
    'too-large',
    of === 'values'
      ? `the text has more than ${limit} values`
      : `lists and objects are more than ${limit} times inside one another`,
    span,
    {
      hint: 'a spec of JSON has a few values for each operation, and a handful of levels: see whether it is one',
    },
  );

export const badJson = (what: string, span: Place): Diagnostic => error('bad-json', what, span);

/** Reports an unknown setting; `hint` says how it is written, if known. */
export const unknownSetting = (
  name: string,
  of: string,
  span: Place,
  candidates: readonly string[],
  hint?: Hint | string,
): Diagnostic => {
  const near = amongst(name, candidates, span);
  return error('unknown-setting', `${of} has no setting '${name}'`, span, {
    ...near,
    hint: hint ?? near.hint,
  });
};

/** Reports a missing setting; `example` shows how it is written. */
export const missingSetting = (name: string, of: string, span: Place, example: string): Diagnostic =>
  error('missing-setting', `${of} needs the setting '${name}'`, span, { hint: `add: ${example}` });

/** Reports a setting of the wrong type or range. */
export const wrongSetting = (
  name: string,
  expected: string,
  found: string,
  span: Place,
  hint?: Hint | string,
): Diagnostic => error('wrong-setting', `${name}: expected ${expected}, found ${found}`, span, { hint });

/** Reports a training without a length, or with two. */
export const lengthOfTraining = (found: 'none' | 'both', span: Place): Diagnostic =>
  error(
    'length-of-training',
    found === 'none'
      ? 'the training has no length'
      : 'the training is given a length in epochs and one in steps',
    span,
    { hint: found === 'none' ? 'add: epochs: 100, or steps: 10000' : 'keep one of the two' },
  );

/** Reports a decay that starts at the end of training or later. */
export const decayTooLate = (from: number, epochs: number, span: Place): Diagnostic =>
  error('decay-too-late', `decay_from is ${from}, but the training ends after ${epochs} epochs`, span, {
    hint: `take fewer than ${epochs}, or leave it out for a constant rate`,
  });

/** Reports a decay in epochs in a training counted in steps. */
export const decayInSteps = (span: Place): Diagnostic =>
  error('decay-without-epochs', 'decay_from counts epochs, but the training is counted in steps', span, {
    hint: 'give the length as epochs: ...',
  });

/** Reports an evaluation without held-out pairs. */
export const nothingToEvaluate = (span: Place): Diagnostic =>
  error('nothing-to-evaluate', 'evaluate_every needs held-out pairs, and the data names none', span, {
    hint: 'add to data: test_images: "...", test_labels: "..."',
  });

/** Reports a best checkpoint selected by a metric that is not measured for this experiment. */
export const bestNotMeasured = (
  found: string,
  metrics: readonly string[],
  paints: boolean,
  span: Place,
): Diagnostic =>
  wrongSetting(
    'best',
    `${metrics.map((one) => `"${one}"`).join(' or ')}, as a network ${paints ? 'paints' : 'segments'}`,
    `"${found}"`,
    span,
    `take one of these; ${paints ? 'classes are' : 'pictures are'} not measured while it trains`,
  );

/** Reports a setting without the one that it requires. */
export const pairIncomplete = (found: string, missing: string, span: Place): Diagnostic =>
  error('pair-incomplete', `${found} needs ${missing} beside it`, span, {
    hint: `add: ${missing}: "...", or leave out ${found}`,
  });

/** Reports a separate label folder for pictures that hold both photograph and label map. */
export const pairedApart = (images: string, labels: string, span: Place): Diagnostic =>
  error(
    'paired-apart',
    `paired pictures hold photograph and label map, but ${images} and ${labels} differ`,
    span,
    {
      hint: `leave out ${labels}, or leave out paired`,
    },
  );

/** Reports data that is tested on its training pairs. */
export const testsOnTraining = (span: Place): Diagnostic =>
  error('tests-on-training', 'the label maps to test on are those to train on', span, {
    hint: 'name another folder, or the pairs to hold out in a text file, one a line: test_list: "test.txt"',
  });

/** Reports names or colors of classes beside a legend. */
export const namedTwice = (setting: string, span: Place): Diagnostic =>
  error('named-twice', `${setting} are given here and by the legend`, span, { hint: 'keep one of the two' });

/** Reports a number of names or colors that differs from the number of classes. */
export const namesOfClasses = (
  setting: string,
  found: number,
  counts: readonly number[],
  span: Place,
): Diagnostic =>
  error('names-of-classes', `${setting} lists ${found} for ${counts.at(-1) ?? 0} classes`, span, {
    notes: [`expected ${counts.join(' or ')}`],
    hint:
      counts.length > 1
        ? 'the last class is that of void values and may go without'
        : 'give one for each class, in the order of their ids',
  });

/** Reports color-coded label maps without colors of classes. */
export const colorsMissing = (span: Place): Diagnostic =>
  error('colors-missing', 'nothing says which class each color is', span, {
    hint: 'add: colors: [[128, 64, 128], ...], or legend: "classes.json"',
  });

/** Reports a range whose ends are swapped. */
export const rangeUpsideDown = (setting: string, low: number, high: number, span: Place): Diagnostic =>
  error('range-upside-down', `${setting} goes from ${low} down to ${high}`, span, {
    hint: `write [${high}, ${low}]`,
  });

/** Reports pictures that are smaller than the crop taken of them. */
export const cropTooSmall = (
  found: { readonly width: number; readonly height: number },
  size: { readonly width: number; readonly height: number },
  span: Place,
): Diagnostic =>
  error(
    'crop-too-small',
    `no part of ${size.width}x${size.height} can be taken from ${found.width}x${found.height}`,
    span,
    { hint: 'scale pictures to at least the size of the data before a part is taken' },
  );

/** Reports a name that two things of one kind share. */
export const duplicateId = (what: string, name: string, span: Place): Diagnostic =>
  error('duplicate-name', `two ${what} are called '${name}'`, span, { hint: 'names are unique' });

/** Reports a reference to an undefined value, or to a later one. */
export const unknownReference = (
  name: string,
  span: Place,
  candidates: readonly string[],
  isLater: boolean,
): Diagnostic =>
  error(
    'unknown-reference',
    isLater ? `'${name}' is used before it is made` : `nothing is called '${name}'`,
    span,
    {
      hint: isLater ? 'what is used stands before its use' : meant(name, candidates, span),
    },
  );

/** Reports a network that is undefined, or defined later. */
export const unknownNetwork = (name: string, span: Place, candidates: readonly string[]): Diagnostic =>
  error('unknown-network', `there is no network '${name}' here`, span, amongst(name, candidates, span));

/** Reports a loss without an optimizer. */
export const lossWithoutOptimizer = (network: string, span: Place): Diagnostic =>
  error('loss-without-optimizer', `the loss of ${network} has no optimizer`, span, {
    hint: `add to train: optimize ${network} with adam(rate: 1e-4)`,
  });

/** Reports an optimizer without a loss. */
export const optimizerWithoutLoss = (network: string, span: Place): Diagnostic =>
  error('optimizer-without-loss', `${network} has an optimizer but no loss`, span, {
    hint: `add: loss ${network} = ..., or remove the optimizer`,
  });

/** Reports losses in a spec without data or without training. */
export const sectionMissing = (section: 'data' | 'train', span: Place): Diagnostic =>
  error('incomplete-experiment', `there are losses, but no ${section} section`, span, {
    hint: section === 'data' ? 'say what to train on' : 'say how long to train, and with which optimizers',
  });

/** Reports a network with an optimizer or loss but no parameters. */
export const nothingToTrain = (network: string, span: Place): Diagnostic =>
  error('nothing-to-train', `${network} has no parameters to train`, span, {
    hint: 'remove its loss and optimizer, or give it a convolution',
  });

/** Reports a network in a loss that is neither trained nor loaded. */
export const neitherTrainedNorLoaded = (
  network: string,
  loss: string,
  isEncoder: boolean,
  span: Place,
): Diagnostic =>
  error(
    'neither-trained-nor-loaded',
    `the loss of ${loss} uses ${network}, which is neither trained nor loaded`,
    span,
    {
      hint: isEncoder
        ? `train it on the same loss (loss ${loss}, ${network} = ...), or load it (load ${network} from "weights.safetensors")`
        : `give it a loss (loss ${network} = ...), or load it (load ${network} from "weights.safetensors")`,
    },
  );

/** Reports weights for a network without variables. */
export const nothingToLoad = (network: string, span: Place): Diagnostic =>
  error('nothing-to-load', `${network} has no variables that weights could be loaded into`, span, {
    hint: 'remove the line',
  });

/** Reports a batch that is not divisible by its number of parts. */
export const partsOfBatch = (parts: number, batch: number, span: Place): Diagnostic => {
  const few = Array.from({ length: Math.min(batch, 64) }, (_, index) => index + 1);
  const divisors = few.filter((count) => batch % count === 0);
  return error('parts-of-batch', `a batch of ${batch} cannot be taken in ${parts} equal parts`, span, {
    hint: `take ${divisors.join(' or ')} parts, or another batch`,
  });
};

/** Reports a batch in parts in a training that computes all losses at once. */
export const partsAtOnce = (span: Place): Diagnostic =>
  error('parts-at-once', 'losses that are computed at once take their batch in one piece', span, {
    hint: 'leave accumulate out, or take updates: "in_turn"',
  });

/** Reports a code whose shape differs from its network's output. */
export const codeShape = (
  network: string,
  found: readonly (readonly number[])[],
  shape: readonly number[],
  sampled: boolean,
  span: Place,
): Diagnostic => {
  const one = `[${shape.join(', ')}]`;
  return error('wrong-encoding', `${network} gives no code of shape ${one}`, span, {
    notes: [
      `expected ${sampled ? `a list of two tensors ${one}: mean and log variance` : `one tensor ${one}`}`,
      `found ${found.map((each) => `[${each.join(', ')}]`).join(' and ')}`,
    ],
  });
};

type Size = DataSpec['size'];

/**
 * Suggests a size that a generator can paint, given that it makes `found` for `size`: of the same ratio, and a
 * multiple of its upsampling factor.
 */
function hintOfPaintable(found: Size, size: Size): string {
  const isRatioKept = found.width * size.height === found.height * size.width;
  const near = isRatioKept ? found : nearestPaintable(found, size);
  return near
    ? `choose a size that it can paint, such as ${near.width}x${near.height}: doubling n times gives multiples of 2 ** n`
    : 'let it end at the size of the label map: doubling n times gives multiples of 2 ** n, resize(x, like: seg) any size';
}

/** Finds the nearest size with the ratio of `size` whose sides are multiples of the powers of two in `found`. */
function nearestPaintable(found: Size, size: Size): Size | undefined {
  const unit = powerOfTwoIn(divisorOf(found.width, found.height));
  const common = divisorOf(size.width, size.height);
  const [width, height] = [size.width / common, size.height / common];
  // The multiple of the smallest picture of the ratio that makes both sides such multiples.
  const step = Math.max(unit / divisorOf(unit, width), unit / divisorOf(unit, height));
  const times = Math.max(1, Math.round(common / step)) * step;
  const isFar = times > 2 * common || 2 * times < common;
  return times === common || isFar ? undefined : { width: width * times, height: height * times };
}

const divisorOf = (a: number, b: number): number => (b === 0 ? a : divisorOf(b, a % b));

/** The largest power of two that divides a number. */
const powerOfTwoIn = (number: number): number => (number % 2 === 0 ? 2 * powerOfTwoIn(number / 2) : 1);

/** Reports a generator whose pictures do not have the data's size. */
export const wrongPicture = (
  network: string,
  found: readonly number[] | undefined,
  expected: readonly [number, number, number],
  span: Place,
  size: Place,
): Diagnostic => {
  const [height, width, channels] = expected;
  const isPicture = found?.length === 3;
  const isSize = isPicture && found[2] === channels;
  return error(
    'wrong-picture',
    isSize
      ? `${network} paints pictures of ${found[1]}x${found[0]}, but the data's size is ${width}x${height}`
      : `${network} gives ${found ? `[${found.join(', ')}]` : 'several values'} where a picture of ${channels} channels is needed`,
    span,
    {
      notes: [
        ...(isPicture ? [`found [${found.join(', ')}] (height, width, channels)`] : []),
        `expected [${expected.join(', ')}]${isPicture ? '' : ' (height, width, channels)'}`,
      ],
      labels: size && isSize ? [{ span: size, text: `the data's size` }] : [],
      hint: isSize
        ? hintOfPaintable({ width: found[1] ?? 0, height: found[0] ?? 0 }, { width, height })
        : 'let it end with conv(3) and tanh',
    },
  );
};

/** Reports two networks that both could be the generator. */
export const severalGenerators = (names: readonly string[], span: Place): Diagnostic =>
  error('several-generators', `${names.join(' and ')} both paint: an experiment has one generator`, span, {
    hint: 'make one experiment for each',
  });

/** Reports a violated constraint of an op, for specs without a source text. */
export const constraintBroken = (
  op: string,
  constraint: string,
  notes: readonly string[],
  span: Place,
): Diagnostic =>
  error('shape-mismatch', `${op} does not fit here`, span, {
    notes: [`${op} requires: ${constraint}`, ...notes],
  });

/** Reports a call with a wrong number of inputs. */
export const wrongInputs = (
  network: string,
  expected: readonly string[],
  found: number,
  span: Place,
): Diagnostic =>
  error('wrong-inputs', `${network} takes ${expected.length} inputs, found ${found}`, span, {
    notes: [`they are: ${expected.join(', ')}`],
  });

/** Reports a summand of a loss that is not a scalar. */
export const termNotScalar = (name: string, found: string, span: Place): Diagnostic =>
  error('loss-not-scalar', `a loss is one number, but ${name} is ${found}`, span, { hint: 'take its mean' });

/** Warns of a summand that sums over pictures if a batch is taken in parts. */
export const sumOverPart = (
  term: string,
  network: string,
  parts: number,
  span: Place,
  accumulate: Place,
): Diagnostic =>
  warning('sum-over-part', `'${term}' in the loss of ${network} is a sum over the pictures of a part`, span, {
    labels: accumulate ? [{ span: accumulate, text: `${parts} parts` }] : [],
    notes: [`a step takes the mean over parts: 1/${parts} of what the sum over the batch would give`],
    hint: `multiply it by ${parts}, or take a mean over the pictures`,
  });

/** Warns of a loss that depends on no weight of a network. */
export const lossOfNothing = (network: string, span: Place): Diagnostic =>
  warning('loss-of-nothing', `no weight of ${network} changes its loss: it learns nothing`, span, {
    notes: [
      `no value leads from ${network} to this loss but through stop_gradient or networks that leave it out`,
    ],
    hint: `let what the loss compares follow from ${network}: a discriminator has to look at its 'image'`,
  });

/** Warns of a loss that decreases without bound as a network's weights grow. */
export const lossWithoutBottom = (network: string, span: Place): Diagnostic =>
  warning('loss-without-bottom', `nothing keeps the loss of ${network} from falling without end`, span, {
    notes: [`it is linear in what ${network} says: larger weights make it ever smaller`],
    hint: `add what holds it: to the loss of a discriminator, 10 * gradient_penalty(${network}) or 10 * r1(${network})`,
  });
