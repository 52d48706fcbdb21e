/** Answers for `spadework explain`: what a spec amounts to in layers, parameters, work and memory. */
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { Spec } from '../../compiler/index.ts';
import type { ExplainedStep, PhaseTime } from '../../compiler/explain/index.ts';
import type { Source } from '../../dsl/source.ts';
import { integer } from '../options.ts';
import { loadSpec } from '../specs.ts';

interface ExplainFlags {
  readonly name?: string;
  readonly depth: number;
  readonly batch?: number;
  readonly svg?: string;
  readonly locality?: boolean;
  readonly data?: string;
  readonly dense?: boolean;
}

const examples = `
Examples:
  spadework explain examples/camvid-mini.spade
  spadework explain examples/camvid-mini.spade --depth 3
  spadework explain examples/camvid-mini.spade --svg drawings
  spadework explain examples/camvid-mini.spade --locality`;

/** Adds the command. */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .summary('show layers, parameters, work and memory of a spec')
    .description('Shows what a spec amounts to: a table of its networks, and the costs of its training step.')
    .argument('<file>', 'the spec')
    .option('--name <name>', 'the experiment or network to explain, where the file holds several')
    .option('--depth <n>', 'how many levels of blocks are shown', integer(1), 1)
    .option('--batch <n>', "batch size, in place of the spec's", integer(1))
    .option(
      '--data <folder>',
      "folder of the data, in place of the spec's path: some of its maps decide about tables",
    )
    .option('--dense', 'explain the step pixel by pixel')
    .option('--svg <folder>', 'also draw each network into <folder>/<network>.svg')
    .option('--locality', 'show what depends on labels alone and how far it looks; drawings tint it green')
    .addHelpText('after', examples)
    .action(async (file: string, flags: ExplainFlags) => {
      const { explain, explainLocality, renderExplanation, renderLocality } =
        await import('../../compiler/explain/index.ts');
      const times: PhaseTime[] = [];
      const measure = measureInto(times);
      const { spec, sources } = measure('parse, expand and check', () => loadSpec(file, flags.name));
      const step = await explainedStep(spec, sources, flags, measure);
      process.stdout.write(renderExplanation(explain(spec, { step, times }), { depth: flags.depth }));
      if (flags.locality)
        for (const network of spec.networks)
          process.stdout.write(`\n${renderLocality(explainLocality(network, spec.networks))}`);
      if (flags.svg === undefined) return;
      for (const file of await writeDrawings(spec, flags.svg, flags))
        process.stdout.write(`drawn: ${file}\n`);
    });
}

/** Draws every network of a spec into a folder; gives the files. */
async function writeDrawings(
  spec: Spec,
  folder: string,
  { depth, locality = false }: ExplainFlags,
): Promise<string[]> {
  const [{ drawNetwork }, { layOut }, { writeWhole }, { whileWritingAsync }] = await Promise.all([
    import('../../compiler/explain/index.ts'),
    import('../../runtime/report/drawing.ts'),
    import('../../runtime/report/index.ts'),
    import('../../runtime/run/folder.ts'),
  ]);
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

/** Compiles the training step of an experiment; undefined where the spec is none. */
async function explainedStep(
  spec: Spec,
  sources: readonly Source[],
  { batch, data, dense = false }: ExplainFlags,
  measure: Measure,
): Promise<ExplainedStep | undefined> {
  if (!spec.data || !spec.train || spec.objectives.length === 0) return undefined;
  const [{ compile }, { partsOfStep }, { lowerToTensorflow }, { chosenKeys, choiceOf }, { decideTables }] =
    await Promise.all([
      import('../../compiler/index.ts'),
      import('../../compiler/step.ts'),
      import('../../compiler/lower/tensorflow.ts'),
      import('../../compiler/tables/index.ts'),
      import('../../runtime/run/tables.ts'),
    ]);
  const whole = batch ?? spec.data.batch;
  const options = { batch: Math.ceil(whole / partsOfStep(spec)), methods: ['step'] as const };
  const before = compile(spec, options);
  const base = dirname(sources[0]?.name ?? '.');
  const levels = dense ? [] : await decideTables(spec, base, { ...options, data });
  const tables = choiceOf(chosenKeys(levels ?? []));
  const after = measure('build', () => compile(spec, { ...options, sources, tables }));
  measure('optimize and lower to TensorFlow', () => lowerToTensorflow(after, { kernels: true }));
  return { before, after, batch: whole, levels };
}
