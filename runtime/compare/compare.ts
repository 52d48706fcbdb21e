/** Answers for a comparison as a whole: reads runs, works the numbers out, and writes the page and the tables beside it. */
import { join } from 'node:path';
import { forMarkdown } from '../../dsl/escape.ts';
import { writeWhole, whileWritingAsync } from '../base/files.ts';
import { comparePage } from './page.ts';
import { claimOutputs } from '../run/outputs.ts';
import { costsOf, type Costs } from './costs.ts';
import { gather, type GatherOptions } from './gather.ts';
import { measure } from './measures.ts';
import { collectPictures, picturesFolder, type PictureOptions } from './pictures.ts';
import { withoutPlaces } from './places.ts';
import { specDifferences } from './specs.ts';
import { differenceTable, mainTable } from './table.ts';
import { toCsv, toLatex, toMarkdown } from './texts.ts';
import type { Note } from './types.ts';
import { verdictOf } from './verdict.ts';

export interface CompareOptions extends GatherOptions {
  /** The folder for the page and all that is beside it. */
  readonly out: string;
  /** How many maps are shown side by side. */
  readonly maxMaps?: number | undefined;
  /** Makes a page of a few hundred kB that stands without its runs. */
  readonly compact?: boolean | undefined;
  /** Whether the folder is one of ours, as that in an ablation's folder is. */
  readonly isOurs?: boolean | undefined;
  /** The command line, to compare again. */
  readonly command: string;
}

export interface CompareResult {
  readonly page: string;
  readonly verdict: readonly string[];
  /** What is missing, as on the page, with places as they were given. */
  readonly notes: readonly Note[];
}

const full: PictureOptions = { maxMaps: 24, failures: 3, quality: 88, maxWidth: 640 };
const small: PictureOptions = { maxMaps: 6, failures: 1, quality: 70, maxWidth: 256 };

/** Compares runs. Throws a SpadeworkError where they cannot be compared. */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  const { out, maxMaps, compact = false, isOurs = false, command } = options;
  const comparison = gather(options);
  const measures = measure(comparison);
  const costs = comparison.cells.map((cell): Costs => costsOf(cell));
  const table = mainTable(comparison, measures, costs);
  const differences = differenceTable(comparison, measures);
  const verdict = verdictOf(comparison, measures);
  const { title } = comparison;
  const chosen = { ...(compact ? small : full), ...(maxMaps !== undefined && { maxMaps }) };
  const { shown: pictures, writer } = await collectPictures(comparison, chosen);
  const own = ['compare.md', 'compare.csv', 'compare.tex', 'index.html', ...writer.files];
  await claimOutputs(out, { named: [], own, folders: [picturesFolder] }, { isOurs });
  return whileWritingAsync(out, async () => {
    await writer.write(out);
    const markdown = [
      `# ${forMarkdown(title)}`,
      '',
      ...verdict.map((sentence) => `- ${forMarkdown(sentence)}`),
      '',
      toMarkdown(table),
      ...(differences.rows.length > 0
        ? ['', `## Against ${forMarkdown(comparison.baseline.label)}`, '', toMarkdown(differences)]
        : []),
      '',
    ];
    await writeWhole(join(out, 'compare.md'), markdown.join('\n'));
    await writeWhole(join(out, 'compare.csv'), toCsv(comparison, measures, costs));
    await writeWhole(join(out, 'compare.tex'), toLatex(table, title));
    const page = join(out, 'index.html');
    const notes = [...comparison.notes, ...pictures.notes];
    await writeWhole(
      page,
      comparePage({
        comparison,
        verdict,
        measures,
        costs,
        table,
        differences,
        specs: specDifferences(comparison).map(({ cell, lines }) => ({
          cell,
          lines: lines.map(withoutPlaces),
        })),
        pictures,
        notes: notes.map(({ text, command: next }) => ({
          text: withoutPlaces(text),
          command: next && withoutPlaces(next),
        })),
        folder: out,
        isAlone: compact,
        command: withoutPlaces(command),
      }),
    );
    return { page, verdict, notes };
  });
}
