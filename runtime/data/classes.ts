/** Reads the classes of a data set from classes.json, and generates colors for classes without one. */
import { whyNotJson } from '../base/file-reasons.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Color, ClassInfo, PartialClass } from './class-info.ts';
import { readRegularSync, whyUnread } from './files.ts';
import {
  dataError,
  badClass,
  classesNotJson,
  noClassList,
  noClassesFile,
  repeatedClass,
} from './messages.ts';

/** The highest id a label map can hold: 16-bit PNG. */
const HIGHEST_ID = 65535;

const isByte = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;

function isColor(value: unknown): value is Color {
  return Array.isArray(value) && value.length === 3 && value.every(isByte);
}

/**
 * Reads the classes of a file such as `{"classes": [{"id": 0, "name": "sky", "color": [r, g, b]}]}`, in the file's
 * order. Classes without a color get generated, distinct ones. Throws a SpadeworkError that lists all mistakes.
 */
export function readClasses(file: string): ClassInfo[] {
  return withColors(readLegend(file));
}

/** Reads the classes of a file without filling in colors. Throws a SpadeworkError that lists all mistakes. */
export function readLegend(file: string): PartialClass[] {
  let text: string;
  try {
    text = readRegularSync(file).toString('utf8');
  } catch (error) {
    throw dataError(noClassesFile(file, whyUnread(file, error)));
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw dataError(classesNotJson(file, whyNotJson(error)));
  }
  const entries = (content as { classes?: unknown } | null)?.classes;
  if (!Array.isArray(entries) || entries.length === 0) throw dataError(noClassList(file));

  const problems: Diagnostic[] = [];
  const found: PartialClass[] = [];
  const ids = new Set<number>();
  const names = new Set<string>();
  entries.forEach((entry: unknown, position) => {
    if (typeof entry !== 'object' || entry === null) {
      problems.push(badClass(file, position, 'has to be an object', entry));
      return;
    }
    const { id, name, color } = entry as { id?: unknown; name?: unknown; color?: unknown };
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > HIGHEST_ID) {
      problems.push(badClass(file, position, `needs an integer "id" of 0..${HIGHEST_ID}`, id));
    } else if (ids.has(id)) problems.push(repeatedClass(file, 'id', id));
    else ids.add(id);
    if (typeof name !== 'string' || name.trim() === '') {
      problems.push(badClass(file, position, 'needs a "name", a text', name));
    } else if (names.has(name)) problems.push(repeatedClass(file, 'name', name));
    else names.add(name);
    if (color !== undefined && !isColor(color)) {
      problems.push(badClass(file, position, 'needs a "color" of three integers of 0..255', color));
    }
    found.push({ id: Number(id), name: String(name), color: isColor(color) ? color : undefined });
  });
  if (problems.length > 0) throw dataError(...problems);
  return found;
}

/** Makes the classes 0..count-1 of a data set without names; each is named by its id. */
export function numberedClasses(count: number): ClassInfo[] {
  return withColors(
    Array.from({ length: count }, (_, id) => ({ id, name: `class ${id}`, color: undefined })),
  );
}

/** Fills in missing colors with distinct ones. */
export function withColors(classes: readonly PartialClass[]): ClassInfo[] {
  const taken = new Set(classes.flatMap(({ color }) => (color === undefined ? [] : [color.join()])));
  let candidate = 0;
  return classes.map(({ id, name, color }) => {
    let chosen = color;
    while (chosen === undefined) {
      const generated = generatedColor(candidate++);
      if (taken.has(generated.join())) continue;
      taken.add(generated.join());
      chosen = generated;
    }
    return { id, name, color: chosen };
  });
}

/** Gives the n-th color of a fixed sequence: hues a golden angle apart, so that neighbors differ; brightness in rings. */
function generatedColor(n: number): Color {
  const hue = (n * 0.6180339887498949) % 1;
  const value = 1 - 0.22 * (Math.floor(n / 12) % 4);
  const saturation = 0.85 - 0.2 * (Math.floor(n / 48) % 3);
  const channel = (offset: number): number => {
    const k = (offset + hue * 6) % 6; // HSV to RGB, one channel at a time
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}
