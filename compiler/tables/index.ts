/** Answers for what others use of patch tables. */
export { choiceOf, chooseLevels, chosenKeys, type LevelChoice } from './choose.ts';
export {
  outerInputs,
  partOfInput,
  patchValues,
  rowsOfLevel,
  type LabelMaps,
  type PatchFeed,
  type PatchPart,
} from './inputs.ts';
export { LevelPlanner, type TableChoice } from './levels.ts';
export { Tabulation } from './tabulate.ts';
