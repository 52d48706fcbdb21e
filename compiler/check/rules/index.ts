/** Answers for the order of the rules: each may rely on those before it, so a tier is only checked if the last one held. */
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

/** Rules about settings alone, which hold or not whatever the networks are. */
export const settingRules: readonly Rule[] = [
  trainingHasOneLength,
  partsDivideTheBatch,
  partsAreTakenInTurn,
  foldersArePaired,
  evaluationHasPairs,
  classesAreNamedOnce,
  cropsCoverThePicture,
];

/** Rules about names, which the language keeps by construction except for what is trained, loaded and given to initializers. */
export const nameRules: readonly Rule[] = [
  namesAreUnique,
  referencesAreDefined,
  lossesHaveOptimizers,
  networksAreTrainedOrLoaded,
  weightsHaveAPlace,
  variablesFit,
];

/** Rules about shapes, which expansion of the language has checked; codes are what networks without mistakes give. */
export const shapeRules: readonly Rule[] = [shapesFit];
export const codeRules: readonly Rule[] = [encodersFit];

/** Rules about the experiment as a whole. */
export const wholeRules: readonly Rule[] = [generatorPaintsPictures, bestIsMeasured];

/** Rules that warn: of what can be done, but is rarely meant. */
export const adviceRules: readonly Rule[] = [
  lossesHaveABottom,
  lossesReachTheirNetworks,
  sumsAreOfWholeBatches,
];
