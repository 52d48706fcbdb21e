/** Turns the findings of all samples into problems: one per kind of mistake, with a hint that fits all files. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { adviceOnColors, adviceOnMasks } from './color-advice.ts';
import { FindingsSum, type Fault, type Findings, type Note } from './findings.ts';
import * as messages from './messages.ts';
import type { Meaning, Settings } from './settings.ts';
import { emptyTally, type Tally } from './tally.ts';
import { adviceOnScatter, adviceOnValues } from './value-advice.ts';

export type { Meaning, SaidOfLabels, Settings } from './settings.ts';

/** A problem, with the data settings of its hint, if these fix it. */
export interface Problem extends Diagnostic {
  readonly settings?: Settings | undefined;
}

/** Gives the problems and warnings of samples. */
export function sampleProblems(
  { faults, notes, tally }: Findings,
  meaning: Meaning,
): { readonly errors: readonly Problem[]; readonly warnings: readonly Problem[] } {
  // Orientation tags can be treated the other way only if that suits all pairs that have them.
  const isTurnable = notes.every((note) => note.kind !== 'orientation' || note.fitsOtherwise);
  return {
    errors: faultProblems(faults, meaning, tally, isTurnable),
    warnings: noteProblems(notes, faults, meaning, tally, isTurnable),
  };
}

/** Gives the problems of samples; without a tally, hints follow from the faults alone. */
export function faultProblems(
  faults: readonly Fault[],
  meaning: Meaning,
  tally?: Tally,
  isTurnable = true,
): Problem[] {
  const of = <Kind extends Fault['kind']>(kind: Kind): Extract<Fault, { kind: Kind }>[] =>
    faults.filter((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);
  const problems: Problem[] = [];
  const said = <F extends Fault>(some: readonly F[], say: (some: readonly F[]) => Problem): void => {
    if (some.length > 0) problems.push(say(some));
  };

  for (const [, some] of groupBy(of('unread'), ({ role }) => role)) said(some, messages.unreadFiles);
  for (const [, some] of groupBy(of('undecoded'), ({ role, why }) => `${role} ${why}`))
    said(some, messages.undecodedFiles);
  for (const [, some] of groupBy(of('colored'), ({ role }) => role))
    said(some, (colored) => {
      const isMap = colored[0]!.role !== 'instance maps';
      const advice = isMap && tally ? adviceOnMasks(tally, meaning) : undefined;
      return { ...messages.coloredMaps(colored, advice), settings: advice?.settings };
    });
  said(of('value'), (some) => {
    const declared = meaning.coding.values.map(([value]) => value);
    const advice = adviceOnValues(tally ?? tallyOf(some), meaning);
    return { ...messages.undeclaredValues(some, declared, advice), settings: advice.settings };
  });
  said(of('color'), (some) => {
    const farthest = Math.max(...some.map(({ found }) => found.farthest));
    const advice = tally ? adviceOnColors(tally, meaning, farthest) : undefined;
    const classes = meaning.coding.colors?.classes ?? [];
    return { ...messages.undeclaredColors(some, classes, advice), settings: advice?.settings };
  });
  for (const [isTurned, some] of groupBy(of('shape'), (fault) => fault.isTurned)) {
    const orientation = isTurned && isTurnable ? (meaning.isTurned ? 'stored' : 'exif') : undefined;
    said(some, () => ({
      ...messages.differentShapes(some, orientation),
      settings: orientation && { orientation },
    }));
  }
  return problems;
}

/** Makes a tally from faults alone: it has the wrong values, but not their areas. */
function tallyOf(faults: readonly Extract<Fault, { kind: 'value' }>[]): Tally {
  const values = faults.flatMap(({ found }) => found.values);
  return { ...emptyTally, values: new Map(values.map((value) => [value, { pixels: 1, inner: 1 }])) };
}

function noteProblems(
  notes: readonly Note[],
  faults: readonly Fault[],
  meaning: Meaning,
  tally: Tally,
  isTurnable: boolean,
): Problem[] {
  const warnings: Problem[] = [];
  for (const [, some] of groupBy(notes, ({ kind, role }) => `${kind} ${role}`)) {
    const orientation = isTurnable ? 'exif' : 'stored';
    const warning = noteWarning(some, meaning, orientation);
    if (warning === undefined) continue;
    const isTag = some[0]!.kind === 'orientation';
    warnings.push({ ...warning, settings: isTag ? { orientation } : undefined });
  }
  // If values are wrong, that message mentions the scatter.
  const isScatterSaid = meaning.coding.colors !== undefined || faults.some(({ kind }) => kind === 'value');
  const advice = isScatterSaid ? undefined : adviceOnScatter(tally, meaning);
  if (advice) warnings.push({ ...messages.valuesScatter(tally, advice), settings: advice.settings });
  return warnings;
}

/** Gives the warning for notes of one kind; undefined if none is needed. */
function noteWarning(
  notes: readonly Note[],
  { isTurned }: Meaning,
  orientation: 'exif' | 'stored',
): Diagnostic | undefined {
  const [{ kind, role }] = notes as [Note];
  const files = notes.map(({ file }) => file);
  switch (kind) {
    case 'orientation':
      // If the setting is explicit, a warning about tags is unnecessary.
      return isTurned === undefined
        ? messages.orientationTags(role, notes.filter(isKind('orientation')), orientation)
        : undefined;
    case 'frames':
      return messages.severalFrames(role, notes.filter(isKind('frames')));
    case 'ending':
      return messages.otherFormats(role, notes.filter(isKind('ending')));
    case 'doubtful':
      return messages.doubtfulFiles(role, notes.filter(isKind('doubtful')));
    case 'gamma':
      return messages.gammaIgnored(role, notes.filter(isKind('gamma')));
    case 'palette': {
      const odd = differentPalettes(notes.filter(isKind('palette')));
      return odd.length > 0 ? messages.palettesDiffer(odd) : undefined;
    }
    default:
      return messages.plainNotes[kind](role, files);
  }
}

const isKind =
  <Kind extends Note['kind']>(kind: Kind) =>
  (note: Note): note is Extract<Note, { kind: Kind }> =>
    note.kind === kind;

/** Finds the files in whose palettes an index has another color than in earlier files. */
function differentPalettes(notes: readonly Extract<Note, { kind: 'palette' }>[]): string[] {
  const known = new Map<number, number>();
  return notes
    .filter(({ colors }) => {
      const isOther = colors.some(([index, color]) => (known.get(index) ?? color) !== color);
      for (const [index, color] of colors) if (!known.has(index)) known.set(index, color);
      return isOther;
    })
    .map(({ file }) => file);
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Merges findings of several parts of a data set, so that one hint fits all. */
export function joinFindings(parts: readonly Findings[]): Findings {
  const sum = new FindingsSum();
  for (const part of parts) sum.add(part);
  return sum.sum;
}
