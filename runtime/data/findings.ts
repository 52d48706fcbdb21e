/** Answers for what reading samples shows beside their pixels, as plain data that threads hand over and that can be added up. */
import type { ClassInfo, Color } from './class-info.ts';
import type { PictureError, Size } from './decode.ts';
import { emptyTally, TallySum, type Tally } from './tally.ts';

/** What a file of a data set is, in the words of the messages. */
export type Role = 'label maps' | 'photos' | 'instance maps' | 'paired pictures';

/** A pixel, in the file's own resolution. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** What of a label map stands for nothing: the first pixel in reading order, and how many there are. */
export interface Wrong extends Pixel {
  readonly pixels: number;
  readonly total: number;
}

/** Label values outside the declared classes, as found in one file. */
export interface Undeclared extends Wrong {
  readonly value: number;
  /** The distinct wrong values. */
  readonly values: readonly number[];
}

/** Colors that no class has, as found in one file. */
export interface UndeclaredColor extends Wrong {
  readonly color: Color;
  /** Some of the distinct wrong colors. */
  readonly colors: readonly Color[];
  /** Of the first wrong pixel. */
  readonly nearest: { readonly class: ClassInfo; readonly distance: number };
  /** The longest distance of a wrong color from that of the nearest class. */
  readonly farthest: number;
}

/** A picture and its size. */
export interface Sized extends Size {
  readonly file: string;
}

/** What keeps a sample from being used. */
export type Fault =
  | { readonly kind: 'unread'; readonly file: string; readonly role: Role; readonly reason: string }
  | {
      readonly kind: 'undecoded';
      readonly file: string;
      readonly role: Role;
      readonly why: PictureError['why'];
      readonly reason: string;
    }
  | ({ readonly kind: 'colored'; readonly file: string; readonly role: Role; readonly color: Color } & Pixel)
  | { readonly kind: 'value'; readonly file: string; readonly found: Undeclared }
  | { readonly kind: 'color'; readonly file: string; readonly found: UndeclaredColor }
  | {
      readonly kind: 'shape';
      readonly first: Sized;
      readonly second: Sized;
      /** Whether they would agree if orientation tags were read the other way. */
      readonly isTurned: boolean;
    };

/** What can be used, but may be read otherwise than it was meant. */
export type Note = { readonly file: string; readonly role: Role } & (
  | {
      readonly kind: 'orientation';
      readonly orientation: number;
      /** Whether the pair is of one shape where tags are read the other way. */
      readonly fitsOtherwise: boolean;
    }
  | { readonly kind: 'frames'; readonly frames: number }
  | { readonly kind: 'ending'; readonly format: string }
  | { readonly kind: 'doubtful'; readonly reason: string }
  | { readonly kind: 'gamma'; readonly gamma: number }
  | { readonly kind: 'transparent' | 'cmyk' | 'dark' | 'deepColors' | 'greyPalette' }
  | {
      readonly kind: 'palette';
      /** The colors of the indices that occur, packed. */
      readonly colors: readonly (readonly [index: number, color: number])[];
    }
);

/** What reading some samples showed. */
export interface Findings {
  readonly faults: readonly Fault[];
  readonly notes: readonly Note[];
  /** What label maps hold. */
  readonly tally: Tally;
}

/** Adds up what reading samples showed, in the order of the samples. */
export class FindingsSum {
  private readonly parts: (Findings | undefined)[] = [];
  private readonly tally = new TallySum();

  /** Adds the findings of one sample, or of a whole data set. */
  add(findings: Findings, index = this.parts.length): void {
    this.parts[index] = { ...findings, tally: emptyTally };
    this.tally.add(findings.tally);
  }

  get sum(): Findings {
    const parts = this.parts.filter((part) => part !== undefined);
    return {
      faults: parts.flatMap(({ faults }) => faults),
      notes: parts.flatMap(({ notes }) => notes),
      tally: this.tally.sum,
    };
  }
}
