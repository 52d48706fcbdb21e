/** Renders the result of matching a file with a network as lines: counts, the first mismatches, and what to do. */
import { visible } from '../../dsl/escape.ts';
import type { MatchReport } from './match.ts';
import { objectsInPlace, otherCopies, showShape } from './messages.ts';

/** The most rows of one table. */
const shown = 6;

/** Renders a report: a summary, then a table for each kind of mismatch. Names with line breaks stay on one line. */
export function renderReport(report: MatchReport): string[] {
  const { file, mapping, inside, copies, matched, missing, otherShape, leftOver, ignored, elsewhere } =
    report;
  const parts = [
    `${matched.length} matched`,
    ...(otherShape.length > 0 ? [`${otherShape.length} of another shape`] : []),
    ...(missing.length > 0 ? [`${missing.length} missing`] : []),
    ...(leftOver.length > 0 ? [`${leftOver.length} left over`] : []),
    ...(ignored.length > 0 ? [`${ignored.length} ignored`] : []),
  ];
  return [
    `${file.path} (${file.format}, mapping ${mapping}): ${parts.join(', ')}`,
    ...(inside === ''
      ? []
      : [`  read under '${inside.slice(0, -1)}'; ${elsewhere} tensors lie elsewhere in the file`]),
    ...(copies.length === 0 ? [] : [`  ${otherCopies(copies)}`]),
    ...table(
      'Of another shape',
      ['in the file', 'file', 'network', 'ours'],
      otherShape.map((one) => [one.official, showShape(one.found), showShape(one.shape), one.ours]),
    ),
    ...hintsOf(report),
    ...table(
      'Missing in the file',
      ['expected name', 'network', 'ours'],
      missing.map((one) => [one.official, showShape(one.shape), one.ours]),
    ),
    ...table(
      'Left over in the file',
      ['in the file', 'file'],
      leftOver.map((one) => [one.official, showShape(one.shape)]),
    ),
  ].map(visible);
}

/** Aligns the first rows in columns under headings, and counts the rest. */
function table(title: string, headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const lines = [headings, ...rows.slice(0, shown)].map((cells) => cells.map(visible));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const more = rows.length - shown;
  return [
    `${title}:`,
    ...lines.map(
      (line) =>
        `  ${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}`,
    ),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
  ];
}

/** Says what the mismatches have in common, if that shows the mistake. */
function hintsOf(report: MatchReport): string[] {
  const { unread } = report;
  const hints = [
    ...hintsOfShapes(report),
    ...(unread.size > 0 ? [objectsInPlace(unread)] : hintsOfNames(report)),
  ];
  return hints.map((hint) => `  hint: ${hint}`);
}

function hintsOfShapes({ otherShape }: MatchReport): string[] {
  const [first] = otherShape;
  if (!first) return [];
  // A different width changes input channels too; a different number of classes changes nothing else.
  if (otherShape.every(({ shape, found }) => differsOnlyIn(shape, found, 1)))
    return [
      `the file's ${first.official} takes ${first.found[1]} channels, this network ${first.shape[1]}: ` +
        'set the classes (and instances, which add a channel) that it was trained with',
    ];
  const otherRank = otherShape.find(({ shape, found }) => shape.length !== found.length);
  if (otherRank) return [hintOfRank(otherRank)];
  const ratios = new Set(
    otherShape.flatMap(({ shape, found }) => {
      const [ours, theirs] = [shape[0], found[0]];
      return ours === undefined || theirs === undefined || ours === theirs ? [] : [theirs / ours];
    }),
  );
  const [ratio] = ratios;
  return ratios.size === 1 && ratio !== undefined && otherShape.length > 1
    ? [`the file's network is ${Number(ratio.toFixed(3))} times as wide: set its width`]
    : [];
}

/** Explains a tensor of another rank: a layer for vectors in one place, for pictures in the other. */
function hintOfRank({ official, shape, found }: MatchReport['otherShape'][number]): string {
  if (found.length === 2 && shape.length === 4)
    return `${official} takes a vector of ${found[1]} numbers in the file, and a map here: bind it, such as z: noise(${found[1]}) or z: encoded(E)`;
  if (found.length === 4 && shape.length === 2)
    return `${official} takes a map in the file, and a vector here: leave out noise(...) and encoded(...)`;
  return `${official} is another kind of layer in the file`;
}

function hintsOfNames({ matched, missing, leftOver }: MatchReport): string[] {
  // Without any match, it is another network, and the names show nothing.
  if (matched.length === 0) return [];
  const surplus = leftOver.map(({ official }) => official);
  const wanted = missing.map(({ official }) => official);
  const ending = (names: readonly string[], end: string): string | undefined =>
    names.find((name) => name.endsWith(end));
  for (const [end, kept] of traces) {
    const [found, lacking] = [ending(surplus, end), ending(wanted, end)];
    if (found !== undefined && lacking === undefined)
      return [`the file has ${found}, this network has none: it was trained with ${kept}`];
    if (lacking !== undefined && found === undefined)
      return [`this network has ${lacking}, the file has none: it was trained without ${kept}`];
  }
  const misnamed = wanted.find((name) => surplus.some((one) => isNamedAlike(one, name)));
  return misnamed === undefined
    ? []
    : [`names differ (${misnamed}): another mapping, or another norm or weight of the spec, may fit`];
}

/** Names of tensors that show how a network was made. */
const traces = [
  ['.running_mean', 'norms that keep running statistics (batch norm does, instance norm does not)'],
  ['.weight_u', 'spectral norm (weight: spectral)'],
  ['.weight_g', 'weight norm (weight: weight_norm)'],
] as const;

function differsOnlyIn(a: readonly number[], b: readonly number[], axis: number): boolean {
  return a.length === b.length && a[axis] !== b[axis] && a.every((size, i) => i === axis || size === b[i]);
}

/** Tells whether names share their beginning, such as `layer1.weight` and `layer1.0.weight_orig`. */
function isNamedAlike(a: string, b: string): boolean {
  const [first] = a.split('.');
  return first === b.split('.')[0] && a.includes('.') && b.includes('.');
}
