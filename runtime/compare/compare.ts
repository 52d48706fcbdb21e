/** Compares runs: reads them, computes statistics, and writes a page with tables and pictures. */
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
  /** The folder for the page and its files. */
  readonly out: string;
  /** The most maps shown side by side. */
  readonly maxMaps?: number | undefined;
  /** Makes a self-contained page of a few hundred kB that does not need the runs. */
  readonly compact?: boolean | undefined;
  /** Whether the folder may be overwritten, as that inside an ablation's folder. */
  readonly isOurs?: boolean | undefined;
  /** The command line, to repeat the comparison. */
  readonly command: string;
}

export interface CompareResult {
  readonly page: string;
  readonly verdict: readonly string[];
  /** Warnings about missing parts, as on the page, with paths as the user gave them. */
  readonly notes: readonly Note[];
}

const full: PictureOptions = { maxMaps: 24, failures: 3, quality: 88, maxWidth: 640 };
const small: PictureOptions = { maxMaps: 6, failures: 1, quality: 70, maxWidth: 256 };

/** Compares runs. Throws a SpadeworkError if they are not comparable. */
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
