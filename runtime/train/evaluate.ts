/**
 * Evaluates a run during training without other networks: the distance of paintings of held-out maps from the
 * photographs, or the accuracy of a segmenter on held-out maps.
 */
import { must } from '../../dsl/errors.ts';
import { generatorOf, measuredMetrics } from '../../compiler/format/queries.ts';
import { voidIds } from '../../compiler/format/labels.ts';
import type { DataSpec, Spec } from '../../compiler/format/types.ts';
import { countPixels, sumCounts } from '../../compiler/metrics/class-counts.ts';
import { metricNamed, ofClasses, ofPaintings } from '../../compiler/metrics/index.ts';
import { meanOfKnown } from '../../compiler/metrics/spread.ts';
import { evenly } from '../data/order.ts';
import type { Dataset, Sample } from '../data/dataset.ts';
import { fromFloat } from '../report/pixels.ts';
import type { MetricRecord } from '../run/records.ts';
import type { Session } from '../session/session.ts';
import { paint } from '../synthesize/paint.ts';
import { canSegment, segment } from '../synthesize/segment.ts';

/** The most held-out pairs that are evaluated, spread evenly over all of them: training waits meanwhile. */
const mostPairs = 64;

/** Evaluates a run at intervals, and tells which step is the best. */
export interface Evaluator {
  readonly every: number;
  /** The metric that decides the best checkpoint. */
  readonly metric: string;
  /** Evaluates the present weights; numbers by metric, null if a metric has no value. */
  readonly measure: () => Promise<Record<string, number | null>>;
}

/** What to evaluate, on which session. */
export interface Evaluated {
  readonly spec: Spec;
  readonly session: Session;
  readonly seed: number;
  /** Held-out pairs. */
  readonly samples: readonly Sample[];
}

/** Makes the evaluator of a run; undefined if its spec asks for none, or if it neither paints nor segments. */
export function makeEvaluator({ spec, session, seed, samples }: Evaluated): Evaluator | undefined {
  const every = spec.train?.evaluate_every;
  const generator = generatorOf(spec);
  if (every === undefined || samples.length === 0 || !(generator || canSegment(session))) return undefined;
  const metric =
    spec.train?.best ?? must(measuredMetrics(spec)[0], 'a network that is evaluated has metrics').name;
  const measure = generator
    ? async () => comparePaintings(await paint({ session, generator, seed }, samples), samples)
    : () => compareClasses(session, samples, must(spec.data, 'an evaluation has samples'));
  return { every, metric, measure };
}

/** Reads the held-out pairs for the evaluation. */
export function readEvaluated(dataset: Dataset): Promise<Sample[]> {
  const { length } = dataset.pairs;
  return Promise.all(evenly(length, Math.min(length, mostPairs)).map((place) => dataset.read(place)));
}

/** Finds the step with the best numbers, the first of a tie; undefined without evaluations. */
export function bestStep(records: readonly MetricRecord[], metric: string): number | undefined {
  const sign = metricNamed(metric).better === 'lower' ? -1 : 1;
  let best: { readonly step: number; readonly value: number } | undefined;
  for (const { step, evaluation } of records) {
    const found = evaluation?.[metric];
    if (found === undefined || found === null) continue;
    const value = sign * found;
    if (!best || value > best.value) best = { step, value };
  }
  return best?.step;
}

type Painted = Awaited<ReturnType<typeof paint>>;

function comparePaintings(painted: Painted, samples: readonly Sample[]): Record<string, number | null> {
  const pairs = painted.map((picture, index) => {
    const { width, height } = picture;
    const photo = must(samples[index]?.image, 'held-out pairs have photographs');
    return [picture, fromFloat(photo, width, height)] as const;
  });
  return Object.fromEntries(
    ofPaintings.map(({ name, compare }) => [
      name,
      meanOfKnown(pairs.map(([picture, photo]) => compare(picture, photo))),
    ]),
  );
}

async function compareClasses(
  session: Session,
  samples: readonly Sample[],
  data: DataSpec,
): Promise<Record<string, number | null>> {
  const photos = samples.map(({ image }) => must(image, 'held-out pairs have photographs'));
  const labels = { classes: data.classes, voidIds: voidIds(data) };
  const { width, height } = data.size;
  const segmented = await segment(session, photos);
  const maps = segmented.map((found, index) => {
    const truth = must(samples[index], 'there is a value for each held-out picture').labels;
    return {
      wanted: { width, height, ids: truth },
      seen: { width, height, ids: found },
      counts: countPixels(truth, found, labels),
    };
  });
  const counts = sumCounts(maps.map((map) => map.counts));
  return Object.fromEntries(
    ofClasses.map((metric) => [
      metric.name,
      metric.needs === 'class counts'
        ? metric.score(counts)
        : meanOfKnown(maps.map(({ wanted, seen }) => metric.compare(wanted, seen, labels.voidIds))),
    ]),
  );
}
