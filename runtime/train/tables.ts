/**
 * Decides which levels of a run compute in patch tables, from some of its label maps, before the program is compiled.
 */
import { isInputError, must } from '../../dsl/errors.ts';
import { resolve } from 'node:path';
import { compile } from '../../compiler/index.ts';
import { patchIndexer } from '../../compiler/patches/tables.ts';
import type { Spec } from '../../compiler/format/types.ts';
import { partsOfStep } from '../../compiler/build/step.ts';
import type { PatchFeed } from '../../compiler/patches/feed.ts';
import { chooseLevels, type LevelChoice } from '../../compiler/passes/deduplicate-patches/choose.ts';
import { evenly } from '../data/order.ts';
import type { Dataset } from '../data/dataset.ts';
import { openTrainingData } from '../run/data.ts';
import type { TrainableSpec } from '../run/settings.ts';
import { cpu } from '../../compiler/lower/targets.ts';

/** Label maps of one call. */
export interface MapBatch {
  /** Class ids, [B,H,W]. */
  readonly labels: Int32Array;
  /** [B,H,W,1]; undefined without instance maps. */
  readonly edges: Float32Array | undefined;
}

/** The number of calls whose patches are counted. */
const countedCalls = 4;

/** Counts the distinct patches of each level of a program, in each batch of maps. */
function countPatches({ plan }: PatchFeed, batches: readonly MapBatch[]): number[][] {
  const indexer = patchIndexer(plan);
  const found = batches.map(({ labels, edges }) =>
    indexer.index(labels, plan.edges ? edges : undefined).tables.map(({ count }) => count),
  );
  return plan.levels.map((_, level) =>
    found.map((counts) => must(counts[level], 'there is one table for each level')),
  );
}

/**
 * Decides, for each level of patches that methods of a spec could use, whether a table pays off for maps like
 * `batches`. Gives no levels if there is nothing to decide.
 */
export function chooseTables(
  spec: Spec,
  options: { readonly batch: number; readonly methods?: readonly ('step' | 'synthesize')[] },
  batches: readonly MapBatch[],
): readonly LevelChoice[] {
  const { patches } = compile(spec, { target: cpu, methods: ['step'], ...options, tables: () => true });
  return patches && batches.length > 0
    ? chooseLevels(patches, countPatches(patches, batches), cpu.patches)
    : [];
}

/** Decides from its training data what a run computes in tables. */
export function tablesFor(spec: TrainableSpec, training: Dataset): Promise<readonly LevelChoice[]> {
  return levelsFor(spec, training, spec.data.batch / partsOfStep(spec));
}

async function levelsFor(spec: Spec, dataset: Dataset, batch: number): Promise<readonly LevelChoice[]> {
  return chooseTables(spec, { batch }, await readSomeMaps(dataset, batch));
}

/**
 * Decides about tables from a spec's own data, or from the folder `data`. Undefined if these cannot be read: a spec can
 * be explained without its data.
 */
export async function decideTables(
  spec: Spec,
  base: string,
  options: { readonly batch: number; readonly data?: string | undefined },
): Promise<readonly LevelChoice[] | undefined> {
  if (!spec.data) return [];
  const path = options.data === undefined ? resolve(base, spec.data.path) : resolve(options.data);
  let dataset: Dataset | undefined;
  try {
    dataset = await openTrainingData({ ...spec.data, path });
    return await levelsFor(spec, dataset, options.batch);
  } catch (error) {
    if (isInputError(error)) return undefined;
    throw error;
  } finally {
    await dataset?.close();
  }
}

/** Reads the maps of some calls, spread evenly over a data set. */
async function readSomeMaps(dataset: Dataset, batch: number): Promise<readonly MapBatch[]> {
  const places = evenly(dataset.pairs.length, countedCalls * batch);
  return Promise.all(
    Array.from({ length: countedCalls }, async (_, call) => {
      const samples = await Promise.all(
        places.slice(call * batch, (call + 1) * batch).map((place) => dataset.read(place)),
      );
      const [first] = samples;
      const join = <T extends Int32Array | Float32Array>(
        make: (length: number) => T,
        of: (index: number) => T,
      ): T => {
        const size = of(0).length;
        const all = make(size * samples.length);
        samples.forEach((_sample, index) => all.set(of(index), index * size));
        return all;
      };
      return {
        labels: join(
          (length) => new Int32Array(length),
          (index) => samples[index]!.labels,
        ),
        edges:
          first?.edges &&
          join(
            (length) => new Float32Array(length),
            (index) => samples[index]!.edges!,
          ),
      };
    }),
  );
}
