/** Answers for the order of the rules: each may rely on those before it, so a tier is only checked if the last one held. */
import { foldersArePaired } from './folders-are-paired.ts';
import { generatorPaintsPictures } from './generator-paints-pictures.ts';
import { lossesHaveOptimizers } from './losses-have-optimizers.ts';
import { namesAreUnique } from './names-are-unique.ts';
import { referencesAreDefined } from './references-are-defined.ts';
import type { Rule } from './rule.ts';
import { shapesFit } from './shapes-fit.ts';
import { trainingHasOneLength } from './training-has-one-length.ts';

/** Rules about settings alone, which hold or not whatever the networks are. */
export const settingRules: readonly Rule[] = [trainingHasOneLength, foldersArePaired];

/** Rules about names, which the language keeps by construction except for what is trained. */
export const nameRules: readonly Rule[] = [namesAreUnique, referencesAreDefined, lossesHaveOptimizers];

/** The rule about shapes, which expansion of the language has checked. */
export const shapeRules: readonly Rule[] = [shapesFit];

/** Rules about the experiment as a whole. */
export const wholeRules: readonly Rule[] = [generatorPaintsPictures];
