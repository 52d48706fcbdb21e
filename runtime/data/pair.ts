/** The files of a sample, and where the files of a data set lie. */

/** Where the files of a data set lie. */
export interface DatasetFolders {
  /** The photos; undefined if there are only label maps, as for synthesis. */
  readonly images: string | undefined;
  /** The label maps: PNG, one class id a pixel. */
  readonly labels: string;
  /** Whether photo and label map lie side by side in each file; then `labels` is the same folder as `images`. */
  readonly isPaired?: boolean | undefined;
  /** Instance maps, 8- or 16-bit PNG, one instance id a pixel. */
  readonly instances?: string | undefined;
  /** Whether folders within the folders are searched. */
  readonly subfolders?: boolean | undefined;
  /** What the names of a folder's files have before their endings and their partners do not share. */
  readonly suffixes?: Readonly<Partial<Record<'images' | 'labels' | 'instances', string | undefined>>>;
  /** A text file that names the pairs to take, one a line. */
  readonly list?: string | undefined;
  /** A text file that names pairs to leave out, one a line. */
  readonly except?: string | undefined;
}

/** The files of one sample; `name` is the file name that they share, without suffix and ending, with its subfolder before it. */
export interface Pair {
  readonly name: string;
  readonly label: string;
  /** The same file as `label` where both lie side by side. */
  readonly image: string | undefined;
  readonly instances: string | undefined;
}

/** How the names of photos and of label maps end. */
export interface Suffixes {
  readonly image: string;
  readonly label: string;
}
