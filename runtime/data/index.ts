/** Answers for what the rest of the program may use of the data sets. */
export type { Augmentation } from './augment.ts';
export { evenly } from './order.ts';
export { numberedClasses, readClasses, readLegend, withColors } from './classes.ts';
export type { ClassInfo, Color, PartialClass } from './classes.ts';
export type { LabelCoding } from './coding.ts';
export { checkDatasets, openDataset } from './dataset.ts';
export type { Batch, Dataset, DatasetOptions, Loader, LoaderOptions, Sample } from './dataset.ts';
export { openPhotos } from './photos.ts';
export type { Photos } from './photos.ts';
export { readPairs, surveyPairs } from './survey.ts';
export type { Survey } from './survey.ts';
export type { SaidOfLabels } from './problems.ts';
export { DataError, LISTED, noColor, noDataFolder, sharedColor } from './messages.ts';
export { samplesOfStep } from './order.ts';
export type { Place } from './order.ts';
export type { DatasetFolders, Pair } from './pairs.ts';
