/**
 * Makes the data settings that hints suggest, as data and as text, and tests whether label maps are valid under them.
 */
import { labelValues, lastClassIsVoid } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import type { ClassInfo } from './class-info.ts';
import type { LabelCoding } from './coding.ts';

/** The spec's settings of its label maps. */
export type SaidOfLabels = Pick<
  DataSpec,
  'classes' | 'ids_from' | 'void' | 'names' | 'colors' | 'legend' | 'label_format' | 'color_distance'
>;

/** Data settings that replace those of a spec. */
export type Settings = Readonly<
  Partial<Omit<SaidOfLabels, 'legend'> & Pick<DataSpec, 'orientation' | 'image_suffix' | 'label_suffix'>>
>;

/** The classes and encoding of label maps, and the settings they come from. */
export interface Meaning {
  readonly coding: LabelCoding;
  readonly classes: readonly ClassInfo[];
  readonly said?: SaidOfLabels | undefined;
  /** Whether orientation tags are applied; undefined if not set. */
  readonly isTurned?: boolean | undefined;
}

/** Gives the settings of label maps; without a spec, values are ids of the classes. */
export function saidOf({ said, classes }: Meaning): SaidOfLabels {
  return said ?? { classes: classes.length };
}

/** Writes settings as a spec does. */
export function settingsText(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => {
      const single: unknown =
        name === 'void' && Array.isArray(value) && value.length === 1 ? value[0] : value;
      return `${name}: ${JSON.stringify(single).replaceAll(',', ', ')}`;
    })
    .join(', ');
}

/**
 * Adds names of new classes to settings that change the number of classes. Undefined if a spec with these settings
 * would be rejected, or some value would stay undeclared.
 */
export function valueSettings(
  meaning: Meaning,
  change: Settings,
  values: Iterable<number>,
): Settings | undefined {
  const said = { ...saidOf(meaning), ...change };
  const counts = lastClassIsVoid(said) ? [said.classes, said.classes - 1] : [said.classes];
  const names = namesFor(said, counts);
  if (names === 'too many' || !isCounted(said.colors, counts)) return undefined;
  const known = knownValues(meaning, said);
  for (const value of values) if (!known.has(value)) return undefined;
  return { ...change, ...(names !== saidOf(meaning).names && names && { names }) };
}

/** Settings that read label maps by the greys or colors of the classes, in this order. */
export function colorSettings(
  meaning: Meaning,
  colors: readonly (readonly number[])[],
  distance: number,
): Settings | undefined {
  const { legend, ids_from: from, void: voids, names } = saidOf(meaning);
  if (legend !== undefined || from !== undefined || voids !== undefined) return undefined;
  if (!isCounted(names, [colors.length]) || colors.length === 0) return undefined;
  return {
    label_format: 'colors',
    classes: colors.length,
    colors,
    ...(distance > 0 && { color_distance: Math.ceil(distance) }),
  };
}

const isCounted = (list: readonly unknown[] | undefined, counts: readonly number[]): boolean =>
  list === undefined || counts.includes(list.length);

/** Gives names for a number of classes. */
function namesFor(
  { names }: SaidOfLabels,
  counts: readonly number[],
): readonly string[] | undefined | 'too many' {
  if (names === undefined || isCounted(names, counts)) return names;
  const least = Math.min(...counts);
  if (names.length > least) return 'too many';
  return [...names, ...Array.from({ length: least - names.length }, (_, i) => `class ${names.length + i}`)];
}

/** Gives the values that label maps may hold; a legend names all classes except the one added for void. */
function knownValues(meaning: Meaning, said: SaidOfLabels): ReadonlySet<number> {
  const old = saidOf(meaning);
  const named = new Set(meaning.classes.map(({ id }) => id + (old.ids_from ?? 0)));
  const values = labelValues(said).map(([value]) => value);
  const isKnown = (value: number): boolean =>
    said.legend === undefined || named.has(value) || (said.void?.includes(value) ?? false);
  return new Set(values.filter(isKnown));
}
