/** Defines `spadework compare`: writes one page that compares runs, or all runs of an ablation. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { visible } from '../../dsl/escape.ts';
import { integer } from '../base/options.ts';
import { note, print } from '../base/terminal.ts';

interface CompareFlags {
  readonly out?: string;
  readonly baseline?: string;
  readonly maxMaps?: number;
  readonly compact?: boolean;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  spadework compare ablations/normalization
  spadework compare runs/spade-1 runs/spade-2 runs/instance-1 runs/instance-2 --baseline spade
  spadework compare ablations/normalization --compact --out docs/results/normalization

Runs of one spec that differ in the seed alone are one cell of the table. Numbers of different protocols are refused.`;

/** Adds the command; the page shows the command line `line`. */
export function addCompare(command: Command, line: string): void {
  command
    .description(
      'Compares runs, or all runs of an ablation: a page with numbers, paired differences, pictures and curves, and tables as Markdown, CSV and LaTeX.',
    )
    .argument('<folders...>', 'folders of runs, or the folder of one ablation')
    .option('--out <folder>', 'where to write (default: <ablation>/comparison, or comparison)')
    .option('--baseline <label>', 'what others are compared to (default: the first)')
    .option('--max-maps <n>', 'label maps that are shown side by side', integer(1))
    .option('--compact', 'few and small pictures, no links to the runs: a page to keep or send')
    .option('--quiet', 'print nothing but mistakes and the path of the page')
    .addHelpText('after', examples)
    .action(async (folders: readonly string[], flags: CompareFlags) => {
      const { compare } = await import('../../runtime/library/use.ts');
      const { quiet, ...options } = flags;
      const [first] = folders;
      const out =
        flags.out ?? (folders.length === 1 && first !== undefined ? join(first, 'comparison') : 'comparison');
      const { page, verdict, notes } = await compare(folders, { ...options, out, command: line });
      if (!quiet) {
        for (const sentence of verdict) note(sentence);
        for (const { text, command } of notes)
          note(visible(command === undefined ? text : `${text} ${command}`));
      }
      print(page);
    });
}
