/**
 * Defines `spadework explain`: lists the layers, parameters, work and memory of a spec, or of every run of an ablation.
 */
import { suggesting } from '../../dsl/fix.ts';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ExplainedStep, PhaseTime } from '../../compiler/explain/explain.ts';
import type { LevelChoice } from '../../compiler/passes/deduplicate-patches/choose.ts';
import type { TableChoice } from '../../compiler/passes/deduplicate-patches/levels.ts';
import { suggest } from '../../dsl/suggest.ts';
import type { Source } from '../../dsl/source.ts';
import { listDeclared, type PlannedRun, type Spec } from '../../compiler/index.ts';
import { inputError, isInputError, type SpadeworkError } from '../../dsl/errors.ts';
import { renderMatrix } from '../base/matrix.ts';
import { integer, setOption } from '../base/options.ts';
import { loadAblation, loadSpec } from '../base/specs.ts';
import { isJson, readSpecFile } from '../../runtime/run/spec-files.ts';
import { print, printJson, write } from '../base/terminal.ts';

interface ExplainFlags {
  readonly name?: string;
  readonly set?: readonly string[];
  readonly ablation?: string | true;
  readonly rate?: number;
  readonly json?: boolean;
  readonly depth: number;
  readonly batch?: number;
  readonly svg?: string;
  readonly locality?: boolean;
  readonly data?: string;
  readonly dense?: boolean;
  readonly ir?: string;
}

const examples = `
Examples:
  spadework explain examples/camvid-mini.spade
  spadework explain examples/camvid-mini.spade --depth 3
  spadework explain examples/camvid-mini.spade --svg drawings
  spadework explain examples/camvid-mini.spade --locality
  spadework explain my-ablation.spade --ablation --rate 150
  spadework explain examples/camvid-mini.spade --ir passes
  spadework explain examples/camvid-mini.spade --ir fuse-pointwise

The GFLOP/s of a machine are what "spadework doctor" measures; a run takes longer than its operations at this rate.`;

/** Adds the command. */
export function addExplain(command: Command): void {
  command
    .description('Shows what a spec amounts to: a table of its networks, and the costs of its training step.')
    .argument('<file>', 'the spec')
    .option('--name <name>', 'the experiment or network to explain, where the file holds several')
    .addOption(setOption())
    .option('--ablation [name]', 'show the runs of an ablation; without it where the file holds nothing else')
    .option('--rate <gflops>', 'GFLOP/s of the machine: estimates the time of the runs', integer(1))
    .option('--json', 'write what is known as JSON')
    .option('--depth <n>', 'how many levels of blocks are shown', integer(1), 1)
    .option('--batch <n>', "batch size, in place of the spec's", integer(1))
    .option(
      '--data <folder>',
      "folder of the data, in place of the spec's path: some of its maps decide about tables",
    )
    .option('--dense', 'explain the step pixel by pixel')
    .option('--svg <folder>', 'also draw each network into <folder>/<network>.svg')
    .option('--locality', 'show what depends on labels alone and how far it looks; drawings tint it green')
    .option(
      '--ir <stage>',
      'print the graph after a stage of compilation or a pass; "passes" sums up all passes',
    )
    .addHelpText('after', examples)
    .action(async (file: string, flags: ExplainFlags) => {
      if (flags.ir !== undefined) return printIr(file, flags, flags.ir);
      if (isAboutAblation(file, flags)) return explainMatrix(file, flags);
      const [{ explain }, { explainLocality }, { renderExplanation, renderLocality }] = await Promise.all([
        import('../../compiler/explain/explain.ts'),
        import('../../compiler/explain/locality.ts'),
        import('../../compiler/explain/render.ts'),
      ]);
      const times: PhaseTime[] = [];
      const measure = measureInto(times);
      const { spec, sources } = measure('parse, expand and check', () => loadSpec(file, flags));
      const step = await explainedStep(spec, sources, flags, measure);
      const explanation = explain(spec, { step, times });
      if (flags.json) return printJson(asJson(explanation));
      write(process.stdout, renderExplanation(explanation, { depth: flags.depth }));
      if (flags.locality)
        for (const network of spec.networks)
          write(process.stdout, `\n${renderLocality(explainLocality(network, spec.networks))}`);
      if (flags.svg === undefined) return;
      for (const file of await writeDrawings(spec, flags.svg, flags)) print(`drawn: ${file}`);
    });
}

/** Prints a spec after a stage of its compilation. */
async function printIr(file: string, flags: ExplainFlags, stage: string): Promise<void> {
  if (flags.ablation !== undefined || flags.svg !== undefined || flags.locality || flags.json)
    throw inputError(
      'conflicting-options',
      '--ir prints a graph, without --ablation, --svg, --locality and --json',
      'leave these out; a cell of an ablation is an experiment with --set',
    );
  const [{ printStage, shownStages }, { partsOfStep }, { mapInputs }, { cpu }] = await Promise.all([
    import('../../compiler/explain/stages.ts'),
    import('../../compiler/build/step.ts'),
    import('../../runtime/session/feeds.ts'),
    import('../../compiler/lower/targets.ts'),
  ]);
  if (!shownStages.includes(stage)) throw unknownStage(stage, shownStages);
  const { spec, sources } = loadSpec(file, flags);
  if (!spec.data && stage !== 'spec')
    throw inputError(
      'networks-alone',
      `'${file}' declares no experiment, and networks are compiled as parts of one`,
      'print what it declares with --ir spec; a cell of an ablation is an experiment with --set',
    );
  const batch = Math.ceil((flags.batch ?? spec.data?.batch ?? 1) / partsOfStep(spec));
  const { tables } = stage === 'spec' ? {} : await tablesOf(spec, sources, batch, flags);
  const isMap = (input: string): boolean => mapInputs.includes(input);
  const settings = { target: cpu, batch, tables, painting: { method: 'synthesize', isMap } } as const;
  const text = printStage(spec, stage, settings);
  if (text === undefined)
    throw inputError(
      'no-graph',
      `'${file}' has no graph after ${stage}`,
      '--ir passes lists the passes that have one',
    );
  write(process.stdout, text);
}

/** Makes the error that lists the stages. */
function unknownStage(stage: string, known: readonly string[]): SpadeworkError {
  const near = suggest(stage, known);
  return inputError(
    'unknown-stage',
    `there is no stage '${stage}'`,
    suggesting(near, `there are ${known.join(', ')}`),
  );
}

/** Decides what is computed in patch tables, as training does; nothing, if the data cannot be read. */
async function tablesOf(
  spec: Spec,
  sources: readonly Source[],
  batch: number,
  { data, dense = false }: ExplainFlags,
): Promise<{
  readonly levels: readonly LevelChoice[] | undefined;
  readonly tables: TableChoice | undefined;
}> {
  const [{ chosenKeys, choiceOf }, { decideTables }] = await Promise.all([
    import('../../compiler/passes/deduplicate-patches/choose.ts'),
    import('../../runtime/train/tables.ts'),
  ]);
  const base = dirname(sources[0]?.name ?? '.');
  const levels = dense || !spec.train ? [] : await decideTables(spec, base, { batch, data });
  return { levels, tables: choiceOf(chosenKeys(levels ?? [])) };
}

/** Tells whether the command asks for the runs of an ablation. */
function isAboutAblation(file: string, { name, ablation }: ExplainFlags): boolean {
  if (ablation !== undefined) return true;
  if (name !== undefined || isJson(file)) return false;
  const { experiments, ablations } = listDeclared(readSpecFile(file));
  return experiments.length === 0 && ablations.length > 0;
}

/** Shows the matrix of an ablation, one row for each cell. */
async function explainMatrix(file: string, flags: ExplainFlags): Promise<void> {
  if (flags.svg !== undefined || flags.locality)
    throw inputError(
      'one-spec-only',
      '--svg and --locality show one spec',
      'name it with --name, without --ablation',
    );
  const { explainAblation } = await import('../../compiler/explain/matrix.ts');
  const name = flags.ablation === true ? undefined : flags.ablation;
  const { ablation, sources } = loadAblation(file, { name, set: flags.set });
  const steps = new Map<PlannedRun, ExplainedStep | undefined>();
  const pictures = new Map<PlannedRun, number | undefined>();
  for (const run of ablation.runs.filter(({ seed }) => seed === ablation.seeds[0])) {
    steps.set(run, await explainedStep(run.spec, sources, flags, (_phase, work) => work()));
    pictures.set(run, await countPictures(run.spec, sources, flags));
  }
  const matrix = explainAblation(ablation, {
    stepOf: (run) => steps.get(run),
    picturesOf: (run) => pictures.get(run),
    flopsPerSecond: flags.rate && flags.rate * 1e9,
  });
  if (flags.json) printJson(asJson(matrix));
  else print(await renderMatrix(matrix));
}

/** Counts the training pictures of a spec whose length is in epochs; undefined if they cannot be read. */
async function countPictures(
  { data, train }: Spec,
  sources: readonly Source[],
  flags: ExplainFlags,
): Promise<number | undefined> {
  if (!data || !train || train.steps !== undefined) return undefined;
  const { openTrainingData } = await import('../../runtime/run/data.ts');
  const path = flags.data ?? resolve(dirname(sources[0]?.name ?? '.'), data.path);
  try {
    const dataset = await openTrainingData({ ...data, path });
    const count = dataset.pairs.length;
    await dataset.close();
    return count;
  } catch (error) {
    if (isInputError(error)) return undefined;
    throw error;
  }
}

/** Writes a value as JSON; maps become objects. */
function asJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, inner: unknown) => (inner instanceof Map ? Object.fromEntries<unknown>(inner) : inner),
    2,
  );
}

/** Draws every network of a spec into a folder; gives the files. */
async function writeDrawings(
  spec: Spec,
  folder: string,
  { depth, locality = false }: ExplainFlags,
): Promise<string[]> {
  const [{ drawNetwork }, { layOut }, { whileWritingAsync, writeWhole }, { claimOutputs }] =
    await Promise.all([
      import('../../compiler/explain/drawing.ts'),
      import('../../runtime/report/drawing.ts'),
      import('../../runtime/base/files.ts'),
      import('../../runtime/run/outputs.ts'),
    ]);
  const named = spec.networks.map(({ name }) => `${name}.svg`);
  await claimOutputs(folder, { named, own: [], folders: [] });
  return Promise.all(
    spec.networks.map(async (network) => {
      const file = join(folder, `${network.name}.svg`);
      const drawing = await layOut(drawNetwork(network, spec.networks, { depth, locality }));
      await whileWritingAsync(folder, () => writeWhole(file, drawing));
      return file;
    }),
  );
}

type Measure = <T>(phase: string, work: () => T) => T;

function measureInto(times: PhaseTime[]): Measure {
  return (phase, work) => {
    const start = performance.now();
    const result = work();
    times.push({ phase, milliseconds: performance.now() - start });
    return result;
  };
}

/** Compiles the training step of an experiment; undefined if the spec is not an experiment. */
async function explainedStep(
  spec: Spec,
  sources: readonly Source[],
  flags: ExplainFlags,
  measure: Measure,
): Promise<ExplainedStep | undefined> {
  if (!spec.data || !spec.train || spec.objectives.length === 0) return undefined;
  const [{ compile, lower }, { partsOfStep }, { cpu }] = await Promise.all([
    import('../../compiler/index.ts'),
    import('../../compiler/build/step.ts'),
    import('../../compiler/lower/targets.ts'),
  ]);
  const whole = flags.batch ?? spec.data.batch;
  const options = { target: cpu, batch: Math.ceil(whole / partsOfStep(spec)), methods: ['step'] as const };
  const before = compile(spec, options);
  const { levels, tables } = await tablesOf(spec, sources, options.batch, flags);
  const after = measure('build', () => compile(spec, { ...options, sources, tables }));
  measure('optimize and lower to TensorFlow', () => lower(after, { target: cpu }));
  return { before, after, batch: whole, levels, target: cpu };
}
