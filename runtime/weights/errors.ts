/** Answers for what readers of files of weights throw; what a user is told is made of their messages. */

/** Says that a file is not the file of tensors that it should be; the message says why. */
export class DamagedFile extends Error {}

/** Says that a file would take more than its size can explain; the message says of what, the hint how to go on. */
export class TooLarge extends DamagedFile {
  constructor({ why, hint }: { readonly why: string; readonly hint: string }) {
    super(why);
    this.hint = hint;
  }

  readonly hint: string;
}

/** Says that a file is sound, but none of tensors; the message says what it is, the hint how weights come of it. */
export class OtherKind extends Error {
  constructor(
    what: string,
    readonly hint: string,
  ) {
    super(what);
  }
}

/** Says that a file asks for what no file of tensors needs; the message says for what. */
export class RefusedFile extends Error {}
