/** Renders the page of a data check: problems, classes, and label maps laid over photographs. */
import { join } from 'node:path';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { ClassInfo } from '../data/class-info.ts';
import { hintsOnce } from '../data/messages.ts';
import { formatCount, threeDigits } from '../base/format.ts';
import { classHistogram } from './histogram.ts';
import { html, type Content, type Markup } from '../base/html.ts';
import {
  classLegend,
  commandBlock,
  document,
  factTable,
  pageHeader,
  picture,
  scrolling,
  type Fact,
  type PictureSize,
} from '../report/parts.ts';
import { writeWhole } from '../base/files.ts';

/** Pictures of one pair; the paths are relative to the page and use `/`. */
export interface DataPagePair {
  readonly split: string;
  readonly name: string;
  readonly label: string;
  readonly photo: string | undefined;
  readonly overlay: string | undefined;
}

/** A class on the page. */
export interface DataPageClass extends ClassInfo {
  readonly isVoid: boolean;
  readonly train: { readonly share: number; readonly maps: number };
  readonly test: { readonly share: number; readonly maps: number } | undefined;
}

/** The content of the page. */
export interface DataPageFacts {
  readonly title: string;
  readonly strip: readonly Fact[];
  readonly errors: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
  readonly classes: readonly DataPageClass[];
  readonly pairs: readonly DataPagePair[];
  readonly size: PictureSize;
  readonly details: readonly Fact[];
  readonly command: string;
}

/** Further problems are folded. */
const openProblems = 12;
/** The most bars that are readable in one chart. */
const charted = 40;

/** Writes `index.html` into a folder and returns its path. */
export async function writeDataPage(folder: string, facts: DataPageFacts): Promise<string> {
  const { title, errors, warnings, classes, pairs, size } = facts;
  const seen = classes.filter(({ train, test }) => train.maps > 0 || (test?.maps ?? 0) > 0);
  const bars = seen.toSorted((a, b) => b.train.share - a.train.share).slice(0, charted);
  const hasTest = classes.some(({ test }) => test);
  const content = html`${pageHeader({
      kind: 'Spadework data check',
      title,
      lead: verdict(errors.length, warnings.length),
      facts: facts.strip,
    })}
    <main>
      ${problemSection('Errors', 'error', errors)} ${problemSection('Warnings', 'warning', warnings)}
      ${
        bars.length > 0 &&
        html`<section id="classes">
          <h2>Classes</h2>
          <p class="note">
            Share of all
            pixels${hasTest && ': bars for training, ticks for what is held out'}${bars.length < seen.length && `; the ${bars.length} most frequent classes`}.
          </p>
          <div class="panel">
            ${classHistogram(
              bars.map(({ name, color, train, test }) => ({
                name,
                color,
                share: train.share,
                heldOut: test?.share,
              })),
            )}
          </div>
          <details class="more">
            <summary>All ${classes.length} classes in numbers</summary>
            ${classTable(classes, hasTest)}
          </details>
        </section>`
      }
      ${
        pairs.length > 0 &&
        html`<section id="pictures">
          <h2>Pictures</h2>
          <p class="note">As networks see them: scaled to ${size.width} × ${size.height}.</p>
          ${pairs.map((pair) => pairRow(pair, size))} ${classLegend(seen)}
        </section>`
      }
      <section id="facts">
        <h2>In numbers</h2>
        ${factTable(facts.details)} ${commandBlock('Check again', facts.command)}
      </section>
    </main>`;
  const path = join(folder, 'index.html');
  await writeWhole(path, document(`${title}: data checked by Spadework`, content, undefined, DATA_STYLE));
  return path;
}

function verdict(errors: number, warnings: number): string {
  const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
  if (errors === 0 && warnings === 0) return 'Nothing is wrong with the data.';
  return `${count(errors, 'error')}, ${count(warnings, 'warning')}`;
}

function problemSection(title: string, kind: string, problems: readonly Diagnostic[]): Markup | undefined {
  if (problems.length === 0) return undefined;
  const items = hintsOnce(problems).map(
    ({ message, hint }) =>
      html`<li class="${kind}">${message}${hint !== undefined && html`<p class="note">${hint}</p>`}</li>`,
  );
  const rest = items.slice(openProblems);
  return html`<section id="${kind}s">
    <h2>${title}</h2>
    <ul class="problems">
      ${items.slice(0, openProblems)}
    </ul>
    ${
      rest.length > 0 &&
      html`<details class="more">
        <summary>${formatCount(rest.length)} more</summary>
        <ul class="problems">
          ${rest}
        </ul>
      </details>`
    }
  </section>`;
}

function pairRow({ split, name, label, photo, overlay }: DataPagePair, size: PictureSize): Markup {
  const cell = (kind: string, caption: string, path: string | undefined): Content =>
    path !== undefined &&
    html`<figure class="${kind}">
      <figcaption>${caption}</figcaption>
      <a href="${path}">${picture(path, `${caption}: ${name}`, size, kind)}</a>
    </figure>`;
  return html`<div class="maps named" style="--columns:${photo === undefined ? 1 : 3}">
    <div class="map">
      <h3>${split}: ${name}</h3>
      ${cell('photo', 'Photograph', photo)} ${cell('painted', 'Labels over it', overlay)}
      ${cell('label', 'Label map', label)}
    </div>
  </div>`;
}

function classTable(classes: readonly DataPageClass[], hasTest: boolean): Markup {
  const cells = (found: DataPageClass['test']): Content =>
    html`<td>${found ? `${threeDigits(100 * found.share)} %` : ''}</td>
      <td>${found ? formatCount(found.maps) : ''}</td>`;
  return scrolling(
    html`<table class="classes">
      <thead>
        <tr>
          <th class="name">Class</th>
          <th>Id</th>
          <th>Training</th>
          <th>in maps</th>
          ${
            hasTest &&
            html`<th>Held out</th>
              <th>in maps</th>`
          }
        </tr>
      </thead>
      <tbody>
        ${classes.map(
          ({ id, name, color, isVoid, train, test }) =>
            html`<tr>
              <td class="name">
                <i style="background:rgb(${color.join(', ')})"></i>${name}${isVoid && ' (void)'}
              </td>
              <td>${id}</td>
              ${cells(train)} ${hasTest && cells(test)}
            </tr>`,
        )}
      </tbody>
    </table>`,
  );
}

const DATA_STYLE = `
.problems { list-style: none; margin: 14px 0 0; padding: 0; display: grid; gap: 12px; }
.problems li { border-left: 3px solid var(--series-2); padding-left: 14px; max-width: 90ch; overflow-wrap: anywhere; }
.problems li.warning { border-color: var(--series-6); }
.problems .note { margin: 2px 0 0; }
#pictures .map h3 { margin-top: 18px; }
.classes { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.classes th, .classes td { white-space: nowrap; text-align: right; padding: 4px 14px; border-top: 1px solid var(--line); }
.classes th { border: 0; color: var(--soft); font-weight: 500; }
.classes .name { text-align: left; }
.classes i { display: inline-block; width: 14px; height: 14px; border-radius: 3px; margin-right: 9px; vertical-align: -2px;
  box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--ink) 25%, transparent); }
`;
