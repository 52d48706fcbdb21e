/** Reads the segmenter of a run with its last checkpoint, and applies it to pictures. */
import { compile } from '../../compiler/index.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { segmenterOf } from '../../compiler/format/queries.ts';
import type { Size } from '../data/maps.ts';
import type { Engine } from '../engine/choose.ts';
import { loadLastCheckpoint } from '../run/checkpoint.ts';
import { valuesOf } from '../run/variables.ts';
import { whileComputing, withoutUnusedVariables } from '../session/computing.ts';
import { openSession } from '../session/open.ts';
import { readRunFolder } from '../run/folder.ts';
import { canSegment, segment } from '../synthesize/segment.ts';
import { readFrozenWeights, type LoadedWeights } from '../run/weights.ts';
import type { Picture } from '../report/pixels.ts';
import type { Session } from '../session/session.ts';
import { notASegmenter, otherClasses } from './messages.ts';
import { scalePicture, toUnit } from './pictures.ts';
import { digestOfNetwork } from './protocol.ts';
import type { JudgeRecord } from './record.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** The batch size of a call. */
const batch = 4;

/** A segmenter with its weights, before it is opened on an engine. */
export interface ReadSegmenter {
  readonly record: JudgeRecord;
  /** The size that pictures are scaled to. */
  readonly size: Size;
  readonly classes: number;
  readonly program: Program;
  readonly values: LoadedWeights;
}

/** Reads the segmenter of a run; `classes` are those of the maps. Throws a SpadeworkError. */
export async function readSegmenter(run: string, classes: number): Promise<ReadSegmenter> {
  const { layout, spec } = readRunFolder(run);
  const network = segmenterOf(spec);
  if (!network || !spec.data) throw notASegmenter(run);
  if (spec.data.classes !== classes) throw otherClasses(run, spec.data.classes, classes);
  const program = withoutUnusedVariables(compile(spec, { target: cpu, batch, methods: ['segment'] }));
  if (!canSegment({ program })) throw notASegmenter(run);
  const checkpoint = await loadLastCheckpoint(layout.checkpoints, run);
  const values = valuesOf(program.variables, checkpoint, await readFrozenWeights(layout, spec));
  const record = { name: spec.name, sha256: digestOfNetwork(network, values) };
  return { record, size: spec.data.size, classes, program, values };
}

/** A segmenter on an engine. */
export class Segmenter {
  private constructor(
    private readonly read: ReadSegmenter,
    private readonly session: Session,
  ) {}

  static async open(read: ReadSegmenter, engine: Engine): Promise<Segmenter> {
    const session = await openSession(engine, read.program);
    await session.setVariables(read.values);
    return new Segmenter(read, session);
  }

  /** Classifies every pixel of pictures, at the segmenter's size. */
  async find(pictures: readonly Picture[]): Promise<Int32Array[]> {
    const scaled = await Promise.all(pictures.map((picture) => scalePicture(picture, this.read.size)));
    return whileComputing(() => segment(this.session, scaled.map(toUnit)));
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }
}
