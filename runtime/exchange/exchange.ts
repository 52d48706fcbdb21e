/** Imports weights of other programs into new or existing runs, and exports a run's weights. */
import { type SpadeworkError, must } from '../../dsl/errors.ts';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { variableName } from '../../compiler/build/instantiate.ts';
import { countParameters, frozenNetworks } from '../../compiler/format/queries.ts';
import { specFormat, type DataSpec, type NetworkSpec, type Spec } from '../../compiler/format/types.ts';
import { variablesOf } from '../../compiler/build/step.ts';
import { averageCompanion, companionName, weightOfCompanion } from '../../compiler/ir/variables.ts';
import type { Source } from '../../dsl/source.ts';
import { suggest } from '../../dsl/suggest.ts';
import { writeRunPage } from '../run/page.ts';
import { initialValues } from '../session/session.ts';
import { compareWeights, fits, matchWeights, type Match, type MatchReport } from '../weights/match.ts';
import { doesNotFit, nothingFits, oneOfCopies } from '../weights/messages.ts';
import { findFitting } from '../weights/fitting.ts';
import { loadMapping } from '../weights/load-mapping.ts';
import { openWeights } from '../weights/file.ts';
import { renderReport } from '../weights/report.ts';
import { writeOfficial } from '../weights/write-official.ts';
import { loadLastCheckpoint, saveCheckpoint } from '../run/checkpoint.ts';
import { valuesOf } from '../run/variables.ts';
import { classesOf } from '../run/data.ts';
import { checkRunPlace, makeRunFolder, readRunFolder, writeRecord, type RunLayout } from '../run/folder.ts';
import { whileWritingAsync } from '../base/files.ts';
import { whileLocked } from '../run/lock.ts';
import { noAverages, noData, noSuchNetwork, paintsOnly } from '../run/messages.ts';
import { defaultSeed } from '../run/seed.ts';
import { absolutePaths } from '../run/settings.ts';
import { beginRun } from '../train/train.ts';
import { requireOwnExport } from '../run/outputs.ts';
import { keepFrozenWeights, loadWeights, readFrozenWeights, type LoadedWeights } from '../run/weights.ts';
import { makeFolder } from '../base/make-folder.ts';

/** A file of weights, and how to read it. */
interface Imported {
  /** A safetensors or PyTorch file. */
  readonly file: string;
  /** The network that gets the weights. */
  readonly network: string;
  /** One of `specs/mappings`, or the path of a JSON file; by default the names in the file are ours. */
  readonly mapping?: string | undefined;
  /** The part of the file to read; by default it is found by the names. */
  readonly inside?: string | undefined;
  /** Imports the tensors that fit, even if some do not. */
  readonly partial?: boolean | undefined;
  readonly log?: (line: string) => void;
  /** Receives warnings, such as that one of several copies was used; the report in `log` contains them, too. */
  readonly warn?: (line: string) => void;
}

/** The target of the weights: an existing run, or a new run of a spec. */
export type ImportOptions = Imported &
  (
    | { readonly run: string }
    | {
        readonly spec: Spec;
        /** The texts of the spec, the main one first. */
        readonly sources: readonly Source[];
        /** The run's folder; by default a new one below `runs/`. */
        readonly out?: string | undefined;
        readonly overwrite?: boolean | undefined;
        /** The command line, stored in the run. */
        readonly command: string;
      }
  );

export interface ImportResult {
  readonly folder: string;
  /** The step of the checkpoint with the weights. */
  readonly step: number;
  readonly report: MatchReport;
}

/**
 * Imports weights of another program into a network. A new run starts with them at step 0; in an existing run they
 * replace those of the last checkpoint, and the optimizer's slots are reset. Throws a SpadeworkError if they do not
 * fit, before anything is written, or if a run cannot be read or written.
 */
export async function importWeights(options: ImportOptions): Promise<ImportResult> {
  return 'run' in options ? importIntoRun(options) : importAsRun(options);
}

async function importIntoRun(options: Imported & { readonly run: string }): Promise<ImportResult> {
  const { layout, spec } = readRunFolder(options.run);
  const network = findNetwork(spec, options.network);
  const match = await matchFile(spec, network, options);
  return whileLocked(layout.folder, async () => {
    const checkpoint = await loadLastCheckpoint(layout.checkpoints, options.run);
    const frozen = await readFrozenWeights(layout, spec);
    const before = valuesOf(variablesOf(spec), checkpoint, frozen);
    const { format: _format, sha256: _sha256, ...state } = checkpoint.state;
    await save(layout, spec, withImported(spec, network, before, match), state);
    return { folder: layout.folder, step: state.step, report: match.report };
  });
}

async function importAsRun(
  options: Imported & Exclude<ImportOptions, { readonly run: string }>,
): Promise<ImportResult> {
  const file = options.sources[0]?.name ?? '.';
  const { data } = options.spec;
  if (!data) throw noData(options.spec.name);
  checkRunPlace(options);
  const network = findNetwork(options.spec, options.network);
  const match = await matchFile(options.spec, network, options);
  const { spec, weights } = await withLoadedWeights(absolutePaths(options.spec, dirname(file)), options);
  const seed = spec.train?.seed ?? defaultSeed;
  const before = initialValues(variablesOf(spec), seed, weights);
  const layout = makeRunFolder(spec.name, options);
  return whileLocked(layout.folder, async () => {
    await beginRun(layout, spec, options);
    const state = { specFormat, step: 0, epoch: 0, seconds: 0, seed, engine: noEngine };
    await save(layout, spec, withImported(spec, network, before, match), state);
    await describeRun(layout, spec, must(spec.data, 'the spec has data'), {
      file,
      seed,
      command: options.command,
    });
    return { folder: layout.folder, step: 0, report: match.report };
  });
}

/** The engine's name in the record of a run before any training. */
const noEngine = 'none';

/** Writes the record and the page of a run that starts from imported weights. */
async function describeRun(
  layout: RunLayout,
  spec: Spec,
  data: DataSpec,
  facts: { readonly file: string; readonly seed: number; readonly command: string },
): Promise<void> {
  const frozen = [...frozenNetworks(spec)];
  await whileWritingAsync(layout.folder, async () => {
    await writeRecord(layout, {
      ...facts,
      name: spec.name,
      experiment: spec.name,
      created: new Date().toISOString(),
      status: 'stopped',
      engine: { kind: noEngine, library: noEngine },
      steps: 0,
      stepsPlanned: spec.train?.steps ?? 0,
      secondsPerStep: 0,
      parameters: countParameters(spec),
      ...(frozen.length > 0 && { frozen }),
      data: { pairs: 0, size: data.size, classes: classesOf(data) },
    });
    await writeRunPage(layout.folder);
  });
}

function findNetwork(spec: Spec, name: string): NetworkSpec {
  const names = spec.networks.map((network) => network.name);
  const found = spec.networks.find((network) => network.name === name);
  if (!found) throw noSuchNetwork(name, names, suggest(name, names));
  return found;
}

async function matchFile(spec: Spec, network: NetworkSpec, options: Imported): Promise<Match> {
  const mapping = options.mapping === undefined ? undefined : loadMapping(options.mapping);
  const file = await openWeights(options.file);
  const report = compareWeights(network.variables, file, mapping, options.inside);
  const lines = renderReport(report);
  const refuse = (message: typeof doesNotFit): SpadeworkError =>
    message(lines, options, findFitting(spec.networks, file, options));
  if (report.matched.length === 0) throw refuse(nothingFits);
  if (!options.partial && !fits(report)) throw refuse(doesNotFit);
  for (const line of lines) options.log?.(line);
  if (report.copies.length > 0)
    options.warn?.(oneOfCopies(options.file, network.name, report.inside, report.copies));
  return matchWeights(network.variables, file, mapping, options.inside);
}

/**
 * Reads the weights that the spec loads into other networks. If such a file is missing, the spec is reduced to the
 * generator: users of an official generator need not have the networks of its losses.
 */
async function withLoadedWeights(
  spec: Spec,
  { network, log }: Imported,
): Promise<{ readonly spec: Spec; readonly weights: LoadedWeights }> {
  const others = spec.networks.filter(({ name }) => name !== network);
  const isThere = ({ weights }: NetworkSpec): boolean => !weights || existsSync(weights.path);
  const weights = await loadWeights({ ...spec, networks: others.filter(isThere) });
  const missing = others.filter((other) => !isThere(other)).map(({ name }) => name);
  if (missing.length === 0) return { spec, weights };
  log?.(paintsOnly(missing));
  const { train: _train, ...rest } = spec;
  const networks = spec.networks.filter(({ name }) => !missing.includes(name));
  return { spec: { ...rest, networks, objectives: [] }, weights };
}

/** Gives all variables with the imported ones: averages restart from them, and their optimizer slots are reset. */
function withImported(
  spec: Spec,
  network: NetworkSpec,
  before: ReadonlyMap<string, Float32Array>,
  { values }: Match,
): Map<string, Float32Array> {
  const imported = new Map([...values].map(([name, array]) => [variableName(network.name, name), array]));
  const after = new Map([...before, ...imported]);
  for (const { name, role } of variablesOf(spec)) {
    const weight = role === 'slot' || role === 'average' ? imported.get(weightOfCompanion(name)) : undefined;
    if (weight) after.set(name, role === 'average' ? weight : new Float32Array(weight.length));
  }
  return after;
}

async function save(
  layout: RunLayout,
  spec: Spec,
  values: ReadonlyMap<string, Float32Array>,
  state: Parameters<typeof saveCheckpoint>[3],
): Promise<void> {
  const readVariables = (names: readonly string[] = [...values.keys()]): Promise<Map<string, Float32Array>> =>
    Promise.resolve(new Map(names.map((name) => [name, must(values.get(name), `${name} has a value`)])));
  const variables = { program: { variables: variablesOf(spec) }, readVariables };
  await whileWritingAsync(layout.folder, async () => {
    await keepFrozenWeights(layout, spec, values);
    await saveCheckpoint(layout.checkpoints, variables, frozenNetworks(spec), state);
  });
}

export interface ExportOptions {
  readonly run: string;
  readonly network: string;
  /** One of `specs/mappings`, or the path of a JSON file; by default names are ours, with PyTorch's axis order. */
  readonly mapping?: string | undefined;
  /** Exports the moving averages instead of the weights. */
  readonly average?: boolean | undefined;
  /** The safetensors file to write. */
  readonly out: string;
  readonly log?: (line: string) => void;
}

/**
 * Writes a network of a run's last checkpoint as a safetensors file, with the names and axis orders of another
 * program; gives the number of tensors. Throws a SpadeworkError.
 */
export async function exportWeights(options: ExportOptions): Promise<number> {
  const { layout, spec } = readRunFolder(options.run);
  requireOwnExport(options.out);
  const network = findNetwork(spec, options.network);
  const mapping = options.mapping === undefined ? undefined : loadMapping(options.mapping);
  const checkpoint = await loadLastCheckpoint(layout.checkpoints, options.run);
  const all = valuesOf(variablesOf(spec), checkpoint, await readFrozenWeights(layout, spec));
  const averageOf = (name: string): Float32Array | undefined =>
    options.average ? all.get(companionName(variableName(network.name, name), averageCompanion)) : undefined;
  if (options.average && !network.variables.some(({ name }) => averageOf(name)))
    throw noAverages(options.run, network.name);
  const values = new Map(
    network.variables.map(({ name }) => [
      name,
      averageOf(name) ?? must(all.get(variableName(network.name, name)), `${name} has a value`),
    ]),
  );
  await whileWritingAsync(options.out, async () => {
    makeFolder(dirname(options.out));
    const temporary = `${options.out}.${process.pid}.tmp`;
    try {
      await writeOfficial(network.variables, values, mapping, temporary);
      await rename(temporary, options.out);
    } finally {
      await rm(temporary, { force: true });
    }
  });
  return values.size;
}
