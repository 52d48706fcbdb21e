/** Writes the result of a data check to a folder: the page, and pictures of some pairs. */
import { join } from 'node:path';
import type { DataSpec } from '../../compiler/format/types.ts';
import { readPairs } from '../data/survey.ts';
import type { ClassInfo } from '../data/class-info.ts';
import { formatCount, threeDigits } from '../base/format.ts';
import { blend, writePhotograph, writePicture } from '../report/picture.ts';
import { colorize, type Picture } from '../report/pixels.ts';
import { writeDataPage, type DataPagePair } from './page.ts';
import type { Fact } from '../report/parts.ts';
import type { DataReport, SplitReport } from './check.ts';
import { readingOf } from '../run/data.ts';
import { whileWritingAsync } from '../base/files.ts';
import { claimOutputs, type PlannedOutputs } from '../run/outputs.ts';

/** The number of pairs shown per split. */
const shownPairs = 6;
/** The opacity of the labels over a photograph. */
const labelShare = 0.55;

/** Writes the page of a report into a folder, and gives its path. Throws a SpadeworkError where it cannot be written, or would replace a user's file. */
export async function writeDataCheck(
  folder: string,
  data: DataSpec,
  report: DataReport,
  command: string,
): Promise<string> {
  await claimOutputs(folder, plannedOf(data, report));
  return whileWritingAsync(folder, async () => {
    const pairs: DataPagePair[] = [];
    for (const split of report.splits) pairs.push(...(await writePairs(folder, data, split, report.classes)));
    return writeDataPage(folder, {
      title: report.name,
      strip: stripOf(report),
      errors: report.errors,
      warnings: report.warnings,
      classes: report.classes.map(({ splits, ...rest }) => ({
        ...rest,
        train: splits.train ?? { share: 0, maps: 0 },
        test: splits.test,
      })),
      pairs,
      size: report.size,
      details: report.splits.flatMap(detailsOf),
      command,
    });
  });
}

/** The folder of the pictures, below the page's. */
const picturesFolder = 'pictures';
/** The pictures of a pair: photographs as JPEG for size, labels as PNG for exact colors. */
type Kind = 'label.png' | 'photo.jpg' | 'overlay.jpg';

/** Names a picture of a pair by the pair's number, as its own name may have any characters. */
const fileOf = (split: string, index: number, kind: Kind): string =>
  `${picturesFolder}/${split}-${index}-${kind}`;

const shownOf = ({ survey: { pairs } }: SplitReport): number => Math.min(shownPairs, pairs.length);

function plannedOf({ images }: DataSpec, { splits }: DataReport): PlannedOutputs {
  const kinds: readonly Kind[] =
    images === undefined ? ['label.png'] : ['label.png', 'photo.jpg', 'overlay.jpg'];
  const pictures = splits.flatMap((split) =>
    Array.from({ length: shownOf(split) }, (_, index) =>
      kinds.map((kind) => fileOf(split.name, index, kind)),
    ),
  );
  return { named: [], own: ['index.html', ...pictures.flat()], folders: [picturesFolder] };
}

async function writePairs(
  folder: string,
  data: DataSpec,
  report: SplitReport,
  classes: readonly ClassInfo[],
): Promise<DataPagePair[]> {
  const {
    name: split,
    survey: { pairs },
  } = report;
  const count = shownOf(report);
  const some = Array.from({ length: count }, (_, i) => pairs[Math.floor((i * pairs.length) / count)]!);
  const { width, height } = data.size;
  const rows: DataPagePair[] = [];
  for await (const { pair, sample } of readPairs(some, readingOf(data, classes))) {
    const file = (kind: Kind): string => fileOf(split, rows.length, kind);
    const label = colorize(sample.labels, width, height, classes);
    const photo: Picture | undefined = sample.image && { width, height, data: sample.image };
    await writePicture(join(folder, file('label.png')), label);
    if (photo) {
      await writePhotograph(join(folder, file('photo.jpg')), photo);
      await writePhotograph(join(folder, file('overlay.jpg')), blend(photo, label, labelShare));
    }
    rows.push({
      split,
      name: pair.name,
      label: file('label.png'),
      photo: photo && file('photo.jpg'),
      overlay: photo && file('overlay.jpg'),
    });
  }
  return rows;
}

function stripOf({ splits, classes, size, errors, warnings }: DataReport): Fact[] {
  return [
    ...splits.map(({ name, survey }) => ({
      name: titles[name],
      value: `${formatCount(survey.pairs.length)} pairs`,
    })),
    { name: 'Classes', value: String(classes.length) },
    { name: 'Trained at', value: `${size.width} × ${size.height}` },
    { name: 'Errors', value: String(errors.length) },
    { name: 'Warnings', value: String(warnings.length) },
  ];
}

const titles = { train: 'Training', test: 'Held out' } as const;

/** Gives the counts of a split, for the page and the terminal. */
export function detailsOf({ name, survey }: SplitReport): Fact[] {
  const { labelSizes, photoSizes, instances, patches } = survey;
  const fact = (what: string, value: string | undefined): Fact => ({
    name: `${titles[name]}: ${what}`,
    value,
  });
  return [
    fact('sizes of label maps', sizesOf(labelSizes)),
    fact('sizes of photographs', sizesOf(photoSizes)),
    fact(
      'instance maps',
      instances &&
        `${[...instances.bits].map(([bits, count]) => `${formatCount(count)} of ${bits} bits`).join(', ')}; at most ${formatCount(instances.most)} instances`,
    ),
    fact(
      'distinct patches',
      patches.map(({ window, share }) => `${threeDigits(100 * share)} % of ${window} × ${window}`).join(', '),
    ),
  ];
}

/** The most sizes that are listed; further ones are counted. */
const listedSizes = 6;

function sizesOf(sizes: ReadonlyMap<string, number>): string {
  const sorted = [...sizes].toSorted(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, listedSizes).map(([size, count]) => `${formatCount(count)} of ${size}`);
  const rest = sorted.length - listedSizes;
  return [...shown, ...(rest > 0 ? [`${rest} more sizes`] : [])].join(', ');
}
