/** Defines `spadework diff`: lists the differences in meaning between two specs. */
import type { Command } from 'commander';
import { setOption } from '../base/options.ts';
import { loadSpecOrRun } from '../base/specs.ts';
import { print, printJson } from '../base/terminal.ts';

interface DiffFlags {
  readonly name?: string;
  readonly otherName?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Adds the command. */
export function addDiff(command: Command): void {
  command
    .description(
      'Shows what differs between two specs in meaning: data, networks, losses, training. Layout, comments and names of ' +
        'experiments make no difference.',
    )
    .argument('<one>', 'a spec, or the folder of a run')
    .argument('[other]', 'the other one (default: the same spec, for --other-name or --set)')
    .option('--name <experiment>', 'the experiment, where a file holds several')
    .option('--other-name <experiment>', "the other file's experiment (default: the same name)")
    .addOption(setOption().default(undefined, 'none; it changes the other one'))
    .option('--json', 'write the differences as JSON')
    .addHelpText(
      'after',
      "\nExamples:\n  spadework diff one.spade other.spade\n  spadework diff runs/tiny-1 runs/tiny-2\n  spadework diff my.spade --set G.norm='batch()'",
    )
    .action(async (one: string, other: string | undefined, flags: DiffFlags) => {
      const { diffSpecs, renderDiff } = await import('../../compiler/diff/index.ts');
      const { name, otherName = name, set } = flags;
      const diff = diffSpecs(
        await loadSpecOrRun(one, { name }),
        await loadSpecOrRun(other ?? one, { name: otherName, set }),
      );
      if (flags.json) printJson(JSON.stringify(diff, undefined, 2));
      else print(renderDiff(diff.before === diff.after ? { ...diff, ...placesOf(one, other, set) } : diff));
    });
}

/** Gives the files of two specs with the same name. */
function placesOf(one: string, other: string | undefined, set: readonly string[] | undefined) {
  return { before: one, after: other ?? set?.join(' ') ?? one };
}
