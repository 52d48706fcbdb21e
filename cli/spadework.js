#!/usr/bin/env node
/** Answers for starting the command: Node learns to read TypeScript, then the command itself is loaded. */
import { register } from 'tsx/esm/api';
// Loaded before Node learns: the parser library comes in hundreds of files, each of which would be asked about.
import 'chevrotain';

register();
const { main } = await import('./main.ts');
await main(process.argv);
