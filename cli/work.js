/** Starts the process that does a command's work: loads the command, and says so where that fails. */
import { setFlagsFromString } from 'node:v8';
import { failureOfLoading } from './supervise.js';

// V8 optimizes what has run for a while. Most commands end so soon that this takes longer than it saves: it waits ten times as long.
setFlagsFromString('--interrupt-budget=1000000');

/** Ends for what keeps the command from being loaded; main.ts takes over once it is there. */
const endWhileLoading = (error) => {
  process.stderr.write(failureOfLoading(error));
  process.exit(3);
};

process.on('uncaughtException', endWhileLoading);
// Throws where the folder was deleted that files are named from.
process.cwd();
const { loadCommand } = await import('./load.js');
const { main } = await loadCommand();
process.off('uncaughtException', endWhileLoading);
await main(process.argv);
