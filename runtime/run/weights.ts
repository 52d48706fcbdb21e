/**
 * Loads the weights that a run starts from, from the files named by its spec, and copies those of frozen networks to
 * the run's folder, so that the run no longer needs the files.
 */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { must } from '../../dsl/errors.ts';
import { variableName } from '../../compiler/build/instantiate.ts';
import { frozenNetworks } from '../../compiler/format/queries.ts';
import type { NetworkSpec, Spec } from '../../compiler/format/types.ts';
import { compareWeights, fits, matchWeights } from '../weights/match.ts';
import { findFitting } from '../weights/fitting.ts';
import { loadMapping } from '../weights/load-mapping.ts';
import { oneOfCopies } from '../weights/messages.ts';
import { openWeights } from '../weights/file.ts';
import { renderReport } from '../weights/report.ts';
import { writeOfficial } from '../weights/write-official.ts';
import { digestsFile, writeDigests } from '../weights/digests.ts';
import type { RunLayout } from './folder.ts';
import { weightsDoNotFit } from './messages.ts';
import { makeFolder } from '../base/make-folder.ts';

/** Values of variables by full name. */
export type LoadedWeights = ReadonlyMap<string, Float32Array>;

/**
 * Reads the weights of all networks that name a file, by a path that is absolute or relative to the working folder.
 * Throws a SpadeworkError for a file that cannot be read, and for a variable without a tensor of its shape. `log`
 * receives a note if one of several copies is read.
 */
export async function loadWeights({ networks }: Spec, log?: (line: string) => void): Promise<LoadedWeights> {
  const parts: LoadedWeights[] = [];
  for (const network of networks)
    if (network.weights)
      parts.push(await readNetwork(network, network.weights.path, network.weights.mapping, log));
  return joined(parts);
}

/**
 * Writes the weights of frozen networks to a run's folder, by our names, with their digests; `load` reads such files,
 * too.
 */
export async function keepFrozenWeights(layout: RunLayout, spec: Spec, loaded: LoadedWeights): Promise<void> {
  const frozen = frozenIn(spec);
  if (frozen.length === 0) return;
  makeFolder(layout.weights);
  // The old list is deleted first, as it does not match the replaced files.
  await rm(join(layout.weights, digestsFile), { force: true });
  const digests = new Map<string, string>();
  for (const network of frozen) {
    const values = network.variables.map(({ name }) => {
      const full = variableName(network.name, name);
      return [name, must(loaded.get(full), `${full} was loaded`)] as const;
    });
    const file = fileOf(layout, network);
    digests.set(basename(file), await writeOfficial(network.variables, new Map(values), undefined, file));
  }
  await writeDigests(layout.weights, digests);
}

/** Reads the weights of frozen networks from a run's folder. Throws like `loadWeights`. */
export async function readFrozenWeights(layout: RunLayout, spec: Spec): Promise<LoadedWeights> {
  const parts: LoadedWeights[] = [];
  for (const network of frozenIn(spec)) parts.push(await readNetwork(network, fileOf(layout, network)));
  return joined(parts);
}

async function readNetwork(
  { name, variables }: NetworkSpec,
  path: string,
  mapping?: string,
  log?: (line: string) => void,
): Promise<LoadedWeights> {
  const naming = mapping === undefined ? undefined : loadMapping(mapping);
  const file = await openWeights(path);
  const report = compareWeights(variables, file, naming);
  // A file may have more layers than the network, such as those above the last compared one.
  if (!fits(report, true)) {
    const instead = findFitting([{ name, variables }], file, { network: name, mapping }, true);
    throw weightsDoNotFit(name, path, renderReport(report), instead);
  }
  if (report.copies.length > 0) log?.(oneOfCopies(path, name, report.inside, report.copies));
  const { values } = matchWeights(variables, file, naming);
  return new Map([...values].map(([variable, array]) => [variableName(name, variable), array]));
}

function joined(parts: readonly LoadedWeights[]): LoadedWeights {
  return new Map(parts.flatMap((part) => [...part]));
}

function frozenIn(spec: Spec): NetworkSpec[] {
  const frozen = frozenNetworks(spec);
  return spec.networks.filter(({ name }) => frozen.has(name));
}

function fileOf({ weights }: RunLayout, { name }: NetworkSpec): string {
  return join(weights, `${name}.safetensors`);
}
