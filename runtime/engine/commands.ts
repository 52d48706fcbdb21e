/** Finds and runs other programs, without a shell. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { wordsToRun } from '../base/package.ts';

/** Holds how a program ended. `code` is null where a signal ended it. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** Finds the path of the program `name` on the PATH of `environment`; undefined where it is not there. */
export function findCommand(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const candidates = isAbsolute(name)
    ? [name]
    : (environment['PATH'] ?? '')
        .split(delimiter)
        .filter((folder) => folder !== '')
        .map((folder) => join(folder, name));
  return candidates.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Runs a program to its end and gives what it wrote. A program that cannot be started ends with code 127. */
export function runCommand(
  program: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    const stopWithUs = () => child.kill();
    process.once('exit', stopWithUs);
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.stderr.on('data', (part: Buffer) => errors.push(part));
    child.on('error', (error) => {
      process.removeListener('exit', stopWithUs);
      resolve({ code: 127, signal: null, output: '', errors: error.message });
    });
    child.on('close', (code, signal) => {
      process.removeListener('exit', stopWithUs);
      resolve({
        code,
        signal,
        output: Buffer.concat(output).toString('utf8'),
        errors: Buffer.concat(errors).toString('utf8'),
      });
    });
  });
}

/** Runs a module of this folder in a Node process of its own. */
export function runProgram(
  name: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  const words = [...wordsToRun(`runtime/engine/${name}`), ...parameters];
  return runCommand(process.execPath, words, environment);
}

/** Gives the last line that says something, for a one-line reason. */
export function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .at(-1) ?? 'no output'
  );
}
