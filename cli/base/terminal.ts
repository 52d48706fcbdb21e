/**
 * Answers for writing to the terminal: where lines go, whether they may be colored, and that texts of users command it nothing.
 * Nothing else in the program writes to the standard streams.
 */
import { fstatSync, writeSync } from 'node:fs';
import { forTerminal, jsonForTerminal } from '../../dsl/escape.ts';
import { isInterrupted } from './interrupts.ts';

/** Whether anything was written that is more than a remark. */
let hasResults = false;
/** Why a file that the output goes to could not take it all. */
let failure: NodeJS.ErrnoException | undefined;

/** Writes a result for the user or the next program. */
export function print(line: string): void {
  write(process.stdout, `${line}\n`);
}

/** Writes a remark about what is being done, or a mistake; results stay apart from it. */
export function note(line: string): void {
  write(process.stderr, `${line}\n`);
}

/** Writes text of any origin to a stream: what cannot be seen is shown by its number, but for lines, tabs and our own colors. */
export function write(stream: NodeJS.WriteStream, text: string): void {
  hasResults ||= stream === process.stdout;
  send(stream, forTerminal(text, showsColor(stream)));
}

/** Hands text to a stream. Of a file, Node's own streams take what there is room for, and drop the rest without a word. */
function send(stream: NodeJS.WriteStream & { readonly fd?: number | undefined }, text: string): void {
  const { fd } = stream;
  if (fd === undefined || !isFile(fd)) {
    stream.write(text);
    return;
  }
  const bytes = Buffer.from(text);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  } catch (error) {
    failure ??= error as NodeJS.ErrnoException;
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // it is closed, which the stream knows
  }
}

/** Writes a result as JSON: the same value, in characters that command a terminal nothing. */
export function printJson(json: string): void {
  print(jsonForTerminal(json));
}

/** Writes a text as it is, byte by byte, for a file or the next program; a terminal is shown it like any other. */
export function printExactly(text: string): void {
  if (process.stdout.isTTY) write(process.stdout, text);
  else send(process.stdout, text);
  hasResults = true;
}

/** Moves the cursor of a terminal `lines` up and erases what is below. */
export function eraseLines(stream: NodeJS.WriteStream, lines: number): void {
  if (lines > 0) stream.write(`\u001b[${lines}A\u001b[J`);
}

/** Erases the line of a terminal in which the cursor is. */
export function eraseLine(stream: NodeJS.WriteStream): void {
  stream.write('\r\u001b[K');
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
      if (error.code === 'EPIPE' && !isInterrupted()) process.exit(0);
      // Whoever ends the command hears of the others, once all is done.
    });
}

/**
 * Gives why results are lost that somebody waits for: neither does nobody read any more, nor is the terminal gone. `error` is what the
 * stream says in the end.
 */
export function lostOutput(error: NodeJS.ErrnoException | null | undefined): Error | undefined {
  const found = failure ?? error ?? undefined;
  return hasResults && found?.code !== 'EPIPE' && found?.code !== 'EIO' ? found : undefined;
}

/**
 * Ends a process that another one of ours has started once that one is gone, as if it had asked: whoever hears SIGTERM saves
 * first.
 */
export function endWithParent(): void {
  if (!process.channel) return;
  process.once('disconnect', () => {
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM');
    else process.exit(130);
  });
}
