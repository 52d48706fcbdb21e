/** Defines a class of a data set: its id in label maps, its name and its color. */

/** An RGB color, each channel 0..255. */
export type Color = readonly [number, number, number];

/** One class: the id that label maps hold, its name, and the color it is drawn in. */
export interface ClassInfo {
  readonly id: number;
  readonly name: string;
  readonly color: Color;
}

/** A class before missing colors are filled in. */
export interface PartialClass {
  readonly id: number;
  readonly name: string;
  readonly color: Color | undefined;
}
