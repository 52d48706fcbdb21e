/** Defines the options that commands share, and reads integers of the command line. */
import { RepeatableOption } from './strict-command.ts';
import { InvalidArgumentError, Option } from 'commander';
import { quoted } from '../../runtime/base/shell.ts';

/** Makes a parser of integers from `least`, to `most` if it is given. */
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

/** Makes the option that changes an experiment by paths; it may be repeated. */
export function setOption(): Option {
  return new RepeatableOption(
    '--set <path=value>',
    "a change of the experiment, such as G.norm='instance()'; repeatable",
  ).argParser((text: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), text]);
}

/** Quotes the command line so that a user can type it again. */
export function commandLine(words: readonly string[]): string {
  return ['spadework', ...words.map(quoted)].join(' ');
}
