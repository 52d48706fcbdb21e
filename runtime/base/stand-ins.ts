/** Answers for files that stand in for others that were not fetched, whatever these are called. */

/** What lies in the place of a file that was not fetched: what it is, and how to get the file. */
export const standIns = {
  page: {
    what: 'a web page, not the file that was to be fetched',
    fetch:
      'fetch the file itself: a server gives a page where it asks for a login, a confirmation or another address',
  },
  pointer: {
    what: 'a pointer of Git LFS, which stands for a file that was not fetched',
    fetch: 'fetch the file in its repository: git lfs pull',
  },
} as const;

/** Tells by the beginning of a file, one character a byte, what stands in its place; undefined for all else. */
export function standInOf(start: string): keyof typeof standIns | undefined {
  if (start.startsWith('version https://git-lfs.github.com/spec/')) return 'pointer';
  const text = start.replace('\u00ef\u00bb\u00bf', ''); // the mark of UTF-8
  return /^\s*<(!doctype\s+html|html|head|body)\b/i.test(text) ? 'page' : undefined;
}
