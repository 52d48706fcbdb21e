/** Runs as a child process: loads one engine, measures it, and prints its GFLOP/s. */
import { loadBinding } from './load-binding.ts';
import { measureConvolution } from './measure.ts';
import { loadPortable } from './portable.ts';

// The folder of a native engine, or nothing for the portable one.
const folder = process.argv[2];
const tf = folder === undefined ? await loadPortable('wasm') : loadBinding(folder);
process.stdout.write(`${measureConvolution(tf)}\n`);
