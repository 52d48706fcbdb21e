/** Defines the errors of the readers of weight files; messages for users are made from them. */

/** A file is damaged, or is not the expected file of tensors; the message says why. */
export class DamagedFile extends Error {}

/**
 * Reading a file would use more memory than its size justifies; the message names the resource, the hint a way around.
 */
export class TooLarge extends DamagedFile {
  constructor({ why, hint }: { readonly why: string; readonly hint: string }) {
    super(why);
    this.hint = hint;
  }

  readonly hint: string;
}

/** A valid file without tensors; the message names its kind, the hint how to get weights from it. */
export class OtherKind extends Error {
  constructor(
    what: string,
    readonly hint: string,
  ) {
    super(what);
  }
}

/** A file contains something that no file of tensors needs; the message says what. */
export class RefusedFile extends Error {}
