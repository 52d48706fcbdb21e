/**
 * Evaluates a run: generates pictures of its held-out maps, computes metrics against photographs and through networks,
 * and stores the numbers in the run's folder with their protocol.
 */
import { join, relative } from 'node:path';
import { generatorOf } from '../../compiler/format/queries.ts';
import { voidIds } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { evaluated, namesOf } from '../../compiler/metrics/index.ts';
import { chooseEngine, type Engine } from '../engine/choose.ts';
import { writeWhole, whileWritingAsync } from '../base/files.ts';
import {
  loadBestCheckpoint,
  loadCheckpoint,
  loadLastCheckpoint,
  type Checkpoint,
} from '../run/checkpoint.ts';
import { readRunFolder, type RunLayout } from '../run/folder.ts';
import { nothingPaints, nothingToTrain } from '../run/messages.ts';
import { readJudges, type Judges } from './judges.ts';
import { openHeldOut, type HeldOut } from './held-out.ts';
import { measure } from './measure.ts';
import {
  alreadyEvaluated,
  noCheckpointOfStep,
  nothingComparable,
  photographsNeeded,
  tooFewForFeatures,
  voidOutOfRange,
} from './messages.ts';
import type { EvaluateOptions } from './options.ts';
import { paintHeldOut } from './paint-held-out.ts';
import { digestOfPairs, metricsVersion, protocolIdOf, resizeFilter } from './protocol.ts';
import { evalFormat, evaluationText, readEvaluation, type EvalRecord, type Protocol } from './record.ts';

/**
 * Evaluates a run, unless its checkpoint was already evaluated under the same protocol, and gives the record. Throws a
 * SpadeworkError for unusable pictures or weights, and for runs that cannot be evaluated.
 */
export async function evaluate(options: EvaluateOptions): Promise<EvalRecord> {
  const log = options.log ?? (() => undefined);
  const { layout, spec, record: run } = readRunFolder(options.run);
  if (!spec.data) throw nothingToTrain(spec.name);
  if (!generatorOf(spec)) throw nothingPaints(spec.name);
  const isVoid = voidIdsOf(spec.data, options);
  const checkpoint = await loadAsked(layout, options);
  const heldOut = await openHeldOut(spec.data, spec.name, options);
  try {
    requireEnough(heldOut, options);
    const judges = await readJudges(spec.data, options);
    const protocol = await protocolOf(spec.data, heldOut, judges, isVoid, options);
    const protocolId = protocolIdOf(protocol);
    const file = join(layout.evaluations, `${protocolId}.json`);
    const known = options.again ? undefined : readEvaluation(file);
    if (known?.step === checkpoint.state.step) {
      log(alreadyEvaluated(file));
      return known;
    }
    if (!heldOut.hasPhotos) log(nothingComparable([...namesOf('photographs'), 'ceiling']));
    const engine: Engine = await chooseEngine(options.engine ?? 'auto', log);
    const pictures = join(layout.evaluations, protocolId);
    await paintHeldOut({ engine, layout, spec, run, checkpoint }, heldOut, protocol, pictures, options);
    const measures = await measure({ engine, heldOut, judges, protocol, pictures }, options);
    const record: EvalRecord = {
      format: evalFormat,
      created: new Date().toISOString(),
      step: checkpoint.state.step,
      protocol,
      protocolId,
      maps: heldOut.pairs.map(({ name }) => name),
      ...measures,
      pictures: relative(layout.folder, pictures),
    };
    await whileWritingAsync(layout.folder, () => writeWhole(file, `${evaluationText(record)}\n`));
    return record;
  } finally {
    await heldOut.close();
  }
}

/** Gives the void classes in order: those requested, or those of the data. */
function voidIdsOf(data: DataSpec, { void: asked }: EvaluateOptions): readonly number[] {
  const outside = asked?.find((id) => id >= data.classes);
  if (outside !== undefined) throw voidOutOfRange(outside, data.classes);
  return asked ? [...new Set(asked)].sort((a, b) => a - b) : voidIds(data);
}

async function loadAsked(
  { checkpoints }: RunLayout,
  { run, checkpoint = 'last' }: EvaluateOptions,
): Promise<Checkpoint> {
  if (checkpoint === 'last') return loadLastCheckpoint(checkpoints, run);
  if (checkpoint === 'best') return loadBestCheckpoint(checkpoints, run);
  const found = await loadCheckpoint(checkpoints, run, checkpoint);
  if (!found) throw noCheckpointOfStep(run, checkpoint);
  return found;
}

/** Requires the pictures that the networks need, before any work. */
function requireEnough({ pairs, hasPhotos }: HeldOut, { features }: EvaluateOptions): void {
  if (!features) return;
  if (!hasPhotos) throw photographsNeeded('--features');
  const least = Math.max(...evaluated('features').map(({ fewest }) => fewest));
  if (pairs.length < least) throw tooFewForFeatures(namesOf('features'), pairs.length, least);
}

async function protocolOf(
  { size, classes }: DataSpec,
  { pairs }: HeldOut,
  { segmenter, features, perceptual }: Judges,
  isVoid: readonly number[],
  { styles = 1, seed = 0 }: EvaluateOptions,
): Promise<Protocol> {
  return {
    version: metricsVersion,
    imageSet: await digestOfPairs(pairs),
    maps: pairs.length,
    size,
    resizeFilter,
    classes,
    voidIds: isVoid,
    judges: {
      ...(segmenter && { segmenter: segmenter.record }),
      ...(features && { features: features.record }),
      ...(perceptual && { perceptual: perceptual.record }),
    },
    styles,
    seed,
  };
}
