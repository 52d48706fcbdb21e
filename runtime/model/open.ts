/** Opens models from a text, a spec's file, or a run's folder. */
import { dirname } from 'node:path';
import { check as compilerCheck, type CheckResult, type GivenInput } from '../../compiler/index.ts';
import { variablesOf } from '../../compiler/build/step.ts';
import { unnamedSpec } from '../../compiler/format/limits.ts';
import { problemOf, SpadeworkError } from '../../dsl/errors.ts';
import type { Source } from '../../dsl/source.ts';
import { chooseEngine, type Engine } from '../engine/choose.ts';
import { fileProvider, readSource } from '../specs/read.ts';
import { checkJsonFile, isJson } from '../run/spec-files.ts';
import { loadCheckpoint, loadLastCheckpoint } from '../run/checkpoint.ts';
import { valuesOf } from '../run/variables.ts';
import { readRunFolder } from '../run/folder.ts';
import { defaultSeed } from '../run/seed.ts';
import { absolutePaths } from '../run/settings.ts';
import { openSession } from '../session/open.ts';
import { loadMapping } from '../weights/load-mapping.ts';
import { loadWeights, readFrozenWeights } from '../run/weights.ts';
import { pathArgument, runArgument, textArgument } from './checks.ts';
import { checkedProvider } from './declarations.ts';
import {
  inCall,
  inLongCall,
  noCheckpointOf,
  unreadableSpec,
  undeclaredInput,
  uselessOption,
} from './messages.ts';
import type { Host } from './host.ts';
import { OpenModel } from './model.ts';
import { checkOptions, openOptions, readOptions, runOptions, textOptions } from './options.ts';
import type {
  InputDeclaration,
  Model,
  OpenOptions,
  CheckedSpec,
  CheckOptions,
  RunOptions,
  SpecSource,
  SpecText,
  TextOptions,
} from './types.ts';

const silent = (): void => undefined;

/**
 * Opens a spec's file: a `.spade` text, or a spec as JSON. Throws a SpadeworkError if it cannot be read or has
 * mistakes, and if the requested engine is not available.
 */
export function openSpec(file: string, options: OpenOptions = {}): Promise<Model> {
  return inLongCall('openSpec', async () => {
    const read = readOptions(options, openOptions);
    const source = readSpec(pathArgument('file', file, specPath));
    return openChecked(checkNamed(source, read), file, read);
  });
}

/** Options that choose parts of a text. */
const textOnly = ['experiment', 'network', 'inputs', 'settings', 'set'] as const;

/** Opens a text; `provider` reads its imports. Throws as `openSpec` does. */
export function openText(text: string, options: TextOptions = {}): Promise<Model> {
  return inLongCall('openText', async () => {
    const read = readOptions(options, textOptions);
    const source = {
      name: read.name ?? unnamedSpec,
      text: textArgument('text', text, 'a text of the language'),
    };
    return openChecked(checkText(source, read), source.name, read);
  });
}

/**
 * Checks a spec, given by its file or as a text, and gives it as JSON, with all problems found. Throws a SpadeworkError
 * if the file cannot be read; mistakes in it are not thrown.
 */
export function check(source: SpecSource, options: CheckOptions = {}): CheckedSpec {
  return inCall('check', () => {
    const read = readOptions<CheckOptions>(options, checkOptions);
    const { spec, sources, diagnostics } = checkSource(source, read);
    return { spec, sources, problems: diagnostics.map(problemOf) };
  });
}

/** Checks a spec given by its file or as a text. */
export function checkSource(given: SpecSource, options: CheckOptions): CheckResult {
  if (typeof given === 'string')
    return checkNamed(readSpec(pathArgument('source', given, specPath)), options);
  const { text, name = unnamedSpec } = Object(given) as Partial<SpecText>;
  return checkText({ name, text: textArgument('text', text, 'a text of the language') }, options);
}

/** Checks a file's content, by the kind that its name tells. */
function checkNamed(source: Source, options: CheckOptions): CheckResult {
  if (!isJson(source.name)) return checkText(source, options);
  for (const name of textOnly)
    if (options[name] !== undefined)
      throw uselessOption(name, 'a spec as JSON, in which all is chosen', 'open the text, or leave it out');
  return checkJsonFile(source);
}

/**
 * Opens a run: its spec, with the variables of its last checkpoint or of the requested step. Throws a SpadeworkError if
 * the folder holds no run, no complete checkpoint, or none of that step.
 */
export function openRun(folder: string, options: RunOptions = {}): Promise<Model> {
  return inLongCall('openRun', () => {
    const read = readOptions(options, runOptions);
    return openFolder(runArgument('folder', folder), read);
  });
}

async function openFolder(folder: string, options: RunOptions): Promise<Model> {
  const { layout, spec, record } = readRunFolder(folder);
  const log = options.log ?? silent;
  const { checkpoint: step } = options;
  const checkpoint =
    step === undefined
      ? await loadLastCheckpoint(layout.checkpoints, folder)
      : await loadCheckpoint(layout.checkpoints, folder, step);
  if (!checkpoint) throw noCheckpointOf(folder, step ?? 0);
  const engine = await chooseEngine(options.engine ?? 'auto', log);
  const model = new OpenModel(spec, [], hostOf(engine), options.seed ?? record.seed, checkpoint.state.step);
  model.take(valuesOf(variablesOf(spec), checkpoint, await readFrozenWeights(layout, spec)));
  return model;
}

const hostOf = (engine: Engine): Host => ({
  engine: engine.kind,
  openSession: (program) => openSession(engine, program),
  mapping: loadMapping,
});

const specPath = 'the path of a .spade text or a spec as JSON';

function readSpec(file: string): Source {
  const found = readSource(file);
  if ('text' in found) return found;
  throw unreadableSpec(file, found.why);
}

function checkText(source: Source, options: CheckOptions): CheckResult {
  const { experiment, network, inputs, settings, set, provider } = options;
  if (experiment !== undefined && network !== undefined)
    throw uselessOption('experiment', 'one of experiment and network', 'leave one of them out');
  const result = compilerCheck(source, provider ? checkedProvider(provider) : fileProvider(), {
    name: network ?? experiment,
    sets: set,
    inputs: inputs && copyOf(inputs, withEdges),
    settings: settings && copyOf(settings, (one) => one),
  });
  for (const name of ['inputs', 'settings'] as const)
    if (options[name] !== undefined && result.spec && !isLone(result.spec))
      throw uselessOption(
        name,
        'an experiment, whose networks get both from its text',
        'leave it out, or open a network by itself with the option network',
      );
  return result;
}

/**
 * Copies a record into an object without a prototype, so that only given names have values, not `constructor` and the
 * like.
 */
function copyOf<Value, Copy>(
  given: Readonly<Record<string, Value>>,
  copy: (value: Value) => Copy,
): Readonly<Record<string, Copy>> {
  const copied = Object.create(null) as Record<string, Copy>;
  for (const [name, value] of Object.entries(given)) copied[name] = copy(value);
  return copied;
}

/** Completes a declaration: by default, maps come without edges. */
const withEdges = (one: InputDeclaration): GivenInput =>
  one.kind === 'labels' ? { ...one, edges: one.edges ?? false } : one;

/** Tells whether a spec consists of networks without an experiment. */
function isLone({ data, objectives, train }: NonNullable<CheckResult['spec']>): boolean {
  return !data && !train && objectives.length === 0;
}

async function openChecked(
  { spec, sources, diagnostics }: CheckResult,
  file: string,
  { engine: request, seed, weights = true, log = silent, inputs = {} }: OpenOptions,
): Promise<Model> {
  if (!spec) throw new SpadeworkError('input', diagnostics);
  const parameters = spec.networks.flatMap((network) => network.inputs.map(({ name }) => name));
  for (const name of Object.keys(inputs))
    if (!parameters.includes(name)) throw undeclaredInput(name, parameters);
  const engine = await chooseEngine(request ?? 'auto', log);
  const loaded = weights ? await loadWeights(absolutePaths(spec, dirname(file))) : undefined;
  const model = new OpenModel(spec, sources, hostOf(engine), seed ?? spec.train?.seed ?? defaultSeed);
  if (loaded) model.take(loaded);
  return model;
}
