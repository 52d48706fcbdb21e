/** The metrics that there are, in the order in which they are shown. Adding one is its file and a place in `list`. */
import { must } from '../../dsl/errors.ts';
import { boundaryF1 } from './boundary-f1.ts';
import { classAccuracy } from './class-accuracy.ts';
import type { Metric } from './define.ts';
import { diversity } from './diversity.ts';
import { fid } from './fid.ts';
import { kid } from './kid.ts';
import { l1 } from './l1.ts';
import { meanIoU } from './mean-iou.ts';
import { perceptualDistance } from './perceptual-distance.ts';
import { pixelAccuracy } from './pixel-accuracy.ts';
import { psnr } from './psnr.ts';
import { ssim } from './ssim.ts';

const list = [
  meanIoU,
  pixelAccuracy,
  classAccuracy,
  boundaryF1,
  fid,
  kid,
  perceptualDistance,
  diversity,
  psnr,
  ssim,
  l1,
] as const;

export type MetricName = (typeof list)[number]['name'];

export const metrics: readonly Metric[] = list;

type Needs = Metric['needs'];

const needs =
  <Some extends Needs>(...some: readonly Some[]) =>
  (metric: Metric): metric is Extract<Metric, { needs: Some }> =>
    some.some((one) => one === metric.needs);

/** Lists the metrics that an evaluation computes from one of these. */
export const evaluated = <Some extends Needs>(...from: readonly Some[]): Extract<Metric, { needs: Some }>[] =>
  metrics.filter(needs(...from)).filter(({ measuredBy }) => measuredBy.includes('evaluation'));

/** Names the metrics that an evaluation computes from one of these. */
export const namesOf = (...from: readonly Needs[]): string[] => evaluated(...from).map(({ name }) => name);

/** Lists the metrics that a run computes of itself from one of these as it trains, the one that decides about the best first. */
const trained = <Some extends Needs>(...from: readonly Some[]): Extract<Metric, { needs: Some }>[] => {
  const measured = metrics.filter(needs(...from)).filter(({ measuredBy }) => measuredBy.includes('training'));
  return measured.sort((a, b) => Number(b.decides ?? false) - Number(a.decides ?? false));
};

/** What a run measures as it trains: paintings beside photographs, or the classes that a segmenter finds. */
export const ofPaintings = trained('photographs');
export const ofClasses = trained('class counts', 'class maps');

const isName = (name: string): name is MetricName => list.some((one) => one.name === name);

/** The metrics that may tell the best checkpoint. */
export const bestNames: readonly MetricName[] = [...ofPaintings, ...ofClasses]
  .map(({ name }) => name)
  .filter(isName);

/** Gives the metric of a name. */
export function metricNamed(name: string): Metric {
  return must(
    metrics.find((one) => one.name === name),
    `there is a metric ${name}`,
  );
}
