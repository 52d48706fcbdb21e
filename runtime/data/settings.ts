/** Answers for settings of data that a hint says to write: as data, as text, and whether label maps are right under them. */
import { labelValues, lastClassIsVoid } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import type { ClassInfo } from './class-info.ts';
import type { LabelCoding } from './coding.ts';

/** What a spec says of its label maps. */
export type SaidOfLabels = Pick<
  DataSpec,
  'classes' | 'ids_from' | 'void' | 'names' | 'colors' | 'legend' | 'label_format' | 'color_distance'
>;

/** Settings of data, in place of those that a spec has. */
export type Settings = Readonly<
  Partial<Omit<SaidOfLabels, 'legend'> & Pick<DataSpec, 'orientation' | 'image_suffix' | 'label_suffix'>>
>;

/** What label maps mean, and where that comes from. */
export interface Meaning {
  readonly coding: LabelCoding;
  readonly classes: readonly ClassInfo[];
  readonly said?: SaidOfLabels | undefined;
  /** Whether pictures are turned by their orientation tags; undefined where nothing says. */
  readonly isTurned?: boolean | undefined;
}

/** Gives what is said of label maps; where no spec is known, their values are the ids of the classes. */
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
 * Completes settings that change the number of classes by the names of new classes. Gives undefined where a spec with them would
 * be refused, or would not know one of the values.
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

/** Settings under which label maps are read by the greys or colors that stand for the classes, in this order. */
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

/** Gives names for as many classes as there are to be. */
function namesFor(
  { names }: SaidOfLabels,
  counts: readonly number[],
): readonly string[] | undefined | 'too many' {
  if (names === undefined || isCounted(names, counts)) return names;
  const least = Math.min(...counts);
  if (names.length > least) return 'too many';
  return [...names, ...Array.from({ length: least - names.length }, (_, i) => `class ${names.length + i}`)];
}

/** Gives the values that label maps may hold; a legend names those of all classes but the one that is made for void. */
function knownValues(meaning: Meaning, said: SaidOfLabels): ReadonlySet<number> {
  const old = saidOf(meaning);
  const named = new Set(meaning.classes.map(({ id }) => id + (old.ids_from ?? 0)));
  const values = labelValues(said).map(([value]) => value);
  const isKnown = (value: number): boolean =>
    said.legend === undefined || named.has(value) || (said.void?.includes(value) ?? false);
  return new Set(values.filter(isKnown));
}
