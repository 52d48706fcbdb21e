/** Computes all metrics of an evaluation, reading the generated pictures a few maps at a time. */
import type { Metric, EvalRecord, Protocol } from './record.ts';
import { dirname, join, resolve } from 'node:path';
import type { Sample } from '../data/dataset.ts';
import type { Engine } from '../engine/choose.ts';
import { fromFloat } from '../report/pixels.ts';
import { PhotoCache } from './cache.ts';
import { LayerNetwork, VectorNetwork } from './feature-network.ts';
import type { HeldOut } from './held-out.ts';
import type { Judges } from './judges.ts';
import type { EvaluateOptions } from './options.ts';
import { pictureFile } from './paint-held-out.ts';
import { readPicture } from './pictures.ts';
import { Segmenter } from './segmenter.ts';
import {
  ColorTally,
  FeatureTally,
  keptMetrics,
  LayerTally,
  PhotographTally,
  SegmentationTally,
  type PaintedMap,
  type Tally,
} from './tally.ts';

/** The inputs of the metrics. */
export interface Measured {
  readonly engine: Engine;
  readonly heldOut: HeldOut;
  readonly judges: Judges;
  readonly protocol: Protocol;
  /** The folder of the generated pictures. */
  readonly pictures: string;
}

/** The number of maps in memory at a time. */
const mapsAtOnce = 4;

/** Computes all metrics for which networks and photographs are available. */
export async function measure(
  measured: Measured,
  options: EvaluateOptions,
): Promise<Pick<EvalRecord, 'metrics' | 'counts'>> {
  const { heldOut } = measured;
  const opened: Opened[] = [];
  try {
    const { tallies, finish } = await openTallies(measured, options, opened);
    const total = heldOut.pairs.length;
    options.progressed?.('measured', 0, total);
    for (let from = 0; from < total; from += mapsAtOnce) {
      const to = Math.min(total, from + mapsAtOnce);
      const samples = await heldOut.read(from, to);
      const maps = await Promise.all(samples.map((sample) => paintedMap(sample, measured)));
      for (const tally of tallies) await tally.add(maps);
      options.progressed?.('measured', to, total);
    }
    await finish();
    const counts = tallies.flatMap((tally) => tally.counts?.() ?? []);
    const metrics: Metric[] = [];
    for (const tally of tallies) metrics.push(...(await tally.metrics()));
    return { metrics, ...(counts.length > 0 && { counts }) };
  } finally {
    await Promise.all(opened.map((one) => one.dispose()));
  }
}

async function paintedMap(
  sample: Sample,
  { pictures, protocol: { styles, size } }: Measured,
): Promise<PaintedMap> {
  const files = Array.from({ length: styles }, (_, style) => pictureFile(pictures, sample.name, style));
  return {
    sample,
    painted: await Promise.all(files.map(readPicture)),
    photo: sample.image && fromFloat(sample.image, size.width, size.height),
  };
}

/** The metrics in display order, and the final step: storing values of the photographs in the cache. */
interface OpenTallies {
  readonly tallies: readonly Tally[];
  readonly finish: () => Promise<void>;
}

interface Opened {
  dispose(): Promise<void>;
}

/** Opens the networks, which are added to `opened`, and the metrics. */
async function openTallies(
  measured: Measured,
  options: EvaluateOptions,
  opened: Opened[],
): Promise<OpenTallies> {
  const { engine, heldOut, judges, protocol } = measured;
  const { size, classes, voidIds, imageSet, styles, seed, version, resizeFilter } = protocol;
  const { segmenter, features, perceptual } = judges;
  const folder = options.cache ?? join(dirname(resolve(options.run)), '.eval-cache');
  const cache = new PhotoCache(folder, options.log ?? (() => undefined));
  const common = { version, imageSet, size, resizeFilter };
  const tallies: Tally[] = [];
  const endings: (() => Promise<void>)[] = [];
  const keeping = async (
    key: object,
    make: (known: Awaited<ReturnType<PhotoCache['read']>>) => Tally & Pick<FeatureTally, 'rowsToKeep'>,
  ): Promise<void> => {
    const tally = make(await cache.read(key));
    tallies.push(tally);
    endings.push(async () => {
      const rows = tally.rowsToKeep();
      if (rows) await cache.write(key, rows);
    });
  };

  if (segmenter) {
    const network = await Segmenter.open(segmenter, engine);
    opened.push(network);
    const sizes = { maps: size, segmenter: segmenter.size };
    const key = { ...common, kind: 'class counts', classes, voidIds, judge: segmenter.record.sha256 };
    await keeping(
      { ...key, ...(keptMetrics.length > 0 && { metrics: keptMetrics }) },
      (known) => new SegmentationTally(segmenter.record.name, network, sizes, { classes, voidIds }, known),
    );
  }
  if (features) {
    const network = await VectorNetwork.open(features, engine);
    opened.push(network);
    await keeping(
      { ...common, kind: 'features', judge: features.record.sha256 },
      (known) => new FeatureTally(features.record.name, network, seed, known),
    );
  }
  if (perceptual) {
    const network = await LayerNetwork.open(perceptual, engine);
    opened.push(network);
    tallies.push(new LayerTally(perceptual.record.name, network, perceptual.linear));
  } else if (styles > 1) tallies.push(new ColorTally());
  if (heldOut.hasPhotos) tallies.push(new PhotographTally());
  return {
    tallies,
    finish: async () => {
      for (const end of endings) await end();
    },
  };
}
