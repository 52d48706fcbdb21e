/** Recognizes placeholders of files that were not fetched, such as Git LFS pointers. */

/** The kinds of placeholders: a description, and how to get the file. */
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

/** Recognizes a placeholder by the beginning of a file, one character per byte; undefined for other files. */
export function standInOf(start: string): keyof typeof standIns | undefined {
  if (start.startsWith('version https://git-lfs.github.com/spec/')) return 'pointer';
  const text = start.replace('\u00ef\u00bb\u00bf', ''); // the byte order mark of UTF-8
  return /^\s*<(!doctype\s+html|html|head|body)\b/i.test(text) ? 'page' : undefined;
}
