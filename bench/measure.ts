/** Answers for measuring the whole training step: the experiment, its compilation by phases, timed steps and memory. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { check, compile } from '../compiler/index.ts';
import { must, sizeOf } from '../compiler/ir/types.ts';
import { lowerToPortable } from '../compiler/lower/portable.ts';
import { lowerToTensorflow } from '../compiler/lower/tensorflow.ts';
import { scalarsAt } from '../compiler/schedule.ts';
import { labelsInput, realInput } from '../compiler/spec/types.ts';
import { SpecMistakes } from '../cli/errors.ts';
import { chooseEngine } from '../runtime/engine/index.ts';
import { fileProvider } from '../runtime/library.ts';
import { describeLibrary, openSession, whileComputing } from '../runtime/run/engine.ts';
import { initialValues } from '../runtime/session/session.ts';
import { readBatches } from './batches.ts';
import type { StepSettings } from './options.ts';

/** What was measured. Times are in milliseconds, sizes in MB (10^6 bytes); `first` and `last` are of the timed steps. */
export interface Measurement {
  readonly program: 'spadework';
  /** The median time of a step. */
  readonly ms: number;
  readonly min_ms: number;
  readonly max_ms: number;
  readonly all_ms: readonly number[];
  /** The median processor time of a step, over all threads: it suffers less from other work on the machine. */
  readonly cpu_ms: number;
  /** The very first step, in which the engine prepares the graph. */
  readonly first_step_ms: number;
  readonly compile_ms: Readonly<Record<'check' | 'build' | 'lower' | 'load', number>>;
  /** The largest resident size during the timed steps, or since the start where the system tells only that. */
  readonly peak_rss_mb: number;
  readonly rss_first_mb: number;
  readonly rss_last_mb: number;
  readonly tensors_first: number;
  readonly tensors_last: number;
  readonly engine: StepSettings['engine'];
  /** The engine's library and its version. */
  readonly library: string;
  readonly threads: number;
  /** The model of the processor. */
  readonly machine: string;
  /** Width x height. */
  readonly size: string;
  readonly width: number;
  readonly batch: number;
  readonly steps: number;
  readonly warmup: number;
  readonly seed: number;
  readonly classes: number;
  /** How many different label maps the steps saw. */
  readonly label_maps: number;
  /** Trained numbers by network. */
  readonly parameters: Readonly<Record<'G' | 'D', number>>;
  /** Losses of the last step. */
  readonly losses: Readonly<Record<string, number>>;
}

/** Writes the experiment that is measured: SPADE with the official losses and optimizers; its data is fed, not opened. */
function experimentOf({ size, width, batch }: StepSettings, classes: number): string {
  return `use generators { SpadeGenerator }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching }

experiment bench {
  data maps {
    path: ".", images: "images", labels: "labels",
    classes: ${classes}, size: ${size.width}x${size.height}, batch: ${batch}
  }
  let G = SpadeGenerator(width: ${width})
  let D = MultiscaleDiscriminator(scales: 2, layers: 4, width: ${width})
  loss G = gan_generator(D) + 10 * feature_matching(D)
  loss D = gan_fake(D) + gan_real(D)
  train {
    steps: 1000000
    optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)
    optimize D with adam(rate: 4e-4, beta1: 0, beta2: 0.9)
  }
}
`;
}

/**
 * Measures the training step. `report` gets lines about its course. Throws a DataError for label maps that cannot be used,
 * and a SetupFailure where the engine cannot be had.
 */
export async function measureStep(
  settings: StepSettings,
  report: (line: string) => void,
): Promise<Measurement> {
  const { engine: wanted, warmup, steps, batch, size } = settings;
  const batches = await readBatches(settings);
  useThreads(settings.threads);
  const engine = await chooseEngine(wanted, report);

  const watch = stopwatch();
  const source = { name: 'bench.spade', text: experimentOf(settings, batches.classes) };
  const { spec, diagnostics, sources } = check(source, fileProvider());
  if (!spec) throw new SpecMistakes(diagnostics);
  const checked = watch();
  const program = compile(spec, { batch, methods: ['step'], sources });
  const built = watch();
  // Opening a session lowers once more; this one is only timed.
  if (engine.kind === 'native') lowerToTensorflow(program);
  else program.methods.forEach((method) => lowerToPortable(method));
  const lowered = watch();
  const session = whileComputing(() => openSession(engine, program));
  const opened = watch();
  session.setVariables(initialValues(program.variables, settings.seed));

  const train = must(spec.train, 'the experiment trains');
  const all: number[] = [];
  const busy: number[] = [];
  const sizes: number[] = [];
  const tensors: number[] = [];
  let losses: Record<string, number> = {};
  for (let step = 0; step < warmup + steps; step++) {
    await setImmediate(); // lets an interrupt through between steps
    const { labels, real } = await batches.ofStep(step);
    if (step === warmup) forgetPeak();
    const feeds = {
      [labelsInput]: labels,
      [realInput]: real,
      ...scalarsAt(train, step, batches.maps / batch),
    };
    const cpu = process.cpuUsage();
    const start = performance.now();
    const outputs = whileComputing(() => session.run('step', feeds));
    all.push(rounded(performance.now() - start));
    const { user, system } = process.cpuUsage(cpu);
    busy.push((user + system) / 1e3);
    sizes.push(rounded(process.memoryUsage.rss() / 1e6));
    tensors.push(session.tensorCount());
    losses = Object.fromEntries(
      [...outputs].map(([name, values]) => [name, must(values[0], `${name} is a number`)]),
    );
    if (settings.reportEvery > 0 && (step + 1) % settings.reportEvery === 0)
      report(`step ${step + 1}: ${all.at(-1)} ms, resident ${sizes.at(-1)} MB, ${tensors.at(-1)} tensors`);
  }
  const peak = peakResident();
  session.dispose();

  const timed = all.slice(warmup);
  const sorted = [...timed].sort((one, other) => one - other);
  const at = (values: readonly number[], index: number): number =>
    must(values.at(index), 'at least one step was timed');
  const parametersOf = (network: string): number =>
    program.variables
      .filter((variable) => variable.role === 'parameter' && variable.network === network)
      .reduce((sum, variable) => sum + sizeOf(variable.type.shape), 0);
  return {
    program: 'spadework',
    ms: medianOf(timed),
    min_ms: at(sorted, 0),
    max_ms: at(sorted, -1),
    all_ms: timed,
    cpu_ms: medianOf(busy.slice(warmup)),
    first_step_ms: at(all, 0),
    compile_ms: {
      check: checked,
      build: built,
      lower: lowered,
      load: rounded(Math.max(0, opened - lowered)),
    },
    peak_rss_mb: peak,
    rss_first_mb: at(sizes, warmup),
    rss_last_mb: at(sizes, -1),
    tensors_first: at(tensors, warmup),
    tensors_last: at(tensors, -1),
    engine: engine.kind,
    library: describeLibrary(engine),
    threads: engine.kind === 'native' ? settings.threads : 1,
    machine: cpus()[0]?.model ?? process.arch,
    size: `${size.width}x${size.height}`,
    width: settings.width,
    batch,
    steps,
    warmup,
    seed: settings.seed,
    classes: batches.classes,
    label_maps: batches.maps,
    parameters: { G: parametersOf('G'), D: parametersOf('D') },
    losses,
  };
}

/** Gives the median; of an even count the mean of the middle two, as Python's `statistics` does. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return rounded((must(low, 'a value') + must(high, 'a value')) / 2, 3);
}

/** TensorFlow reads these while it loads. */
function useThreads(threads: number): void {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
  process.env['TF_NUM_INTEROP_THREADS'] ??= String(threads);
}

/** Starts a watch: each call gives the milliseconds since the one before. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = rounded(now - last);
    last = now;
    return passed;
  };
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Lets the system's peak of the resident size start anew, where it can (Linux, proc(5), clear_refs). */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak then includes what came before the timed steps.
  }
}

/** Reads the peak of the resident size in MB. */
function peakResident(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found) return rounded((Number(found[1]) * 1024) / 1e6);
  } catch {
    // Not Linux: Node knows the peak since the start.
  }
  return rounded((process.resourceUsage().maxRSS * 1024) / 1e6);
}
