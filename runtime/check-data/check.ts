/** Checks all data of a spec: both splits, duplicates between them, and all problems and warnings. */
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
  /** Whether it is the void class. */
  readonly isVoid: boolean;
  /** Its share of all pixels, and the number of maps that contain it. */
  readonly splits: Readonly<Partial<Record<SplitName, { readonly share: number; readonly maps: number }>>>;
}

/** The result of checking data. */
export interface DataReport {
  readonly name: string;
  readonly size: DataSpec['size'];
  readonly splits: readonly SplitReport[];
  readonly classes: readonly ClassReport[];
  /** Problems that prevent training. */
  readonly errors: readonly Problem[];
  /** Warnings about what is legal, but rarely meant. */
  readonly warnings: readonly Problem[];
}

/** Reads and checks all data of a spec. Throws a SpadeworkError if not even the classes are known. */
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
  // A hint must fit both splits, for example its distance.
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

/** Removes repeated messages, as both splits may be in one folder. */
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
  // Without readable maps nothing is known about classes.
  if (classes.every(({ splits }) => (splits.train?.maps ?? 0) === 0)) return [];
  const absent = classes.filter(({ splits, isVoid }) => !isVoid && splits.train?.maps === 0);
  const tested = absent.filter(({ splits }) => (splits.test?.maps ?? 0) > 0);
  const namesOf = (some: readonly ClassReport[]): string[] => some.map(({ name }) => name);
  return [
    ...(absent.length > 0 ? [messages.classesAbsent(namesOf(absent), classes.length)] : []),
    ...(tested.length > 0 ? [messages.classesOnlyTested(namesOf(tested))] : []),
  ];
}

/** A smaller difference of aspect ratios is not visible. */
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

/** Warns of duplicate files; a paired picture is photograph and map in one. */
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
