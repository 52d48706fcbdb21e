/** Answers for weights that come from other programs and go back to them: files, names and orders of axes. */

export { otherVersionsNames } from './earlier-names.ts';
export { openWeights, type TensorInfo, type WeightsFile } from './file.ts';
export { listMappings, loadMapping, plainMapping, type Mapping, type MappingRule } from './mapping.ts';
export { notFiniteIn, readFinite } from './finite.ts';
export { findFitting } from './fitting.ts';
export { compareWeights, fits, matchWeights, type Match, type MatchReport, type Pairing } from './match.ts';
export { doesNotFit, nothingFits, oneOfCopies, WeightsError, type Fitting } from './messages.ts';
export { officialPlaces, type Official, type WeightVariable } from './official.ts';
export { renderReport } from './report.ts';

export { exportedMark, writeOfficial } from './write-official.ts';
