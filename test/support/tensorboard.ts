/** Finds a Python with TensorBoard. */
import { spawnSync } from 'node:child_process';

/**
 * Finds a Python that has TensorBoard: the one in SPADEWORK_TENSORBOARD_PYTHON, or `python3`; undefined if neither has
 * it.
 */
export function findTensorBoard(): string | undefined {
  return [process.env['SPADEWORK_TENSORBOARD_PYTHON'], 'python3'].find(
    (one) => one && spawnSync(one, ['-c', 'import tensorboard']).status === 0,
  );
}
