/** Makes folders of finished runs, as after training and evaluation, with artificial numbers and pictures. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, type Spec } from '../../compiler/index.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import { numberedClasses } from '../../runtime/data/classes.ts';
import { evalFormat, type EvalRecord, type Metric, type Protocol } from '../../runtime/evaluate/record.ts';
import { fileProvider } from '../../runtime/specs/read.ts';
import { writePicture } from '../../runtime/report/picture.ts';
import type { Picture } from '../../runtime/report/pixels.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';
import { layoutOf, writeRecord } from '../../runtime/run/folder.ts';
import { overrideSpec } from '../../runtime/run/settings.ts';
import { countParameters } from '../../compiler/format/queries.ts';

/** The options of an artificial run. */
export interface MadeRun {
  readonly folder: string;
  /** The text of its spec, and the folder of its data. */
  readonly text: string;
  readonly base: string;
  readonly seed: number;
  readonly steps?: number;
  readonly evaluation?: Pick<EvalRecord, 'maps' | 'metrics'> & { readonly protocol?: Partial<Protocol> };
  readonly painted?: (map: string) => Picture;
  /** Metrics on held-out pairs, by step. */
  readonly measured?: Readonly<Record<number, NonNullable<MetricRecord['evaluation']>>>;
}

const size = { width: 32, height: 32 };

export const madeProtocol: Protocol = {
  version: 1,
  imageSet: 'a1b2',
  maps: 2,
  size,
  resizeFilter: 'nearest',
  classes: 3,
  voidIds: [],
  judges: { segmenter: { name: 'unet', sha256: 'c3d4' } },
  styles: 1,
  seed: 0,
};

const checked = new Map<string, Spec>();

/** Reads the spec of a text whose data are below `base`. */
export function specOf(text: string, base: string, seed: number): Spec {
  const known = checked.get(`${base} ${text}`) ?? checkedSpec(text, base);
  checked.set(`${base} ${text}`, known);
  return overrideSpec(known, base, { seed });
}

function checkedSpec(text: string, base: string): Spec {
  const { spec, diagnostics } = check({ name: join(base, 'tiny.spade'), text }, fileProvider());
  if (!spec) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return spec;
}

/** Writes a run's folder. */
export async function makeRun({
  folder,
  text,
  base,
  seed,
  steps = 40,
  evaluation,
  painted,
  measured,
}: MadeRun): Promise<void> {
  const spec = specOf(text, base, seed);
  const layout = layoutOf(folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(layout.spec, JSON.stringify(spec));
  const memory = { step: steps, residentBytes: 300 * 2 ** 20, tensors: 12 };
  await writeRecord(layout, {
    name: spec.name,
    file: 'tiny.spade',
    created: '2026-01-02T03:04:05Z',
    status: 'finished',
    engine: { kind: 'portable', library: 'TensorFlow.js' },
    experiment: spec.name,
    steps,
    stepsPlanned: steps,
    secondsPerStep: 0.25,
    parameters: countParameters(spec),
    data: { pairs: 5, size: spec.data?.size ?? size, classes: numberedClasses(3) },
    seed,
    command: 'spadework train tiny.spade',
    memory: { early: memory, end: memory },
  });
  const random = new RandomStream(seed, folder);
  const lines = Array.from({ length: steps }, (_, index): MetricRecord => {
    const found = measured?.[index + 1];
    const noise = (): number => 0.2 * random.normal();
    return {
      step: index + 1,
      epoch: index / 5,
      seconds: index / 4,
      ...(found && { evaluation: found }),
      losses: { G: { hinge: 1 / (1 + index / 9) + noise() }, D: { hinge: 1.5 + noise() } },
    };
  });
  writeFileSync(layout.metrics, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (evaluation) await makeEvaluation(folder, steps, evaluation, painted);
}

async function makeEvaluation(
  folder: string,
  step: number,
  { maps, metrics, protocol }: NonNullable<MadeRun['evaluation']>,
  painted: MadeRun['painted'],
): Promise<void> {
  const used: Protocol = { ...madeProtocol, maps: maps.length, ...protocol };
  const protocolId = `${used.imageSet}-${used.seed}`;
  const record: EvalRecord = {
    format: evalFormat,
    created: '2026-01-02T04:00:00Z',
    step,
    protocol: used,
    protocolId,
    maps,
    metrics,
    pictures: `eval/${protocolId}`,
    counts: maps.map(() => [[0, 9, 9, 9]]),
  };
  mkdirSync(join(folder, 'eval'), { recursive: true });
  writeFileSync(join(folder, 'eval', `${protocolId}.json`), JSON.stringify(record));
  for (const map of painted ? maps : [])
    await writePicture(join(folder, record.pictures, `${map}.png`), painted!(map));
}

/** Makes a metric that is the mean of its values per map. */
export function meanMetric(
  name: string,
  perMap: readonly number[],
  better: Metric['better'] = 'higher',
): Metric {
  return { name, value: perMap.reduce((sum, one) => sum + one, 0) / perMap.length, better, perMap };
}

/** Makes a picture of one color. */
export function flat(color: readonly [number, number, number]): Picture {
  const data = Uint8Array.from({ length: 3 * size.width * size.height }, (_, i) => color[i % 3]!);
  return { ...size, data };
}
