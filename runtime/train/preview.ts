/** Makes the previews of a run: painted label maps or, if nothing paints, segmented photographs. */
import { must } from '../../dsl/errors.ts';
import { generatorOf } from '../../compiler/format/queries.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { numberedClasses } from '../data/classes.ts';
import type { ClassInfo } from '../data/class-info.ts';
import type { Sample } from '../data/dataset.ts';
import { colorize, type Picture } from '../report/pixels.ts';
import type { Task } from '../report/parts.ts';
import type { Session } from '../session/session.ts';
import { paint } from '../synthesize/paint.ts';
import { canSegment, segment } from '../synthesize/segment.ts';

export interface Shown {
  readonly task: Task;
  /** Makes a picture for each sample. */
  readonly show: (samples: readonly Sample[]) => Promise<Picture[]>;
}

/** Finds the previews that a session can make; undefined if its spec neither paints nor segments. */
export function shownBy(
  spec: Spec,
  session: Session,
  { seed, classes }: { readonly seed: number; readonly classes: readonly ClassInfo[] },
): Shown | undefined {
  const generator = generatorOf(spec);
  if (generator) return { task: 'paint', show: (samples) => paint({ session, generator, seed }, samples) };
  const { data } = spec;
  if (!data || !canSegment(session)) return undefined;
  const { width, height } = data.size;
  // A class list may be incomplete, but the network may still predict missing classes.
  const colored = [...numberedClasses(data.classes), ...classes];
  return {
    task: 'segment',
    async show(samples) {
      const photos = samples.map(({ image }) => must(image, 'the data of a training has photographs'));
      const found = await segment(session, photos);
      return found.map((ids) => colorize(ids, width, height, colored));
    },
  };
}
