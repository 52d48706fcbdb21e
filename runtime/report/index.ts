/** Answers for what the rest of the runtime may use of the report layer: pictures, grids, loss charts and pages. */
export { lossChart, type ChartOptions } from './chart.ts';
export { EventWriter, HistogramCounter, type EventValue, type Histogram } from '../train/events.ts';
export { writeDataPage, type DataPageFacts, type DataPagePair } from '../check-data/page.ts';
export type { Fact, PictureSize, Task } from './parts.ts';
export {
  blend,
  colorize,
  fromFloat,
  writeGrid,
  writePhotograph,
  writePicture,
  type GridOptions,
  type Picture,
} from './picture.ts';
export { writeWhole } from '../base/files.ts';
export type { MetricRecord, RunRecord } from '../run/records.ts';
export { writeRunPage } from '../run/page.ts';
export { writeSynthPage, type SynthFacts, type SynthItem } from '../synthesize/page.ts';
