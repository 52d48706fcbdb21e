/** Answers for the texts of a run's spec: kept in its folder beside the spec, and found there again. */
import { readFile } from 'node:fs/promises';
import type { Spec } from '../../compiler/spec/types.ts';
import type { Source } from '../../dsl/source.ts';
import { isLibrarySource } from '../library.ts';
import { writeWhole } from '../report/index.ts';
import type { RunLayout } from './folder.ts';

/** Heads every text but the first. */
const headingOf = (name: string): string => `# From ${name}\n`;

/** Keeps all texts: what the user wrote in one file, what the standard library held by then in another. */
export async function writeSources(layout: RunLayout, sources: readonly Source[]): Promise<void> {
  const isOwn = (source: Source): boolean => source === sources[0] || !isLibrarySource(source);
  const parts = [
    { path: layout.source, texts: sources.filter(isOwn) },
    { path: layout.library, texts: sources.filter((source) => !isOwn(source)) },
  ];
  for (const { path, texts } of parts) {
    const titled = texts.map((source) =>
      source === sources[0] ? source.text : `${headingOf(source.name)}${source.text}`,
    );
    await writeWhole(path, titled.join('\n'));
  }
}

/** Finds the texts that the places of a run's spec point into; none where one of them is missing. */
export async function readSources(layout: RunLayout, { sources }: Spec): Promise<readonly Source[]> {
  const kept = await Promise.all([layout.source, layout.library].map(readOrNothing));
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

/** Finds a heading at the start of a line; -1 where there is none. */
function placeOf(heading: string, text: string): number {
  if (text.startsWith(heading)) return 0;
  const at = text.indexOf(`\n${heading}`);
  return at < 0 ? -1 : at + 1;
}

function readOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
