/** Answers for a painted map among what it is shown beside: its label map and, where there is one, its photo. */
import type { ClassInfo } from '../data/class-info.ts';
import type { Sample } from '../data/dataset.ts';
import { writeGrid } from '../report/picture.ts';
import { colorize, fromFloat, type Picture } from '../report/pixels.ts';
import type { PictureSize, Task } from '../report/parts.ts';

/** Holds the pictures of one map. */
export interface Row {
  readonly label: Picture;
  readonly painted: Picture;
  readonly photo: Picture | undefined;
}

/** Puts what was painted beside what it was painted from. */
export function makeRow(
  { labels, image }: Sample,
  painted: Picture,
  { width, height }: PictureSize,
  classes: readonly ClassInfo[],
): Row {
  return {
    label: colorize(labels, width, height, classes),
    painted,
    photo: image && fromFloat(image, width, height),
  };
}

/** Narrower pictures are shown at twice their size. */
const smallWidth = 200;

/** Writes rows as one picture under headings. */
export async function writeRows(path: string, rows: readonly Row[], task: Task = 'paint'): Promise<void> {
  const hasPhotos = rows.some(({ photo }) => photo !== undefined);
  const columns = ['label map', task === 'paint' ? 'painted' : 'found', ...(hasPhotos ? ['photograph'] : [])];
  const pictures = rows.map(({ label, painted, photo }) => [label, painted, ...(photo ? [photo] : [])]);
  const isSmall = (rows[0]?.painted.width ?? 0) < smallWidth;
  await writeGrid(path, pictures, { columns, scale: isSmall ? 2 : 1 });
}
