/** Answers for checking the data of a spec as a whole: both splits, what they share, and what is wrong or odd about them. */
import { describeDiagnostic, type Diagnostic } from '../../dsl/diagnostic.ts';
import { voidIds } from '../../compiler/format/labels.ts';
import type { DataSpec } from '../../compiler/format/types.ts';
import { surveyPairs, type Survey } from '../data/survey.ts';
import type { ClassInfo } from '../data/class-info.ts';
import * as messages from '../data/messages.ts';
import { isInSeveral, photosInSeveral, repeatsIn, textsOfRepeats, type Repeated } from '../data/repeats.ts';
import { joinFindings, sampleProblems, type Problem } from '../data/problems.ts';
import {
  classesOf,
  foldersOf,
  readingOf,
  requireDataFolder,
  storedSize,
  type SplitName,
} from '../run/data.ts';

/** One split of the data. */
export interface SplitReport {
  readonly name: SplitName;
  readonly survey: Survey;
}

/** A class, and how often it occurs in each split. */
export interface ClassReport extends ClassInfo {
  /** Whether it counts nowhere. */
  readonly isVoid: boolean;
  /** Its share of all pixels, and the maps that it occurs in. */
  readonly splits: Readonly<Partial<Record<SplitName, { readonly share: number; readonly maps: number }>>>;
}

/** What a check of data found. */
export interface DataReport {
  readonly name: string;
  readonly size: DataSpec['size'];
  readonly splits: readonly SplitReport[];
  readonly classes: readonly ClassReport[];
  /** What keeps the data from being trained on. */
  readonly errors: readonly Problem[];
  /** What can be, but is rarely meant. */
  readonly warnings: readonly Problem[];
}

/** Reads all of a spec's data and says what it is. Throws a SpadeworkError where not even the classes are known. */
export async function checkData(
  data: DataSpec,
  report?: (split: SplitName, done: number, total: number) => void,
): Promise<DataReport> {
  requireDataFolder(data);
  const classes = classesOf(data);
  const reading = readingOf(data, classes);
  const splits: SplitReport[] = [];
  const { train, test } = foldersOf(data);
  for (const [name, folders] of [
    ['train', train],
    ['test', test],
  ] as const) {
    if (!folders) continue;
    const survey = await surveyPairs({ ...reading, folders, stored: storedSize(data, name) }, (done, total) =>
      report?.(name, done, total),
    );
    splits.push({ name, survey });
  }
  const reported = classes.map((one) => classReport(one, voidIds(data).includes(one.id), splits));
  // One hint, such as one number, has to be right for both splits.
  const found = sampleProblems(joinFindings(splits.map(({ survey }) => survey.findings)), {
    ...reading,
    said: data,
  });
  return {
    name: data.name,
    size: data.size,
    splits,
    classes: reported,
    errors: [...distinct(splits.flatMap(({ survey }) => survey.problems)), ...found.errors],
    warnings: [
      ...distinct(splits.flatMap(({ survey }) => survey.warnings)),
      ...found.warnings,
      ...oddRepeats(splits, data.paired !== undefined),
      ...(splits.length > 1 ? [] : [messages.nothingHeldOut()]),
      ...oddClasses(reported),
      ...splits.flatMap((split) => oddSizes(split, data.size)),
    ],
  };
}

/** Leaves out what is said before in the same words: both splits may be of one folder. */
function distinct(problems: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(problems.map((problem) => [describeDiagnostic(problem), problem])).values()];
}

function classReport(one: ClassInfo, isVoid: boolean, splits: readonly SplitReport[]): ClassReport {
  const found = splits.map(({ name, survey }) => {
    const total = [...survey.classes.values()].reduce((sum, { pixels }) => sum + pixels, 0);
    const { pixels, maps } = survey.classes.get(one.id) ?? { pixels: 0, maps: 0 };
    return [name, { share: total > 0 ? pixels / total : 0, maps }] as const;
  });
  return { ...one, isVoid, splits: Object.fromEntries(found) };
}

function oddClasses(classes: readonly ClassReport[]): Diagnostic[] {
  // Maps that cannot be read say nothing of classes.
  if (classes.every(({ splits }) => (splits.train?.maps ?? 0) === 0)) return [];
  const absent = classes.filter(({ splits, isVoid }) => !isVoid && splits.train?.maps === 0);
  const tested = absent.filter(({ splits }) => (splits.test?.maps ?? 0) > 0);
  const namesOf = (some: readonly ClassReport[]): string[] => some.map(({ name }) => name);
  return [
    ...(absent.length > 0 ? [messages.classesAbsent(namesOf(absent), classes.length)] : []),
    ...(tested.length > 0 ? [messages.classesOnlyTested(namesOf(tested))] : []),
  ];
}

/** Shapes that differ by less look alike. */
const toleratedStretch = 0.1;

function oddSizes({ name, survey }: SplitReport, size: DataSpec['size']): Diagnostic[] {
  const sizes = [...survey.photoSizes].map(([text, count]) => {
    const [width, height] = text.split('x').map(Number) as [number, number];
    return { width, height, count };
  });
  const countOf = (isOdd: (one: DataSpec['size']) => boolean): number =>
    sizes.filter(isOdd).reduce((sum, { count }) => sum + count, 0);
  const total = countOf(() => true);
  const small = countOf(({ width, height }) => width < size.width || height < size.height);
  const stretched = countOf(
    ({ width, height }) => Math.abs((width * size.height) / (height * size.width) - 1) > toleratedStretch,
  );
  const text = `${size.width}x${size.height}`;
  return [
    ...(small > 0 ? [messages.enlarged(name, small, total, text)] : []),
    ...(stretched > 0 ? [messages.stretched(name, stretched, total, text)] : []),
  ];
}

/** Warns of files of the same bytes; those of paired pictures are photographs and maps in one. */
function oddRepeats(splits: readonly SplitReport[], isPaired: boolean): Diagnostic[] {
  const photos = splits.map(({ name, survey: { pairs, photoDigests } }) => ({
    name,
    pairs,
    digests: photoDigests,
  }));
  const within = photos.flatMap((split) => {
    const repeats = repeatsIn([split]);
    return repeats.length > 0 ? [messages.photosRepeated(split.name, textsOfRepeats(repeats))] : [];
  });
  const known = new Set(repeatsIn(photos).filter(isInSeveral).map(identityOf));
  const labels = splits.map(({ name, survey: { pairs, labelDigests } }) => ({
    name,
    pairs,
    digests: labelDigests,
  }));
  const maps = isPaired
    ? []
    : repeatsIn(labels)
        .filter(isInSeveral)
        .filter((group) => !known.has(identityOf(group)));
  return [
    ...photosInSeveral(photos),
    ...within,
    ...(maps.length > 0 ? [messages.mapsInBothSplits(textsOfRepeats(maps))] : []),
  ];
}

const identityOf = (group: readonly Repeated[]): string => group.map(({ text }) => text).join();
