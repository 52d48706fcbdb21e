/** Reads files of tensors, PyTorch's and safetensors, as arrays by name. */
import { pathArgument } from './checks.ts';
import { openWeights } from '../weights/file.ts';
import { inLongCall } from './messages.ts';
import type { Tensor, Tensors } from './types.ts';

/**
 * Reads every tensor of a safetensors or PyTorch file, by its name and in its layout, as float32. No code in the file
 * is run. Rejects with a SpadeworkError if the file is missing, damaged, or holds anything but tensors in containers.
 */
export function readTensors(file: string): Promise<Tensors> {
  return inLongCall('readTensors', async () => readAll(pathArgument('file', file, 'the path of a file')));
}

async function readAll(file: string): Promise<Tensors> {
  const opened = await openWeights(file);
  return Object.fromEntries(
    [...opened.tensors].map(([name, { shape }]): [string, Tensor] => [
      name,
      { shape, values: opened.read(name) },
    ]),
  );
}
