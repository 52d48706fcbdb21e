/** Lists the rules in tiers: a tier is checked only if the ones before it hold, so its rules can rely on them. */
import { bestIsMeasured } from './best-is-measured.ts';
import { classesAreNamedOnce } from './classes-are-named-once.ts';
import { cropsCoverThePicture } from './crops-cover-the-picture.ts';
import { encodersFit } from './encoders-fit.ts';
import { evaluationHasPairs } from './evaluation-has-pairs.ts';
import { foldersArePaired } from './folders-are-paired.ts';
import { generatorPaintsPictures } from './generator-paints-pictures.ts';
import { lossesHaveABottom } from './losses-have-a-bottom.ts';
import { lossesHaveOptimizers } from './losses-have-optimizers.ts';
import { lossesReachTheirNetworks } from './losses-reach-their-networks.ts';
import { namesAreUnique } from './names-are-unique.ts';
import { networksAreTrainedOrLoaded } from './networks-are-trained-or-loaded.ts';
import { partsAreTakenInTurn } from './parts-are-taken-in-turn.ts';
import { partsDivideTheBatch } from './parts-divide-the-batch.ts';
import { referencesAreDefined } from './references-are-defined.ts';
import type { Rule } from './rule.ts';
import { shapesFit } from './shapes-fit.ts';
import { sumsAreOfWholeBatches } from './sums-are-of-whole-batches.ts';
import { trainingHasOneLength } from './training-has-one-length.ts';
import { variablesFit } from './variables-fit.ts';
import { weightsHaveAPlace } from './weights-have-a-place.ts';

/** Rules about settings alone, independent of the networks. */
export const settingRules: readonly Rule[] = [
  trainingHasOneLength,
  partsDivideTheBatch,
  partsAreTakenInTurn,
  foldersArePaired,
  evaluationHasPairs,
  classesAreNamedOnce,
  cropsCoverThePicture,
];

/**
 * Rules about names. The language guarantees most of them, except those about what is trained, loaded and given to
 * initializers.
 */
export const nameRules: readonly Rule[] = [
  namesAreUnique,
  referencesAreDefined,
  lossesHaveOptimizers,
  networksAreTrainedOrLoaded,
  weightsHaveAPlace,
  variablesFit,
];

/** Rules about shapes. The language's expansion guarantees them. Rules about codes need networks without mistakes. */
export const shapeRules: readonly Rule[] = [shapesFit];
export const codeRules: readonly Rule[] = [encodersFit];

/** Rules about the experiment as a whole. */
export const wholeRules: readonly Rule[] = [generatorPaintsPictures, bestIsMeasured];

/** Rules that warn about what is legal, but rarely meant. */
export const adviceRules: readonly Rule[] = [
  lossesHaveABottom,
  lossesReachTheirNetworks,
  sumsAreOfWholeBatches,
];
