/** Defines `spadework eval`: computes metrics of a run's pictures, and shows the protocol. */
import { InvalidArgumentError, type Command } from 'commander';
import type { EngineRequest } from '../../runtime/engine/choose.ts';
import type { EvaluateOptions } from '../../runtime/evaluate/options.ts';
import { inputError } from '../../dsl/errors.ts';
import { inWords } from '../../dsl/words.ts';
import { namesOf } from '../../compiler/metrics/index.ts';
import { engineOption, integer } from '../base/options.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { note, print } from '../base/terminal.ts';

interface EvalFlags {
  readonly checkpoint?: EvaluateOptions['checkpoint'];
  readonly segmenter?: string;
  readonly void?: readonly number[];
  readonly features?: string;
  readonly weights?: string;
  readonly perceptual?: string;
  readonly perceptualWeights?: string;
  readonly linear?: string;
  readonly styles?: number;
  readonly seed?: number;
  readonly limit?: number;
  readonly maps?: string;
  readonly images?: string;
  readonly instances?: string;
  readonly again?: boolean;
  readonly json?: boolean;
  readonly engine: EngineRequest;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  spadework eval runs/camvid-1
  spadework eval runs/camvid-1 --segmenter runs/camvid_segmenter-1
  spadework eval runs/camvid-1 --features mobilenet_v1_075 --weights mobilenet.safetensors
  spadework eval runs/styled-1 --perceptual squeezenet11 --perceptual-weights squeezenet.safetensors --styles 5`;

/** Adds the command. */
export function addEval(command: Command): void {
  command
    .description(
      `Paints every held-out label map with a checkpoint of a run, and measures the pictures: ${inWords(namesOf('photographs'))} ` +
        `to the photographs, and through networks ${inWords(namesOf('class counts', 'class maps', 'features', 'layers'))}. ` +
        'Numbers are kept in the run with their protocol.',
    )
    .argument('<run>', 'the run folder')
    .option('--checkpoint <which>', 'last, best, or the step of one that is kept', readCheckpoint, 'last')
    .option(
      '--segmenter <run>',
      `run folder of a segmenter: gives ${inWords(namesOf('class counts', 'class maps'))}, with their ceiling`,
    )
    .option(
      '--void <ids>',
      'the classes that count nowhere for the segmenter, as 11 or 0,2 (default: void of the data)',
      (text) => text.split(',').map(integer(0)),
    )
    .option(
      '--features <network>',
      `network for ${inWords(namesOf('features'))}: a name, .json or .spade file; needs --weights`,
    )
    .option('--weights <file>', 'weights of that network, safetensors or PyTorch')
    .option('--perceptual <network>', 'network for perceptual distances; needs --perceptual-weights')
    .option(
      '--perceptual-weights <file>',
      'weights of that network; without it --weights, if it is the same one',
    )
    .option('--linear <file>', 'weights of the channels in perceptual distances, as LPIPS has them')
    .option(
      '--styles <n>',
      'paint each map n times, with other noise, and measure how much that varies',
      integer(2),
    )
    .option('--seed <n>', 'what noise and random subsets are drawn from (default: 0)', integer(0))
    .option('--limit <n>', 'take the first n maps only', integer(1))
    .option('--maps <folder>', "folder of label maps, in place of the data's held-out ones")
    .option('--images <folder>', 'folder of their photographs')
    .option('--instances <folder>', 'folder of their instance maps, for runs that were trained with them')
    .option('--again', 'evaluate anew what was evaluated before')
    .option('--json', 'print the whole record as JSON')
    .addOption(engineOption())
    .option('--quiet', 'print nothing but mistakes and the result')
    .addHelpText('after', examples)
    .action(async (run: string, flags: EvalFlags) => {
      const [{ evaluate }, { evaluationText }, { renderEvaluation }] = await Promise.all([
        import('../../runtime/library/use.ts'),
        import('../../runtime/evaluate/record.ts'),
        import('../../runtime/evaluate/text.ts'),
      ]);
      const { features, perceptual, weights, perceptualWeights, linear, json, quiet, ...plain } = flags;
      let progress: Progress | undefined;
      const observer = {
        log: note,
        progressed: (part: 'painted' | 'measured', done: number, total: number): void => {
          if (done === 0) {
            progress?.stop();
            progress = startProgress(total, 0, 'maps');
          } else progress?.update(done, part);
        },
      };
      const judge = readJudge('--features', '--weights', features, weights);
      const ownWeights = perceptualWeights ?? (perceptual === features ? weights : undefined);
      const layers = readJudge('--perceptual', '--perceptual-weights', perceptual, ownWeights);
      const record = await evaluate(run, {
        ...plain,
        ...(judge && { features: judge }),
        ...(layers && { perceptual: { ...layers, linear } }),
        ...(!quiet && { observer }),
      }).finally(() => progress?.stop());
      print(json ? evaluationText(record) : renderEvaluation(record).trimEnd());
    });
}

function readCheckpoint(text: string): EvaluateOptions['checkpoint'] {
  if (text === 'last' || text === 'best') return text;
  const step = Number(text);
  if (!Number.isSafeInteger(step) || step < 0 || text.trim() === '')
    throw new InvalidArgumentError('Expected last, best or the number of a step.');
  return step;
}

/** Combines a network and its weights; undefined if no network is given. */
function readJudge(
  option: string,
  weightsOption: string,
  network: string | undefined,
  weights: string | undefined,
): { readonly network: string; readonly weights: string } | undefined {
  if (network === undefined) return undefined;
  if (weights === undefined)
    throw inputError(
      'weights-needed',
      `${option} ${network} needs the weights of that network`,
      `name their file: ${weightsOption} FILE`,
    );
  return { network, weights };
}
