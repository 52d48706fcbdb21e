/** Defines a pair (the files of a sample), and the folders of a data set. */

/** The folders of a data set. */
export interface DatasetFolders {
  /** The photos; undefined if there are only label maps, as for synthesis. */
  readonly images: string | undefined;
  /** The label maps: PNG with one class id per pixel. */
  readonly labels: string;
  /** Whether photo and label map are side by side in each file; then `labels` equals `images`. */
  readonly isPaired?: boolean | undefined;
  /** Instance maps: 8- or 16-bit PNG with one instance id per pixel. */
  readonly instances?: string | undefined;
  /** Whether subfolders are searched. */
  readonly subfolders?: boolean | undefined;
  /** The suffixes of file names before the endings, which partners do not share. */
  readonly suffixes?: Readonly<Partial<Record<'images' | 'labels' | 'instances', string | undefined>>>;
  /** A text file with the pairs to use, one per line. */
  readonly list?: string | undefined;
  /** A text file with the pairs to leave out, one per line. */
  readonly except?: string | undefined;
}

/** The files of one sample; `name` is their common file name without suffix and ending, with its subfolder. */
export interface Pair {
  readonly name: string;
  readonly label: string;
  /** The same file as `label` if both are side by side. */
  readonly image: string | undefined;
  readonly instances: string | undefined;
}

/** The suffixes of photos and of label maps. */
export interface Suffixes {
  readonly image: string;
  readonly label: string;
}
