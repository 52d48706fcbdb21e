/** Gives hints for options of other programs that we lack: what to write instead. */
import { inWords } from '../../dsl/words.ts';
import { metrics, namesOf } from '../../compiler/metrics/index.ts';
import { settingNames } from '../../compiler/schema/spec.ts';

/** A hint for some option names, for commands that have the option `by`, or for the listed commands. */
interface Pointer {
  readonly names: readonly string[];
  readonly by?: string;
  readonly commands?: readonly string[];
  readonly say: string;
}

/** Writes a name in the form of an option. */
const optionOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-');

const pointers: readonly Pointer[] = [
  {
    names: ['lr', 'learning-rate', 'rate'],
    by: '--set',
    say: 'rates are changed by their paths: --set optimize.G.rate=2e-4',
  },
  {
    names: ['gpu', 'gpus', 'cuda', 'cpu', 'device'],
    by: '--engine',
    say: '--engine says what to run on; the native engine takes a GPU that it was set up for',
  },
  {
    names: ['resume', 'continue', 'restart'],
    commands: ['train'],
    say: 'a run is gone on with by a command of its own: spadework resume RUN',
  },
  {
    names: ['metrics', 'metric', 'lpips', ...metrics.map(({ name }) => optionOf(name))],
    commands: ['eval'],
    say:
      `${inWords(namesOf('photographs'))} are always measured; --segmenter adds ${inWords(namesOf('class counts', 'class maps'))}, ` +
      `--features with --weights ${inWords(namesOf('features'))}, --perceptual with --perceptual-weights ${inWords(namesOf('layers'))}`,
  },
  { names: ['labels', 'input'], by: '--maps', say: '--maps names the folder of label maps' },
  { names: ['maps', 'input'], by: '--labels', say: '--labels names the folder of label maps' },
  { names: ['output', 'o', 'dir', 'output-dir', 'save-dir'], by: '--out', say: '--out says where to write' },
  { names: ['dataset', 'dataroot', 'root'], by: '--data', say: '--data names the folder of the data' },
  { names: ['bs', 'batchsize'], by: '--batch', say: '--batch gives the batch size' },
  { names: ['force', 'f'], by: '--overwrite', say: '--overwrite replaces what is there' },
  {
    names: ['config', 'spec', 'file'],
    commands: ['train', 'check', 'explain', 'profile', 'ablate', 'fmt'],
    say: 'the spec is named without an option, behind the command',
  },
];

/** Gives the hint for an unknown option; undefined if there is none. */
export function pointerFor(option: string, command: string, known: readonly string[]): string | undefined {
  const name = option.replace(/^-+/, '');
  const found = pointers.find(
    ({ names, by, commands }) =>
      names.includes(name) && (commands?.includes(command) ?? (by !== undefined && known.includes(by))),
  );
  if (found) return found.say;
  const setting = name.replaceAll('-', '_');
  const section = (['train', 'data'] as const).find((one) => settingNames(one).includes(setting));
  return section !== undefined && known.includes('--set')
    ? `settings of the spec are changed by their paths: --set ${section}.${setting}=...`
    : undefined;
}
