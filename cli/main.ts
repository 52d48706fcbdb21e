/** Defines the `spadework` command: its subcommands, and how they end. */
import { Help, type Command } from 'commander';
import { exitCodes } from '../dsl/errors.ts';
import { packageVersion } from '../runtime/base/package.ts';
import { outputLost, reportError } from './base/errors.ts';
import { commandLine } from './base/options.ts';
import { endWithParent, lostOutput, showsColor, tolerateClosedPipe, write } from './base/terminal.ts';
import { StrictCommand } from './base/strict-command.ts';
import { commands } from './commands.ts';

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
  failWhereFilesAreTooLarge();
  // An error thrown outside of the command, such as by a thread, ends the process like any other error.
  process.on('uncaughtException', (error) => process.exit(reportError(error)));
  endWithParent();
  if (process.env['SPADEWORK_VERIFY'] === '1')
    (await import('../compiler/passes/verification.ts')).verifyEverywhere(true);
  const code = await spadework(argv.slice(2));
  // Threads of engines would keep the process alive.
  process.stdout.write('', (error) => {
    const lost = lostOutput(error);
    const ended = lost ? reportError(outputLost(lost)) : code;
    process.stderr.write('', () => process.exit(ended));
  });
}

/** Ignores SIGXFSZ, so that a write beyond the file size limit fails with an error instead of killing the process. */
function failWhereFilesAreTooLarge(): void {
  process.on('SIGXFSZ', () => undefined);
}

/** Runs a command, given by its arguments, and gives the exit code. */
export async function spadework(words: readonly string[]): Promise<number> {
  process.exitCode = exitCodes.fine;
  try {
    await (await makeProgram(words)).parseAsync([...words], { from: 'user' });
    return process.exitCode;
  } catch (error) {
    return reportError(error);
  }
}

/** Makes the program with all commands by name, and what the one that is asked for takes and does. */
async function makeProgram(words: readonly string[]): Promise<Command> {
  const asked = words.find((word) => commands.some(({ name }) => name === word));
  // It knows the metrics and the settings of specs, which help needs not.
  const pointers = asked === undefined ? undefined : await import('./base/pointers.ts');
  const program = new StrictCommand('spadework', pointers?.pointerFor)
    .description('Trains networks for semantic image synthesis from specs, as one fused TensorFlow graph.')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(add --help for how to use it)')
    .configureOutput({
      writeOut: (text) => write(process.stdout, text),
      writeErr: (text) => write(process.stderr, text),
      getErrHasColors: () => showsColor(process.stderr),
      getOutHasColors: () => showsColor(process.stdout),
    })
    .configureHelp({ subcommandTerm: termOf })
    .addHelpText('after', examples);
  for (const { name, summary, load } of commands) {
    const command = program.command(name).summary(summary);
    if (name === asked) (await load())(command, commandLine(words));
  }
  return program;
}

/** Writes a command of a list; those of this program are known from the table alone. */
function termOf(command: Command): string {
  const listed = command.parent?.parent === null && commands.find(({ name }) => name === command.name());
  return listed ? `${listed.name} ${listed.usage}`.trimEnd() : new Help().subcommandTerm(command);
}
