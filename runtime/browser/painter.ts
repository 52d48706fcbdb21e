/** Paints label maps in a page with what a run has learned: the same pictures as `spadework synth`, up to the backend's rounding. */
import { generatorOf } from '../../compiler/format/queries.ts';
import type { DataSpec, Spec } from '../../compiler/format/types.ts';
import type { TensorFlow } from '../../compiler/ir/emitter.ts';
import { must } from '../../dsl/errors.ts';
import { denseIds, edgesOf } from '../data/maps.ts';
import { convert, open } from '../model/arrays.ts';
import { CHANNELS, type Picture } from '../report/pixels.ts';
import { nothingPaints, nothingToTrain } from '../run/messages.ts';
import { whileComputing } from '../session/computing.ts';
import { paint, type Styled } from '../synthesize/paint.ts';
import { openPainting } from '../synthesize/painting.ts';
import { openSession } from './model.ts';
import { readVariables, type Bytes } from './variables.ts';

/** What a run says of how it paints: fields of its `run.json`, and its variables. */
export interface PainterOptions {
  /** Bytes of a checkpoint's `variables.safetensors`. */
  readonly variables: Bytes;
  /** What noise is drawn from. */
  readonly seed: number;
  /** The levels of patches that the run computes in tables; absent where there are none. */
  readonly tables?: readonly string[];
}

/** A label map of the data's size. */
export interface MapToPaint {
  /** Class ids, [H,W]. */
  readonly labels: Int32Array;
  /** Ids of instances, [H,W], where the spec's data has them. */
  readonly instances?: Int32Array;
  /** The photo in whose style to paint, RGB in [-1,1], [H,W,3]. */
  readonly style?: Float32Array;
  /** What noise is drawn from beside the seed: `synth` takes the name of a map's file, without its ending. Default: none. */
  readonly name?: string;
}

/** Paints one map after another. */
export interface Painter {
  /** What the spec says of its data: size, classes, values of label maps. */
  readonly data: DataSpec;
  /** Paints a map. Rejects with a SpadeworkError where it does not fit. */
  paint(map: MapToPaint): Promise<Picture>;
  /** Frees everything when all paintings are done. */
  dispose(): Promise<void>;
}

/** Opens a painter of a run's spec, which was checked. Rejects with a SpadeworkError where it paints nothing, or bytes do not fit. */
export async function openPainter(
  tf: TensorFlow,
  spec: Spec,
  { variables, seed, tables }: PainterOptions,
): Promise<Painter> {
  const { data } = spec;
  const generator = generatorOf(spec);
  if (!data) throw nothingToTrain(spec.name);
  if (!generator) throw nothingPaints(spec.name);
  const session = await openPainting((program) => Promise.resolve(openSession(tf, program)), spec, {
    ...(tables && { tables }),
  });
  await session.setVariables(readVariables(variables, session.program.variables));
  return {
    data,
    paint: async (map) => {
      const pictures = await whileComputing(() => paint({ session, generator, seed }, [sampleOf(map, data)]));
      return must(pictures[0], 'a picture is painted for each map');
    },
    dispose: () => session.dispose(),
  };
}

/** Checks what a page gives. Throws a SpadeworkError where a size is another one, or an id is no class. */
function sampleOf({ labels, instances, style, name = '' }: MapToPaint, { size, classes }: DataSpec): Styled {
  const shape = [1, size.height, size.width];
  const idsOf = (input: string, ids: Int32Array, most?: number): Int32Array =>
    convert(input, open(input, ids), { type: { dtype: 'i32', shape }, classes: most }, 'NHWC') as Int32Array;
  const ids = instances && idsOf('instances', instances);
  const photo = { type: { dtype: 'f32', shape: [...shape, CHANNELS] }, isPhoto: true } as const;
  return {
    name,
    labels: idsOf('labels', labels, classes),
    instances: ids && denseIds(Int32Array.from(ids)),
    edges: ids && Float32Array.from(edgesOf(ids, size)),
    image: undefined,
    style: style && (convert('style', open('style', style), photo, 'NHWC') as Float32Array),
  };
}
