/** Defines `spadework ablate`: trains all runs of an ablation, here or on a Ray cluster, and compares them. */
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { RayOptions } from '../../runtime/ablate/ray.ts';
import type { EngineRequest } from '../../runtime/engine/choose.ts';
import { quoted } from '../../runtime/base/shell.ts';
import { startAblationTable } from '../base/ablation-table.ts';
import { exitCodes } from '../../dsl/errors.ts';
import { onInterrupt } from '../base/interrupts.ts';
import { engineOption, integer, setOption } from '../base/options.ts';
import { loadAblation } from '../base/specs.ts';
import { isFolder } from '../../runtime/run/spec-files.ts';
import { note, print } from '../base/terminal.ts';

interface AblateFlags {
  readonly out?: string;
  readonly parallel?: number;
  readonly name?: string;
  readonly set?: readonly string[];
  readonly steps?: number;
  readonly seeds?: number;
  readonly data?: string;
  readonly batch?: number;
  readonly engine: EngineRequest;
  readonly eval?: boolean;
  readonly launcher: 'local' | 'ray';
  readonly address: string;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly stop?: boolean;
  readonly overwrite?: boolean;
}

const examples = `
Examples:
  spadework ablate examples/ablations/normalization.spade --data data/camvid
  spadework ablate my.spade --steps 200 --seeds 1 --parallel 2
  spadework ablate my.spade --eval -- --segmenter runs/segmenter
  spadework ablate my.spade --launcher ray --address http://127.0.0.1:8265 --parallel 8
  spadework ablate ablations/normalization

The same command again, or with the ablation's folder in place of the file, goes on where it stopped: finished runs are left
as they are, interrupted ones are resumed. Ctrl-C lets runs here finish their step and save; jobs on Ray go on without it.`;

/** Adds the command. */
export function addAblate(command: Command): void {
  command
    .description(
      'Trains every run of an ablation in a process of its own, evaluates it where asked, and writes a page that compares them.',
    )
    .argument('<file>', 'the spec that declares the ablation, or the folder of one that was begun')
    .argument('[words...]', 'after --: options of "spadework eval", for --eval')
    .option('--out <folder>', "the ablation's folder (default: ablations/<name>)")
    .option('--parallel <n>', 'runs at a time (default: one for each GPU, or 1; on Ray 4)', integer(1))
    .option('--name <ablation>', 'the ablation, where the file declares several')
    .addOption(setOption())
    .option('--steps <n>', "steps of each run, in place of the spec's", integer(1))
    .option('--seeds <n>', "number of seeds, in place of the ablation's", integer(1))
    .option('--data <folder>', "folder of the data, in place of the spec's path")
    .option('--batch <n>', "batch size, in place of the spec's", integer(1))
    .addOption(engineOption())
    .option('--eval', 'evaluate each run after its training')
    .addOption(
      new Option('--launcher <launcher>', 'where runs are trained')
        .choices(['local', 'ray'])
        .default('local'),
    )
    .option('--address <url>', "of Ray's dashboard", 'http://127.0.0.1:8265')
    .option('--cpus <n>', 'processors that Ray reserves for each run', integer(0))
    .option('--gpus <n>', 'GPUs that Ray reserves for each run', integer(0))
    .option('--stop', 'stop the jobs of this ablation on Ray')
    .option('--overwrite', 'train runs anew that were planned otherwise, and delete those no longer planned')
    .addHelpText('after', examples)
    .action(async (file: string, words: readonly string[], flags: AblateFlags) => {
      if (flags.stop) await stopJobs(file, flags);
      else await runAblation(file, words, flags);
    });
}

async function runAblation(file: string, words: readonly string[], flags: AblateFlags): Promise<void> {
  const source = isFolder(file) ? file : loadAblation(file, flags);
  const [{ ablate, folderOfAblation }, { progressOf }] = await Promise.all([
    import('../../runtime/library/ablate.ts'),
    import('../../runtime/ablate/progress.ts'),
  ]);
  const { parallel, steps, seeds, data, batch, engine, overwrite } = flags;
  const folder = typeof source === 'string' ? source : folderOfAblation(source, flags.out);
  const { signals, release } = followSignals(flags.launcher === 'ray');
  const table = startAblationTable((name) => progressOf(join(folder, name)));
  try {
    const { record, page, verdict } = await ablate(source, {
      ...{ out: flags.out, parallel, steps, seeds, data, batch, engine, overwrite },
      ...(flags.eval && { evaluation: words }),
      ...(flags.launcher === 'ray' && { ray: rayOf(flags) }),
      ...signals,
      observer: {
        planned: ({ runs }, atATime) => {
          table.log(`${runs.length} runs in ${folder}, ${atATime} at a time`);
          table.show(runs);
        },
        log: (line) => table.log(line),
        changed: (runs, changed) => {
          table.changed(changed);
          table.show(runs);
        },
      },
    }).finally(() => table.stop());
    for (const sentence of verdict) note(sentence);
    const failed = record.runs.filter(({ state }) => state === 'failed');
    for (const { name, lines } of failed)
      note(`failed: ${name}\n${(lines ?? []).map((line) => `  | ${line}`).join('\n')}`);
    if (page !== undefined) print(page);
    if (record.runs.some(({ state }) => state !== 'done' && state !== 'failed')) {
      note(`To go on: spadework ablate ${quoted(folder)}`);
      process.exitCode = exitCodes.interrupted;
    } else if (failed.length > 0) process.exitCode = exitCodes.input;
  } finally {
    release();
  }
}

function rayOf({ address, cpus, gpus }: AblateFlags): RayOptions {
  return { address, cpus, gpus };
}

/** Listens for Ctrl-C: the first one ends runs after their step, the second one at once. */
function followSignals(jobsGoOn: boolean): {
  readonly signals: { readonly signal: AbortSignal; readonly kill: AbortSignal };
  readonly release: () => void;
} {
  const [gently, atOnce] = [new AbortController(), new AbortController()];
  const release = onInterrupt(() => {
    if (gently.signal.aborted) atOnce.abort();
    else
      note(
        jobsGoOn
          ? 'Leaving; the jobs go on. The same command follows them again, with --stop it stops them.'
          : 'The runs finish their step and save (Ctrl-C again to end at once) ...',
      );
    gently.abort();
  });
  return { signals: { signal: gently.signal, kill: atOnce.signal }, release };
}

async function stopJobs(file: string, flags: AblateFlags): Promise<void> {
  const [{ folderOfAblation }, { jobIdOf }, { readAblation }, { stopOnRay }] = await Promise.all([
    import('../../runtime/library/ablate.ts'),
    import('../../runtime/ablate/pool.ts'),
    import('../../runtime/run/ablation.ts'),
    import('../../runtime/ablate/ray.ts'),
  ]);
  const folder = isFolder(file) ? file : folderOfAblation(loadAblation(file, flags), flags.out);
  const record = readAblation(folder);
  const ids = (record?.runs ?? []).flatMap(({ name, jobs }) =>
    (['train', 'eval'] as const).map((kind) => jobIdOf(folder, record!, name, jobs, kind)),
  );
  await stopOnRay(rayOf(flags), ids);
}
