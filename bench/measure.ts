/** Measures an experiment in this process: compile time by phase, times of training steps or synthesis, and memory. */
import { SpadeworkError, must } from '../dsl/errors.ts';
import { cpus } from 'node:os';
import { memoryOfStep } from '../compiler/explain/explain.ts';
import { check, compile, lower, type Spec } from '../compiler/index.ts';
import { inputsOf, type Program } from '../compiler/ir/program.ts';
import { sizeOf } from '../compiler/ir/types.ts';
import { lowerToPortable } from '../compiler/lower/portable.ts';
import { RandomStream } from '../compiler/ir/random.ts';
import { labelsInput } from '../compiler/format/types.ts';
import { choiceOf, chosenKeys, type LevelChoice } from '../compiler/passes/deduplicate-patches/choose.ts';
import { chooseEngine, type Engine } from '../runtime/engine/choose.ts';
import { fileProvider } from '../runtime/specs/read.ts';
import { whileComputing } from '../runtime/session/computing.ts';
import { describeLibrary, openSession } from '../runtime/session/open.ts';
import { synthesisMethod } from '../runtime/synthesize/paint.ts';
import { makeStepper, type StepData } from '../runtime/train/step.ts';
import { edgesInput, mapInputs } from '../runtime/session/feeds.ts';
import { chooseTables, type MapBatch } from '../runtime/train/tables.ts';
import { runAndRead, setInitialValues, type Feeds, type Session } from '../runtime/session/session.ts';
import { openStaged } from '../runtime/session/staged.ts';
import { readBatches, type Batches } from './batches.ts';
import { synthesisExperiment, trainingExperiment } from './experiment.ts';
import type { BenchSettings, Model, Precision } from './options.ts';
import { rounded, stopwatch, timeSteps, type Times } from './timing.ts';
import { cpu } from '../compiler/lower/targets.ts';
import { targetOf } from '../runtime/engine/target.ts';

/** The result of a measurement. */
export interface Measurement extends Times {
  readonly program: 'spadework';
  readonly compile_ms: Readonly<Record<'check' | 'choose' | 'build' | 'lower' | 'load', number>>;
  /** The number of patch levels computed in tables. */
  readonly tables: number;
  readonly tensors_first: number;
  readonly tensors_last: number;
  readonly engine: BenchSettings['engine'];
  /** The engine's library and its version. */
  readonly library: string;
  readonly threads: number;
  /** The model of the processor. */
  readonly machine: string;
  readonly model: Model;
  readonly precision: Precision;
  /** Width x height. */
  readonly size: string;
  readonly width: number;
  readonly batch: number;
  readonly steps: number;
  readonly warmup: number;
  readonly seed: number;
  readonly classes: number;
  /** Channels of a label map: its classes, and its edges. */
  readonly label_channels: number;
  /** The number of different label maps in the steps. */
  readonly label_maps: number;
  /** The number of trained values by network. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** The measurement of a training step. */
export interface StepMeasurement extends Measurement {
  /** Losses of the last step. */
  readonly losses: Readonly<Record<string, number>>;
  /**
   * The resident size with the graph loaded, plus the step's memory estimated by `explain` (10^6 bytes); to compare
   * with `peak_rss_mb`.
   */
  readonly estimated_rss_mb: number;
}

/** The measurement of synthesis. */
export interface SynthesisMeasurement extends Measurement {
  /** The median time of synthesis from the same map with another vector z; absent for models without one. */
  readonly restyle_ms?: number;
}

/**
 * Measures the training step. `report` gets progress lines. Throws a SpadeworkError for unusable label maps, and if
 * the engine is not available.
 */
export async function measureStep(
  settings: BenchSettings,
  report: (line: string) => void,
): Promise<StepMeasurement> {
  const bench = await openBench(settings, 'step', trainingExperiment, report);
  const { session, batches, spec } = bench;
  const train = must(spec.train, 'the experiment trains');
  const { seed, batch } = settings;
  const stepper = makeStepper(session, { ...spec, train }, { seed, stepsPerEpoch: batches.maps / batch });
  let losses: ReadonlyMap<string, Float32Array> = new Map();
  const sameData = (data: StepData): StepData => data;
  const { memoryBytes } = memoryOfStep(spec, session.program, bench.levels, cpu);
  const measured = await measure(bench, settings, report, sameData, async (data, step) => {
    losses = await stepper(step, data);
  });
  await session.dispose();
  return {
    ...measured,
    estimated_rss_mb: rounded((bench.residentBytes + memoryBytes) / 1e6),
    losses: Object.fromEntries(
      [...losses].map(([name, values]) => [name, must(values[0], `${name} is a number`)]),
    ),
  };
}

/**
 * Measures synthesis: from a new map each time, then from the same map with another vector z. Throws like
 * `measureStep`.
 */
export async function measureSynthesis(
  settings: BenchSettings,
  report: (line: string) => void,
): Promise<SynthesisMeasurement> {
  const bench = await openBench(settings, 'synthesize', synthesisExperiment, report);
  const { session } = bench;
  const method = must(
    session.program.methods.find(({ name }) => name === synthesisMethod),
    'the experiment paints',
  );
  const random = new RandomStream(settings.seed, 'what pictures start from');
  const z = inputsOf(method).get('z');
  const draw = (): Feeds => (z ? { z: new Float32Array(sizeOf(z.shape)).map(() => random.normal()) } : {});
  const paint = async (feeds: Feeds): Promise<void> => {
    await runAndRead(session, synthesisMethod, feeds);
  };
  const feedsOf = ({ labels, edges }: StepData): Feeds => ({
    [labelsInput]: labels,
    ...(edges && { [edgesInput]: edges }),
    ...draw(),
  });
  const measured = await measure(bench, settings, report, feedsOf, paint);
  const map = feedsOf(await bench.batches.ofStep(0));
  await paint(map);
  const again = z && (await timeSteps(settings, () => Promise.resolve({ ...map, ...draw() }), paint));
  await session.dispose();
  return { ...measured, ...(again && { restyle_ms: again.ms }) };
}

/** An experiment on an engine, ready to be measured. */
interface Bench {
  readonly batches: Batches;
  readonly spec: Spec;
  readonly engine: Engine;
  readonly session: Session;
  readonly compileTimes: Measurement['compile_ms'];
  readonly tables: number;
  /** The decisions about the patches of the maps. */
  readonly levels: readonly LevelChoice[];
  /** The resident size with the graph loaded, before variables have values. */
  readonly residentBytes: number;
}

async function openBench(
  settings: BenchSettings,
  method: 'step' | 'synthesize',
  experimentOf: (settings: BenchSettings, classes: number) => string,
  report: (line: string) => void,
): Promise<Bench> {
  const batches = await readBatches(settings);
  useThreads(settings.threads);
  const engine = await chooseEngine(settings.engine, report);

  const watch = stopwatch();
  const source = { name: 'bench.spade', text: experimentOf(settings, batches.classes) };
  const { spec, diagnostics, sources } = check(source, fileProvider());
  if (!spec) throw new SpadeworkError('input', diagnostics);
  const checked = watch();
  const { batch } = settings;
  const levels = settings.dense
    ? []
    : chooseTables(spec, { batch, methods: [method] }, await someMaps(batches));
  const keys = chosenKeys(levels);
  const chosen = watch();
  const program = compile(spec, { target: cpu, batch, methods: [method], sources, tables: choiceOf(keys) });
  const built = watch();
  const open = (one: Program): Promise<Session> => openSession(engine, one);
  // Opening a session lowers again; this call is only for the time.
  if (engine.kind === 'native') lower(program, { target: targetOf(engine.tf) });
  else program.methods.forEach((one) => lowerToPortable(one));
  const lowered = watch();
  const session = await (method === 'step'
    ? open(program)
    : openStaged(program, synthesisMethod, mapInputs, open));
  const loaded = rounded(Math.max(0, watch() - lowered));
  const residentBytes = process.memoryUsage.rss();
  await setInitialValues(session, settings.seed);
  const compileTimes = { check: checked, choose: chosen, build: built, lower: lowered, load: loaded };
  return { batches, spec, engine, session, compileTimes, tables: keys.length, levels, residentBytes };
}

/** How many steps are examined before tables are chosen, as in a training. */
const seenSteps = 4;

async function someMaps(batches: Batches): Promise<MapBatch[]> {
  const steps = Array.from({ length: seenSteps }, (_, step) => batches.ofStep(step));
  return (await Promise.all(steps)).map(({ labels, edges }) => ({ labels, edges }));
}

/** Times `run` on the result of `prepare` for each batch. */
async function measure<Given>(
  { batches, engine, session, compileTimes, tables }: Bench,
  settings: BenchSettings,
  report: (line: string) => void,
  prepare: (data: StepData) => Given,
  run: (given: Given, step: number) => Promise<void>,
): Promise<Measurement> {
  const { warmup, steps, reportEvery, size } = settings;
  const tensors: number[] = [];
  const times = await timeSteps(
    { warmup, steps },
    async (step) => prepare(await batches.ofStep(step)),
    (given, step) => whileComputing(() => run(given, step)),
    (step, milliseconds, megabytes) => {
      tensors.push(session.valueCount());
      if (reportEvery > 0 && (step + 1) % reportEvery === 0)
        report(`step ${step + 1}: ${milliseconds} ms, resident ${megabytes} MB, ${tensors.at(-1)} tensors`);
    },
  );
  const parameters = session.program.variables.filter(({ role }) => role === 'parameter');
  const networks = [...new Set(parameters.map(({ network }) => network))];
  const countOf = (network: string): number =>
    parameters
      .filter((variable) => variable.network === network)
      .reduce((sum, { type }) => sum + sizeOf(type.shape), 0);
  return {
    program: 'spadework',
    ...times,
    compile_ms: compileTimes,
    tables,
    tensors_first: must(tensors[warmup], 'at least one step was timed'),
    tensors_last: must(tensors.at(-1), 'at least one step was timed'),
    engine: engine.kind,
    library: describeLibrary(engine),
    threads: engine.kind === 'native' ? settings.threads : 1,
    machine: cpus()[0]?.model ?? process.arch,
    model: settings.model,
    precision: settings.precision,
    size: `${size.width}x${size.height}`,
    width: settings.width,
    batch: settings.batch,
    steps,
    warmup,
    seed: settings.seed,
    classes: batches.classes,
    label_channels: batches.classes + (settings.instances === undefined ? 0 : 1),
    label_maps: batches.maps,
    parameters: Object.fromEntries(networks.map((network) => [network, countOf(network)])),
  };
}

/** TensorFlow reads these variables while it loads. */
function useThreads(threads: number): void {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
}
