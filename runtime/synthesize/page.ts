/** Writes the page that `spadework synth` leaves beside the painted pictures. */
import { join } from 'node:path';
import type { ClassInfo } from '../data/class-info.ts';
import { html } from '../base/html.ts';
import {
  classLegend,
  commandBlock,
  document,
  factTable,
  pageHeader,
  pictureRows,
  type Fact,
  type PictureSize,
} from '../report/parts.ts';
import { writeWhole } from '../base/files.ts';

/** Holds one painted label map; the paths are relative to the page's folder, with `/` between their parts. */
export interface SynthItem {
  readonly name: string;
  readonly label: string;
  readonly painted: string;
  readonly photo?: string | undefined;
}

/** The facts about a synthesis that the page shows. */
export interface SynthFacts {
  readonly title: string;
  /** Classes for the legend. */
  readonly classes?: readonly ClassInfo[];
  readonly size?: PictureSize;
  /** Further facts in display order, such as run, step, engine, time per picture. */
  readonly facts: readonly Fact[];
  /** The command line that repeats the synthesis. */
  readonly command?: string;
}

/** Writes the page of a folder of painted label maps under the given name, and returns its path. */
export async function writeSynthPage(
  directory: string,
  items: readonly SynthItem[],
  facts: SynthFacts,
  name = 'index.html',
): Promise<string> {
  const rows = items.map(({ name, label, painted, photo }) => ({
    title: name,
    subject: name,
    label: toUrl(label),
    painted: toUrl(painted),
    photo: photo === undefined ? undefined : toUrl(photo),
  }));
  const content = html`${pageHeader({
      kind: 'Spadework synthesis',
      title: facts.title,
      lead: items.length === 1 ? 'One painted label map' : `${items.length} painted label maps`,
      facts: facts.facts.slice(0, STRIP_FACTS),
    })}
    <main>
      <section id="results">
        <h2>Paintings</h2>
        ${items.length > 0 ? pictureRows(rows, facts.size) : html`<p class="note">There was no label map to paint.</p>`}
        ${classLegend(facts.classes ?? [])}
      </section>
      <section id="run">
        <h2>How they were made</h2>
        ${factTable(facts.facts)}
        ${facts.command !== undefined && commandBlock('Paint them again', facts.command)}
      </section>
    </main>`;
  const path = join(directory, name);
  await writeWhole(path, document(`${facts.title}: painted by Spadework`, content));
  return path;
}

// More would break the strip under the title into lines.
const STRIP_FACTS = 6;

/** Turns a relative file path into a relative URL; file names may contain blanks, `#` and `%`. */
function toUrl(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
