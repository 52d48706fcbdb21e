#!/usr/bin/env node
/**
 * Answers for starting the command. What computes or reads data works in a process of its own, so that this one, which loads nothing,
 * can tell how that ended: memory that runs out takes a process without a word. Light commands work right here.
 */
const watched = new Set([
  'train',
  'resume',
  'profile',
  'synth',
  'eval',
  'import',
  'export',
  'data',
  'ablate',
  'compare',
  'check',
  'explain',
  'diff',
]);
const [command = '', ...words] = process.argv.slice(2);
const asksForHelp = words.some((word) => word === '--help' || word === '-h');

if (watched.has(command) && !asksForHelp) {
  const { superviseWork } = await import('./supervise.js');
  superviseWork([command, ...words]);
} else await import('./work.js');
