/**
 * Defines what checking samples finds, faults and notes, as plain data that threads can send and that can be merged.
 */
import type { ClassInfo, Color } from './class-info.ts';
import type { PictureError } from './decode.ts';
import type { Size } from './maps.ts';
import { emptyTally, TallySum, type Tally } from './tally.ts';

/** The role of a file in a data set, as messages name it. */
export type Role = 'label maps' | 'photos' | 'instance maps' | 'paired pictures';

/** A pixel, in the file's own resolution. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** Pixels of a label map without a class: the first in reading order, and their number. */
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

/** A reason why a sample cannot be used. */
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
      /** Whether the shapes agree if orientation tags are treated the other way. */
      readonly isTurned: boolean;
    };

/** A note on a usable file that may be read differently than intended. */
export type Note = { readonly file: string; readonly role: Role } & (
  | {
      readonly kind: 'orientation';
      readonly orientation: number;
      /** Whether the shapes agree if tags are treated the other way. */
      readonly fitsOtherwise: boolean;
    }
  | { readonly kind: 'frames'; readonly frames: number }
  | { readonly kind: 'ending'; readonly format: string }
  | { readonly kind: 'doubtful'; readonly reason: string }
  | { readonly kind: 'gamma'; readonly gamma: number }
  | { readonly kind: 'transparent' | 'cmyk' | 'dark' | 'deepColors' | 'greyPalette' }
  | {
      readonly kind: 'palette';
      /** The colors of the indices that occur, packed into numbers. */
      readonly colors: readonly (readonly [index: number, color: number])[];
    }
);

/** The findings of some samples. */
export interface Findings {
  readonly faults: readonly Fault[];
  readonly notes: readonly Note[];
  /** Counts of the values and colors in label maps. */
  readonly tally: Tally;
}

/** Merges findings, in the order of the samples. */
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
