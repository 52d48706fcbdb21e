/** Answers for the lines of messages: they end where we end them, whatever names and texts of files hold. */
import { visible } from '../../dsl/escape.ts';

/** Puts a message of one line, or of several, and its hint together. */
export function withHint(message: string | readonly string[], hint: string): string {
  const lines = typeof message === 'string' ? [message] : message;
  return [...lines, `hint: ${hint}`].map(visible).join('\n');
}
