/** Answers for opening models: from a text, a spec's file, or a run's folder. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { check, checkJson, type CheckResult } from '../../compiler/index.ts';
import { variablesOf } from '../../compiler/step.ts';
import { renderDiagnostic, renderDiagnostics } from '../../dsl/index.ts';
import type { Source } from '../../dsl/source.ts';
import { chooseEngine } from '../engine/index.ts';
import { fileProvider } from '../library.ts';
import { loadCheckpoint, loadLastCheckpoint, valuesOf } from '../run/checkpoint.ts';
import { readRunFolder } from '../run/folder.ts';
import { absolutePaths, defaultSeed } from '../run/settings.ts';
import { loadWeights, readFrozenWeights } from '../run/weights.ts';
import { noCheckpointOf, noSuchFile, SpecError, undeclaredInput } from './messages.ts';
import { OpenModel } from './model.ts';
import { checkOptions, openOptions, runOptions, textOptions } from './options.ts';
import type { Model, OpenOptions, ParsedSpec, RunOptions, SpecProblem, TextOptions } from './types.ts';

const silent = (): void => undefined;

/**
 * Opens a spec's file: a `.spade` text, or a spec as JSON. Throws a SpecError where it has mistakes, a ModelError where it
 * cannot be read, a SetupFailure where the engine asked for cannot be had.
 */
export async function openSpec(file: string, options: OpenOptions = {}): Promise<Model> {
  checkOptions(options, openOptions);
  const source = readSource(file);
  const checked = file.endsWith('.json') ? checkJson(source) : checkText(source, options);
  return openChecked(checked, file, options);
}

/** Opens a text. Imports are read by `provider`. Throws as `openSpec` does. */
export async function openText(text: string, options: TextOptions = {}): Promise<Model> {
  checkOptions(options, textOptions);
  const source = { name: options.name ?? unnamed, text };
  return openChecked(checkText(source, options), source.name, options);
}

/** Checks a text and gives its spec as JSON, with everything that is wrong with it; throws nothing for mistakes. */
export function parseSpec(
  text: string,
  options: Omit<TextOptions, 'engine' | 'seed' | 'weights' | 'log'> = {},
): ParsedSpec {
  checkOptions<TextOptions>(options, textOptions);
  const { spec, diagnostics } = checkText({ name: options.name ?? unnamed, text }, options);
  return { spec, problems: problemsOf(diagnostics) };
}

/**
 * Opens what a run has learned: its spec, with the variables of its last checkpoint or of the step asked for. Throws a
 * RunError where the folder holds no run or no whole checkpoint, a ModelError where it has none of that step.
 */
export async function openRun(folder: string, options: RunOptions = {}): Promise<Model> {
  checkOptions(options, runOptions);
  const { layout, spec, record } = readRunFolder(folder);
  const log = options.log ?? silent;
  const { checkpoint: step } = options;
  const checkpoint =
    step === undefined
      ? await loadLastCheckpoint(layout.checkpoints, folder, log)
      : await loadCheckpoint(layout.checkpoints, step);
  if (!checkpoint) throw noCheckpointOf(folder, step ?? 0);
  const engine = await chooseEngine(options.engine ?? 'auto', log);
  const model = new OpenModel(spec, [], engine, options.seed ?? record.seed, checkpoint.state.step);
  model.take(valuesOf(variablesOf(spec), checkpoint, await readFrozenWeights(layout, spec)));
  return model;
}

const unnamed = 'spec.spade';

function readSource(file: string): Source {
  try {
    return { name: file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    throw noSuchFile(file, (error as NodeJS.ErrnoException).code);
  }
}

function checkText(
  source: Source,
  options: Omit<TextOptions, 'engine' | 'seed' | 'weights' | 'log'>,
): CheckResult {
  return check(source, options.provider ?? fileProvider(), {
    name: options.network ?? options.experiment,
    inputs: options.inputs,
    settings: options.settings,
  });
}

function problemsOf(diagnostics: CheckResult['diagnostics']): SpecProblem[] {
  return diagnostics.map((diagnostic) => ({
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    rendered: renderDiagnostic(diagnostic, { color: false }),
  }));
}

async function openChecked(
  { spec, sources, diagnostics }: CheckResult,
  file: string,
  { engine: request, seed, weights = true, log = silent, inputs = {} }: OpenOptions,
): Promise<Model> {
  if (!spec) throw new SpecError(problemsOf(diagnostics), renderDiagnostics(diagnostics, { color: false }));
  const parameters = spec.networks.flatMap((network) => network.inputs.map(({ name }) => name));
  for (const name of Object.keys(inputs))
    if (!parameters.includes(name)) throw undeclaredInput(name, parameters);
  const engine = await chooseEngine(request ?? 'auto', log);
  const loaded = weights ? await loadWeights(absolutePaths(spec, dirname(file))) : undefined;
  const model = new OpenModel(spec, sources, engine, seed ?? spec.train?.seed ?? defaultSeed);
  if (loaded) model.take(loaded);
  return model;
}
