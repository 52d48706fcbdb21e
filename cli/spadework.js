#!/usr/bin/env node
/**
 * Starts the command. What computes works in a process of its own, so that this one, which loads nothing, can tell how that ended:
 * memory that runs out takes a process without a word. Help, and commands that read and write texts alone, need none; a second
 * process would take them a fifth of their time.
 */
const [command = '', ...words] = process.argv.slice(2);
const asksForHelp = [command, ...words].some((word) => ['--help', '-h'].includes(word));
const worksHere = ['', 'help', 'check', 'diff', 'fmt'].includes(command) || command.startsWith('-');

if (!worksHere && !asksForHelp) {
  const { superviseWork } = await import('./supervise.js');
  superviseWork([command, ...words]);
} else await import('./work.js');
