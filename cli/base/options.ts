/** Answers for reading values of the command line: whole numbers in their ranges, and options that commands share. */
import { RepeatableOption } from './strict-command.ts';
import { InvalidArgumentError, Option } from 'commander';
import { quoted } from '../../runtime/base/shell.ts';

/** Makes a reader of whole numbers from `least` on, up to `most` where it is given. */
export function integer(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > (most ?? value))
      throw new InvalidArgumentError(
        `Expected a whole number from ${least} ${most === undefined ? 'on' : `to ${most}`}.`,
      );
    return value;
  };
}

/** Makes the option that chooses the engine. */
export function engineOption(): Option {
  const choices = ['auto', 'native', 'portable'];
  return new Option('--engine <engine>', 'what to run on').choices(choices).default('auto');
}

/** Makes the option that changes an experiment by paths; it may be given several times. */
export function setOption(): Option {
  return new RepeatableOption(
    '--set <path=value>',
    "a change of the experiment, such as G.norm='instance()'; repeatable",
  ).argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
}

/** Gives the command line as a user would type it again. */
export function commandLine(words: readonly string[]): string {
  return ['spadework', ...words.map(quoted)].join(' ');
}
