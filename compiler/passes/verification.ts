/** The switch that has every compilation of a process verify its graphs after every stage: for tests, and for finding bugs. */

let isOn = false;

/** Turns it on or off; a compilation's own option `verify` goes before. */
export function verifyEverywhere(on: boolean): void {
  isOn = on;
}

export const verifiesEverywhere = (): boolean => isOn;
