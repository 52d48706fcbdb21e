/** Generates a picture of every held-out map for each style with a checkpoint, and writes the files. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../../dsl/errors.ts';
import { encodedInputs, generatorOf } from '../../compiler/format/queries.ts';
import { largestSeed, realInput, type NetworkSpec, type Spec } from '../../compiler/format/types.ts';
import { outerInputs } from '../../compiler/passes/deduplicate-patches/inputs.ts';
import type { Engine } from '../engine/choose.ts';
import { writePicture } from '../report/picture.ts';
import { restore, type Checkpoint } from '../run/checkpoint.ts';
import { whileComputing } from '../session/computing.ts';
import { openSession } from '../session/open.ts';
import type { FullRunRecord, RunLayout } from '../run/folder.ts';
import { whileWriting, whileWritingAsync } from '../base/files.ts';
import { styleNeeded } from '../run/messages.ts';
import { requireNoClash } from '../run/outputs.ts';
import { needsPhoto, paint, synthesisMethod } from '../synthesize/paint.ts';
import { openPainting } from '../synthesize/painting.ts';
import { mapInputs } from '../session/feeds.ts';
import { readFrozenWeights } from '../run/weights.ts';
import type { Session } from '../session/session.ts';
import type { HeldOut } from './held-out.ts';
import { alwaysTheSame } from './messages.ts';
import type { EvaluateOptions } from './options.ts';
import type { Protocol } from './record.ts';

/** A run with the checkpoint that generates. */
export interface Painting {
  readonly engine: Engine;
  readonly layout: RunLayout;
  readonly spec: Spec;
  readonly run: FullRunRecord;
  readonly checkpoint: Checkpoint;
}

/**
 * Names the picture file of a map in a style, counted from 0. The first style has the map's name. Others are in a
 * separate folder, as within the same one their names could collide with a map's.
 */
export function pictureFile(folder: string, map: string, style: number): string {
  return style === 0 ? join(folder, `${map}.png`) : join(stylesOf(folder), String(style + 1), `${map}.png`);
}

const stylesOf = (folder: string): string => `${folder}.styles`;

/** Generates pictures of all maps into a folder; deletes its earlier pictures. */
export async function paintHeldOut(
  { engine, layout, spec, run, checkpoint }: Painting,
  heldOut: HeldOut,
  { styles, seed }: Protocol,
  folder: string,
  { progressed }: EvaluateOptions,
): Promise<void> {
  const generator = must(generatorOf(spec), 'a run without a generator was refused before it paints');
  if (needsPhoto(generator) && !heldOut.hasPhotos) throw styleNeeded(spec.name);
  const weights = await readFrozenWeights(layout, spec);
  const session = await openPainting((program) => openSession(engine, program), spec, run);
  try {
    if (styles > 1 && !drawsNumbers(session, generator)) throw alwaysTheSame(spec.name);
    await restore(session, checkpoint, weights);
    const names = heldOut.pairs.map(({ name }) => `${name}.png`);
    whileWriting(folder, () => requireNoClash(folder, names, layout.run));
    for (const old of [folder, stylesOf(folder)])
      await whileWritingAsync(old, () => rm(old, { recursive: true, force: true }));
    const total = heldOut.pairs.length;
    progressed?.('painted', 0, total);
    for (let index = 0; index < total; index++) {
      const samples = await heldOut.read(index, index + 1);
      for (let style = 0; style < styles; style++) {
        const painter = { session, generator, seed: (seed + style) % (largestSeed + 1) };
        const [painted] = await whileComputing(() => paint(painter, samples));
        const file = pictureFile(folder, must(samples[0], 'each label map was read').name, style);
        await whileWritingAsync(folder, () =>
          writePicture(file, must(painted, 'a label map was given for each picture')),
        );
      }
      progressed?.('painted', index + 1, total);
    }
  } finally {
    await session.dispose();
  }
}

/** Tells whether synthesis draws random numbers: noise, sampled codes, random ops. */
function drawsNumbers({ program }: Session, generator: NetworkSpec): boolean {
  const method = must(
    program.methods.find(({ name }) => name === synthesisMethod),
    'the session paints',
  );
  const fixed = encodedInputs(generator).filter(({ sampled }) => !sampled);
  const given = new Set([...mapInputs, realInput, ...fixed.map(({ name }) => name)]);
  return [...outerInputs(program, method).keys()].some((name) => !given.has(name));
}
