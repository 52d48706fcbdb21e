/** Defines `spadework fmt`: formats specs in the canonical layout. */
import { accessSync, constants, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parse, print as printSpec } from '../../dsl/index.ts';
import { exitCodes, inputError, machineError, SpadeworkError } from '../../dsl/errors.ts';
import { endWith, reportError } from '../base/errors.ts';
import { reasonOf } from '../../runtime/base/file-reasons.ts';
import { shortageOf } from '../../runtime/base/shortage.ts';
import { readSpecFile } from '../../runtime/run/spec-files.ts';
import { print, printExactly } from '../base/terminal.ts';

interface FmtOptions {
  readonly check?: boolean;
  readonly write?: boolean;
}

/** Adds the command. */
export function addFmt(command: Command): void {
  command
    .description('Prints specs in their canonical layout; comments stay.')
    .argument('<file...>', 'specs to format')
    .option('--check', 'only name the files that are laid out otherwise, and exit with 1 if there are any')
    .option('--write', 'write the layout back into the files')
    .addHelpText(
      'after',
      '\nExamples:\n  spadework fmt my.spade\n  spadework fmt --write *.spade\n  spadework fmt --check *.spade',
    )
    .action((files: string[], options: FmtOptions) => {
      for (const file of files) formatOne(file, options);
    });
}

/** Formats one file; if it has mistakes, the other files are still formatted. */
function formatOne(file: string, options: FmtOptions): void {
  try {
    format(file, options);
  } catch (error) {
    endWith(reportError(error));
  }
}

function format(file: string, options: FmtOptions): void {
  const source = readSpecFile(file);
  const { file: tree, diagnostics } = parse(source);
  if (!tree || diagnostics.length > 0) throw new SpadeworkError('input', diagnostics);
  const text = printSpec(tree);
  if (options.check || options.write) {
    if (text === source.text) return;
    if (options.write) {
      write(file, text);
      print(`formatted ${file}`);
    } else {
      print(`${file} is laid out otherwise (spadework fmt --write ${file})`);
      endWith(exitCodes.input);
    }
  } else printExactly(text);
}

/** Replaces a file atomically, since it may be the user's only copy. Links are followed, and permissions are kept. */
function write(file: string, text: string): void {
  try {
    const place = realpathSync(file);
    accessSync(place, constants.W_OK);
    const temporary = `${place}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, text, { mode: statSync(place).mode, flag: 'wx' });
      renameSync(temporary, place);
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch (error) {
    const shortage = shortageOf(error);
    if (shortage)
      throw machineError(
        shortage.code,
        `'${file}' cannot be written: ${shortage.what}`,
        `${shortage.fix}; the file is as it was`,
        { cause: error },
      );
    throw inputError(
      'unwritable-spec',
      `'${file}' cannot be written: ${reasonOf(error as NodeJS.ErrnoException)}`,
      'check that you may write to it',
    );
  }
}
