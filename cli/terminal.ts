/** Answers for writing to the terminal: where lines go, and whether they may be colored. */
import { isInterrupted } from './interrupts.ts';

/** Writes a result for the user or the next program. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a remark about what is being done, or a mistake; results stay apart from it. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Tells whether a stream shows colors: a terminal, unless NO_COLOR (https://no-color.org) is set. */
export function showsColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/**
 * Lets `spadework ... | head` end quietly: nobody reads on, so there is nothing to say. A terminal that is gone is no reason to end,
 * and neither is a closed pipe while the command is saving because it was asked to end.
 */
export function tolerateClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EIO' || (error.code === 'EPIPE' && isInterrupted())) return;
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
}

/**
 * Ends a process that another one of ours has started once that one is gone, as if it had asked: whoever hears SIGTERM saves
 * first.
 */
export function endWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => {
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM');
    else process.exit(130);
  });
}
