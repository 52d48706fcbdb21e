/** Stores the source texts of a spec beside its JSON, and reads them again. */
import { join } from 'node:path';
import type { Spec } from '../../compiler/format/types.ts';
import type { Source } from '../../dsl/source.ts';
import { isLibrarySource } from '../specs/read.ts';
import { DamagedRecord, readText } from '../base/records.ts';
import { writeWhole } from '../base/files.ts';

/** The files of the texts: the user's texts, the spec's own first, and the library texts of that time. */
export interface TextFiles {
  readonly source: string;
  readonly library: string;
}

/** Names the files of the texts of a folder's specs. */
export function textsBeside(folder: string): TextFiles {
  return { source: join(folder, 'source.spade'), library: join(folder, 'library.spade') };
}

/** The heading of every text except the first. */
const headingOf = (name: string): string => `# From ${name}\n`;

/** Writes all texts. */
export async function writeSources(files: TextFiles, sources: readonly Source[]): Promise<void> {
  const isOwn = (source: Source): boolean => source === sources[0] || !isLibrarySource(source);
  const parts = [
    { path: files.source, texts: sources.filter(isOwn) },
    { path: files.library, texts: sources.filter((source) => !isOwn(source)) },
  ];
  for (const { path, texts } of parts) {
    const titled = texts.map((source) =>
      source === sources[0] ? source.text : `${headingOf(source.name)}${source.text}`,
    );
    await writeWhole(path, titled.join('\n'));
  }
}

/** Reads the texts that a spec's places refer to; empty if one of them is missing. */
export function readSources(files: TextFiles, { sources }: Pick<Spec, 'sources'>): readonly Source[] {
  const kept = [files.source, files.library].map(readOrNothing);
  const [first, ...others] = sources;
  const found = new Map<string, string>();
  for (const [index, text] of kept.entries()) {
    const heads = others
      .map((name) => ({ name, at: placeOf(headingOf(name), text) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at);
    const endOf = (next: number): number => (heads[next] ? heads[next].at - 1 : text.length);
    if (index === 0 && first !== undefined) found.set(first, text.slice(0, endOf(0)));
    heads.forEach(({ name, at }, place) =>
      found.set(name, text.slice(at + headingOf(name).length, endOf(place + 1))),
    );
  }
  const texts = sources.flatMap((name) => {
    const text = found.get(name);
    return text === undefined ? [] : [{ name, text }];
  });
  return texts.length === sources.length ? texts : [];
}

/** Finds a heading at the start of a line; -1 if there is none. */
function placeOf(heading: string, text: string): number {
  if (text.startsWith(heading)) return 0;
  const at = text.indexOf(`\n${heading}`);
  return at < 0 ? -1 : at + 1;
}

function readOrNothing(path: string): string {
  try {
    return readText(path) ?? '';
  } catch (error) {
    if (error instanceof DamagedRecord) return '';
    throw error;
  }
}
