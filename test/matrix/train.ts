/**
 * Trains a cell for ten steps on pictures of CamVid from the loader, and requires that all losses and variables are
 * finite, and that every trained network changed. CamVid has no instances; connected areas of a class replace them.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { decodeIds } from '../../runtime/data/decode.ts';
import type { IdMap } from '../../runtime/data/maps.ts';
import { openDataset, type Batch } from '../../runtime/data/dataset.ts';
import { readClasses } from '../../runtime/data/classes.ts';
import { openText, type EngineChoice, type Feeds, type Tensors } from '../../runtime/index.ts';
import { batch, library, nameOf, side, textOf, type Cell } from './cells.ts';

export const steps = 10;
const camvid = fileURLToPath(new URL('../../examples/data/camvid-mini', import.meta.url));

/** Numbers the connected areas of a map's classes, from 0 in reading order. */
export function connectedAreas({ ids, width, height }: IdMap): Uint16Array {
  const areas = new Uint16Array(ids.length);
  const isNumbered = new Uint8Array(ids.length);
  let count = 0;
  ids.forEach((id, start) => {
    if (isNumbered[start]) return;
    const border = [start];
    isNumbered[start] = 1;
    for (let at = border.pop(); at !== undefined; at = border.pop()) {
      areas[at] = count;
      const x = at % width;
      const near = [
        ...(x > 0 ? [at - 1] : []),
        ...(x < width - 1 ? [at + 1] : []),
        ...(at >= width ? [at - width] : []),
        ...(at < width * (height - 1) ? [at + width] : []),
      ];
      for (const next of near)
        if (!isNumbered[next] && ids[next] === id) {
          isNumbered[next] = 1;
          border.push(next);
        }
    }
    count += 1;
  });
  return areas;
}

async function writeInstances(labels: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(labels)) {
    const map = await decodeIds(readFileSync(join(labels, name)));
    if (!('ids' in map)) throw new Error(`${name} holds colors`);
    const { width, height } = map;
    await sharp(connectedAreas(map), { raw: { width, height, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toFile(join(folder, name));
  }
}

/** Reads the batches of ten steps, flipped and shuffled as in training. */
export async function readBatches(): Promise<readonly Batch[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spadework-matrix-'));
  try {
    const labels = join(camvid, 'train/labels');
    await writeInstances(labels, folder);
    const data = await openDataset({
      folders: { images: join(camvid, 'train/images'), labels, instances: folder },
      classes: readClasses(join(camvid, 'classes.json')),
      size: { width: side, height: side },
    });
    try {
      const loader = data.loader({ batch, seed: 0, augment: { flip: true } });
      const batches: Batch[] = [];
      while (batches.length < steps) batches.push(await loader.next());
      await loader.close();
      return batches;
    } finally {
      await data.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Trains a cell for ten steps; throws if a value is not finite, or a network did not change. */
export async function trainCell(cell: Cell, batches: readonly Batch[], engine: EngineChoice): Promise<void> {
  // No weight file is read: a perceptual loss with random features tests the same gradients.
  const model = await openText(textOf(cell), {
    name: `${nameOf(cell)}.spade`,
    engine,
    weights: false,
    provider: library,
  });
  try {
    const taken = new Set(model.inputs('step', { batch }).map(({ name }) => name));
    const first = await model.read();
    for (const [step, { labels, edges, instances, images }] of batches.entries()) {
      const known: Record<string, Float32Array | Int32Array | undefined> = {
        labels,
        'labels.edges': edges,
        'labels.instances': instances,
        real: images,
      };
      const feeds = Object.fromEntries(
        Object.entries(known).filter(([name, values]) => taken.has(name) && values !== undefined),
      ) as Feeds;
      expectNumbers((await model.step(feeds, { batch })).outputs, `step ${step + 1}`);
    }
    const last = await model.read();
    expectNumbers(last, 'after training');
    for (const { name } of model.networks.filter(({ definition }) => definition !== 'Vgg19'))
      expectMoved(name, first, last);
  } finally {
    await model.dispose();
  }
}

function expectNumbers(tensors: Tensors, when: string): void {
  for (const [name, { values }] of Object.entries(tensors)) {
    const wrong = values.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) throw new Error(`${when}, ${name} is ${wrong}`);
  }
}

/** Requires that most variables changed; those with weight 0 or behind a constant may not. */
function expectMoved(network: string, first: Tensors, last: Tensors): void {
  const own = Object.keys(first).filter((name) => name.startsWith(`${network}.`));
  const still = own.filter((name) =>
    first[name]?.values.every((value, i) => value === last[name]?.values[i]),
  );
  if (still.length > own.length / 2) throw new Error(`of ${network}, these stayed: ${still.join(', ')}`);
}
