/** Runs as a child process: loads an engine with freshly compiled kernels, and prints two rows that one of them reads. */
import { loadBinding } from './load-binding.ts';

const [, , folder, kernels] = process.argv;
if (folder === undefined || kernels === undefined)
  throw new Error('kernels-proof.ts needs the folder of the engine and the file of the kernels');
const tf = loadBinding(folder, { quiet: false, kernels });
const backend = tf.backend() as unknown as {
  executeSingleOutput(op: string, attrs: [], inputs: object[]): { dataSync(): Float32Array };
};
const table = tf.tensor2d([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const rows = backend.executeSingleOutput('SpadeworkExpandRows', [], [table, tf.tensor1d([2, 0], 'int32')]);
process.stdout.write(`${[...rows.dataSync()].join()}\n`);
