/** Tells what is for the user of whatever was thrown: what the machine and its file system refused is no bug of ours. */
import { inputError, isForUser, machineError, type SpadeworkError } from '../../dsl/errors.ts';
import { isPathError, reasonOf } from './file-reasons.ts';
import { shortageOf } from './shortage.ts';

/** Gives an error that is for the user: ours, or what the machine and its file system refused where nobody nearer to it said so. */
export function knownError(thrown: unknown): SpadeworkError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (isForUser(thrown)) return thrown;
  const shortage = shortageOf(thrown);
  if (shortage) return machineError(shortage.code, shortage.what, shortage.fix, { cause: thrown });
  if (!isPathError(thrown) || thrown.path === undefined) return undefined;
  return inputError(
    'unusable-file',
    `'${thrown.path}' cannot be used: ${reasonOf(thrown)}`,
    'check what is there, and that you may use it',
  );
}
