#!/usr/bin/env node
/**
 * Answers for starting the command. It works in a process of its own, so that this one, which loads nothing, can tell how that ended:
 * memory that runs out takes a process without a word. Help needs none.
 */
const [command = '', ...words] = process.argv.slice(2);
const asksForHelp = [command, ...words].some((word) => ['--help', '-h'].includes(word));
const isCommand = !['', 'help'].includes(command) && !command.startsWith('-');

if (isCommand && !asksForHelp) {
  const { superviseWork } = await import('./supervise.js');
  superviseWork([command, ...words]);
} else await import('./work.js');
