/** Answers for what others use of label locality. */
export { analyzeLocality, type Locality, type LocalityOptions, type PartlyLocal } from './analysis.ts';
export type { LocalAxis, LocalValue, LocalView } from './local.ts';
