/** Surveys one sample without keeping it: its sizes, classes, digests and findings. */
import { nearestGrid, planPatches, squareWindow } from '../../compiler/patches/plan.ts';
import { patchIndexer, type PatchIndexer } from '../../compiler/patches/tables.ts';
import { bitsOf } from './decode.ts';
import { resizeNearest, type IdMap, type Size } from './maps.ts';
import { readRegular } from './files.ts';
import type { Findings } from './findings.ts';
import type { Pair } from './pair.ts';
import { digestOf } from './repeats.ts';
import type { SampleReader } from './sample.ts';

/** The survey of one sample; parts that could not be read are missing. */
export interface SampleSurvey {
  /** Its faults and notes. */
  readonly findings: Findings;
  /** Sizes as stored. */
  readonly label?: Size;
  readonly photo?: Size;
  /** Pixels of each class that occurs. */
  readonly pixels?: readonly (readonly [id: number, pixels: number])[];
  readonly instances?: { readonly bits: number; readonly count: number };
  /** Digests of the files' bytes. */
  readonly labelDigest?: string;
  readonly photoDigest?: string;
  /** Shares of distinct patches among all, by the windows of `patchWindows`, at the size that networks see. */
  readonly patches?: readonly number[];
}

/**
 * Side lengths of the windows whose distinct patches are counted: the receptive fields of one, two and four 3 x 3
 * convolutions.
 */
export const patchWindows = [3, 5, 9] as const;

/** Makes the function that surveys samples: training keeps them at the size `stored`, networks see them at `size`. */
export function sampleSurveyor(
  reader: SampleReader,
  size: Size,
  stored: Size,
): (pair: Pair) => Promise<SampleSurvey> {
  const indexer = patchIndexer(planOf(size));
  return async (pair) => {
    // A file's bytes are used for decoding, digests and bit depths: each file is read once.
    const contents = new Map<string, Buffer>();
    const read = async (file: string): Promise<Buffer> => {
      const content = contents.get(file) ?? (await readRegular(file));
      contents.set(file, content);
      return content;
    };
    const { findings, label, labelSize, instances, photoSize } = await reader.examine(pair, stored, read);
    const contentOf = (file: string | undefined): Buffer | undefined =>
      file === undefined ? undefined : contents.get(file);
    const [labelDigest, photoDigest] = [pair.label, pair.image].map((file) => {
      const content = contentOf(file);
      return content && digestOf(content);
    });
    const instanceFile = contentOf(pair.instances);
    return {
      findings,
      ...(labelSize && { label: labelSize }),
      ...(photoSize && { photo: photoSize }),
      ...(label && { pixels: countIds(label), patches: sharesOf(indexer, label, size) }),
      ...(instances &&
        instanceFile && {
          instances: { bits: bitsOf(instanceFile), count: new Set(instances.ids).size },
        }),
      ...(labelDigest !== undefined && { labelDigest }),
      ...(photoDigest !== undefined && { photoDigest }),
    };
  };
}

function planOf({ width, height }: Size): ReturnType<typeof planPatches>['plan'] {
  const grid = nearestGrid({ width, height }, { width, height });
  const chains = patchWindows.map((side) => ({ grid, windows: [squareWindow(side)] }));
  return planPatches({ width, height, edges: false }, chains).plan;
}

function sharesOf(indexer: PatchIndexer, label: IdMap, size: Size): number[] {
  const { tables } = indexer.index(resizeNearest(label, size));
  return tables.map(({ count }) => count / (size.width * size.height));
}

function countIds({ ids }: IdMap): [number, number][] {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
}
