/** Makes preview grids: each row shows a painted picture, its label map and, if there is one, its photo. */
import type { ClassInfo } from '../data/class-info.ts';
import type { Sample } from '../data/dataset.ts';
import { writeGrid } from '../report/picture.ts';
import { colorize, fromFloat, type Picture } from '../report/pixels.ts';
import type { PictureSize, Task } from '../report/parts.ts';

/** The pictures of one map. */
export interface Row {
  readonly label: Picture;
  readonly painted: Picture;
  readonly photo: Picture | undefined;
}

/** Makes a row from a painted picture and its sample. */
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

/** Pictures narrower than this are shown at twice their size. */
const smallWidth = 200;

/** Writes rows as one picture with headings. */
export async function writeRows(path: string, rows: readonly Row[], task: Task = 'paint'): Promise<void> {
  const hasPhotos = rows.some(({ photo }) => photo !== undefined);
  const columns = ['label map', task === 'paint' ? 'painted' : 'found', ...(hasPhotos ? ['photograph'] : [])];
  const pictures = rows.map(({ label, painted, photo }) => [label, painted, ...(photo ? [photo] : [])]);
  const isSmall = (rows[0]?.painted.width ?? 0) < smallWidth;
  await writeGrid(path, pictures, { columns, scale: isSmall ? 2 : 1 });
}
