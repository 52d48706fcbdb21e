#!/usr/bin/env node
/**
 * Starts a command. Commands that compute run in a worker process; this process, which loads nothing, explains how the
 * worker ended, since a process that runs out of memory dies without a message. Help, and commands that only read and
 * write texts, run without a worker: starting one would take a fifth of their time.
 */
const [command = '', ...words] = process.argv.slice(2);
const asksForHelp = [command, ...words].some((word) => ['--help', '-h'].includes(word));
const worksHere = ['', 'help', 'check', 'diff', 'fmt'].includes(command) || command.startsWith('-');

if (!worksHere && !asksForHelp) {
  const { superviseWork } = await import('./supervise.js');
  superviseWork([command, ...words]);
} else await import('./work.js');
