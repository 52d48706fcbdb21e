/** Answers for the `spadework` command: its commands, and how each of them ends. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { addAblate } from './commands/ablate.ts';
import { addCheck } from './commands/check.ts';
import { addData } from './commands/data.ts';
import { addCompare } from './commands/compare.ts';
import { addDiff } from './commands/diff.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEngine } from './commands/engine.ts';
import { addEval } from './commands/eval.ts';
import { addExplain } from './commands/explain.ts';
import { addExport } from './commands/export.ts';
import { addFmt } from './commands/fmt.ts';
import { addImport } from './commands/import.ts';
import { addProfile } from './commands/profile.ts';
import { addResume } from './commands/resume.ts';
import { addSynth } from './commands/synth.ts';
import { addTrain } from './commands/train.ts';
import { verifyEverywhere } from '../compiler/passes/verification.ts';
import { exitCodes } from '../dsl/errors.ts';
import { outputLost, reportError } from './base/errors.ts';
import { commandLine } from './base/options.ts';
import { endWithParent, lostOutput, showsColor, tolerateClosedPipe, write } from './base/terminal.ts';
import { StrictCommand } from './base/strict-command.ts';

const examples = `
Examples:
  spadework check examples/camvid-mini.spade
  spadework train examples/camvid-mini.spade
  spadework synth runs/camvid_mini-1 --labels examples/data/camvid-mini/test/labels --out painted

Exit codes: 0 fine, 1 something to mend in the input, 2 wrong usage, 3 the machine (engine, disk, memory).
Settings: SPADEWORK_ENGINE, SPADEWORK_CACHE, NO_COLOR; SPADEWORK_DEBUG=1 shows traces, SPADEWORK_VERIFY=1 verifies graphs.`;

/** Runs the command of this process and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  tolerateClosedPipe();
  verifyEverywhere(process.env['SPADEWORK_VERIFY'] === '1');
  failWhereFilesAreTooLarge();
  // What is thrown outside of the command's own course, such as by a thread, ends it as everything else does.
  process.on('uncaughtException', (error) => process.exit(reportError(error)));
  endWithParent();
  const code = await spadework(argv.slice(2));
  // Engines leave threads behind that would keep the process alive.
  process.stdout.write('', (error) => {
    const lost = lostOutput(error);
    const ended = lost ? reportError(outputLost(lost)) : code;
    process.stderr.write('', () => process.exit(ended));
  });
}

/** Lets a write beyond the limit of file sizes fail, with an error that can be shown, where the signal would end the process. */
function failWhereFilesAreTooLarge(): void {
  process.on('SIGXFSZ', () => undefined);
}

/** Runs a command, given by its words, and gives the exit code. */
export async function spadework(words: readonly string[]): Promise<number> {
  process.exitCode = exitCodes.fine;
  try {
    await makeProgram(commandLine(words)).parseAsync([...words], { from: 'user' });
    return process.exitCode;
  } catch (error) {
    return reportError(error);
  }
}

function makeProgram(line: string): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new StrictCommand('spadework')
    .description('Trains networks for semantic image synthesis from specs, as one fused TensorFlow graph.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for how to use it)')
    .configureOutput({
      writeOut: (text) => write(process.stdout, text),
      writeErr: (text) => write(process.stderr, text),
      getErrHasColors: () => showsColor(process.stderr),
      getOutHasColors: () => showsColor(process.stdout),
    })
    .addHelpText('after', examples);
  for (const add of [
    addCheck,
    addFmt,
    addExplain,
    addDiff,
    addTrain,
    addResume,
    addProfile,
    addSynth,
    addEval,
    addImport,
    addExport,
    addData,
    addAblate,
    addCompare,
    addDoctor,
    addEngine,
  ])
    add(program, line);
  return program;
}
