/** Runs as a child process: loads a freshly compiled engine, multiplies two matrices, and prints the result as JSON. */
import { loadBinding } from './load-binding.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('proof.ts needs the folder of the engine');
const tf = loadBinding(folder, { quiet: false });
const product = tf.matMul(
  tf.tensor2d([
    [1, 2],
    [3, 4],
  ]),
  tf.tensor2d([
    [5, 6],
    [7, 8],
  ]),
);
const backend = tf.backend() as unknown as { binding: { TF_Version: string }; isUsingGpuDevice: boolean };
const proof = {
  product: [...product.dataSync()],
  libraryVersion: backend.binding.TF_Version,
  device: backend.isUsingGpuDevice ? 'gpu' : 'cpu',
};
process.stdout.write(`${JSON.stringify(proof)}\n`);
