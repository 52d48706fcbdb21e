/** Starts the worker process of a command: loads and runs the command, and explains an error of loading. */
import { setFlagsFromString } from 'node:v8';
import { failureOfLoading } from './supervise.js';

// V8 optimizes code that has run for a while. Most commands end before this pays off, so V8 waits ten times as long.
setFlagsFromString('--interrupt-budget=1000000');

/** Ends the process if the command cannot be loaded; afterwards main.ts handles errors. */
const endWhileLoading = (error) => {
  process.stderr.write(failureOfLoading(error));
  process.exit(3);
};

process.on('uncaughtException', endWhileLoading);
// Throws if the working folder was deleted.
process.cwd();
const { loadCommand } = await import('./load.js');
const { main } = await loadCommand();
process.off('uncaughtException', endWhileLoading);
await main(process.argv);
