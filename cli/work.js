/** Starts the process that does a command's work: loads the command, and says so where that fails. */
import { failureOfLoading } from './supervise.js';

/** Ends for what keeps the command from being loaded; main.ts takes over once it is there. */
const endWhileLoading = (error) => {
  process.stderr.write(failureOfLoading(error));
  process.exit(3);
};

process.on('uncaughtException', endWhileLoading);
await import('./typescript.js');
const { main } = await import('./main.ts');
process.off('uncaughtException', endWhileLoading);
await main(process.argv);
