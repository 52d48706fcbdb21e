/** Converts thrown errors to errors for users: a lack of resources and errors of the file system are not bugs. */
import { inputError, isForUser, machineError, type SpadeworkError } from '../../dsl/errors.ts';
import { isPathError, reasonOf } from './file-reasons.ts';
import { shortageOf } from './shortage.ts';

/**
 * Gives the error for users: our own, or one made from an error of the machine or its file system that was not handled
 * earlier; undefined for bugs.
 */
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
