/** Answers for where a Python with TensorBoard is. */
import { spawnSync } from 'node:child_process';

/** Finds a Python that has TensorBoard: what SPADEWORK_TENSORBOARD_PYTHON names, or `python3`; undefined where neither has it. */
export function findTensorBoard(): string | undefined {
  return [process.env['SPADEWORK_TENSORBOARD_PYTHON'], 'python3'].find(
    (one) => one && spawnSync(one, ['-c', 'import tensorboard']).status === 0,
  );
}
