/** Answers for the process that does a command's work: Node learns to read TypeScript, then the command itself is loaded. */
import { failureOfLoading } from './supervise.js';

/** Ends for what keeps the command from being loaded; main.ts takes over once it is there. */
const endWhileLoading = (error) => {
  process.stderr.write(failureOfLoading(error));
  process.exit(3);
};

process.on('uncaughtException', endWhileLoading);
const { register } = await import('tsx/esm/api');
// Loaded before Node learns: the parser library comes in hundreds of files, each of which would be asked about.
await import('chevrotain');
register();
const { main } = await import('./main.ts');
process.off('uncaughtException', endWhileLoading);
await main(process.argv);
