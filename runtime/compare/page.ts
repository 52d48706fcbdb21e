/** Renders the page of a comparison: conclusions, tables, differences, pictures and curves. */
import { relative, sep } from 'node:path';
import type { Costs } from './costs.ts';
import type { Measure } from './measures.ts';
import type { Failures, ShownMap, ShownPictures } from './pictures.ts';
import type { SpecDifference } from './specs.ts';
import { resamples } from './statistics.ts';
import type { Table, TableCell } from './table.ts';
import { headingOf } from './texts.ts';
import type { Comparison, Note } from './types.ts';
import { comparedLosses, comparedMeasures, differencePanel, styleOfCell } from './chart.ts';
import { COMPARE_SCRIPT, COMPARE_STYLE } from './style.ts';
import { formatCount, fourDigits } from '../base/format.ts';
import { html, type Content, type Markup } from '../base/html.ts';
import {
  classLegend,
  commandBlock,
  document,
  factStrip,
  factTable,
  pageHeader,
  picture,
  scrolling,
  type Fact,
} from '../report/parts.ts';

/** The content of a page. */
export interface ComparePage {
  readonly comparison: Comparison;
  readonly verdict: readonly string[];
  readonly measures: readonly Measure[];
  readonly costs: readonly Costs[];
  readonly table: Table;
  readonly differences: Table;
  readonly specs: readonly SpecDifference[];
  readonly pictures: ShownPictures;
  readonly notes: readonly Note[];
  /** The folder of the page, from which links to the runs start. */
  readonly folder: string;
  /** Whether the page is self-contained: then it does not link to the runs. */
  readonly isAlone: boolean;
  readonly command: string;
}

/** Renders the page. */
export function comparePage(page: ComparePage): string {
  const { comparison } = page;
  const content = html`${header(page)}
    <main>
      ${wall(page)} ${toBearInMind(page)} ${numbers(page)} ${differences(page)} ${specs(page)}
      ${failures(page)} ${heldOut(comparison)} ${losses(comparison)} ${protocol(page)} ${runs(page)}
      <section id="commands">
        <h2>Go on from here</h2>
        ${commandBlock('Compare again', page.command)}
      </section>
    </main>`;
  const script = page.pictures.maps.length > 1 ? COMPARE_SCRIPT : undefined;
  return document(`${comparison.title}: a Spadework comparison`, content, script, COMPARE_STYLE);
}

const notMeasured =
  'No run has been evaluated, so nothing can be said about quality: this page shows what the runs cost, how their losses went and what they paint.';

/** Says what was compared, and the result by the first metric. */
function header({ comparison, verdict: [first] }: ComparePage): Markup {
  return pageHeader({
    kind: html`<span>Spadework comparison</span>`,
    title: comparison.title,
    lead: html`${comparison.doc}<strong class="headline">${first ?? notMeasured}</strong>`,
    facts: [],
  });
}

function keyFacts({ comparison, costs, pictures }: ComparePage): Content {
  const { cells } = comparison;
  const all = cells.flatMap((cell) => cell.runs);
  const seeds = cells.map((cell) => cell.runs.length);
  const evaluated = all.find(({ evaluation }) => evaluation)?.evaluation;
  const size = all[0]!.record.data.size;
  return factStrip([
    { name: 'Compared', value: formatCount(cells.length) },
    { name: 'Runs', value: formatCount(all.length) },
    { name: 'Seeds of each', value: range(seeds) },
    { name: 'Steps of each', value: range(all.map(({ record }) => record.steps)) },
    { name: 'Pictures', value: `${size.width} × ${size.height}` },
    { name: 'Maps measured on', value: evaluated && formatCount(evaluated.maps.length) },
    { name: 'Maps shown', value: evaluated ? undefined : formatCount(pictures.maps.length) },
    { name: 'Engine', value: [...new Set(costs.flatMap(({ engines }) => engines))].join('; ') },
  ]);
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`;
}

function toBearInMind({ notes }: ComparePage): Content {
  if (notes.length === 0) return undefined;
  return html`<aside class="missing">
    <h3>To bear in mind</h3>
    <ul>
      ${notes.map(
        ({ text, command }) =>
          html`<li>${text}${command !== undefined && html` <code>${command}</code>`}</li>`,
      )}
    </ul>
  </aside>`;
}

function numbers(page: ComparePage): Markup {
  const { table, measures, comparison, verdict } = page;
  const [, ...others] = verdict;
  const several = comparison.cells.some((cell) => cell.runs.length > 1);
  return html`<section id="numbers">
    <h2>Numbers</h2>
    ${
      others.length > 0 &&
      html`<ul class="verdict">
        ${others.map((sentence) => html`<li>${sentence}</li>`)}
      </ul>`
    }
    <p class="note">
      ${
        measures.length > 0 &&
        html`${several ? 'Means over seeds ± their sample standard deviation. ' : 'A single seed each. '}Bold
        is the best of a column, ↑ and ↓ say where that is. `
      }
      FLOPs are of computing pixel by pixel; painting is of one picture. Memory is that of the whole process
      at the end of training.
    </p>
    ${renderTable(table, 'cells')}
    <p class="note">
      The same as <a href="compare.md">Markdown</a>, <a href="compare.tex">LaTeX</a> and, in full precision,
      <a href="compare.csv">CSV</a>.
    </p>
    ${keyFacts(page)}
  </section>`;
}

function renderTable({ columns, rows, ceiling }: Table, marked?: 'cells'): Markup {
  const kind = (column: number): string => (columns[column]?.isText ? 'text' : 'number');
  const cell = ({ text, spread, isBest }: TableCell, column: number): Markup =>
    html`<td class="${kind(column)}">
      ${isBest ? html`<b>${text}</b>` : text}${spread !== undefined && html` <small>± ${spread}</small>`}
    </td>`;
  return scrolling(
    html`<table>
      <thead>
        <tr>
          ${columns.map((column, index) => html`<th class="${kind(index)}" scope="col">${breakable(headingOf(column))}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...others], row) =>
            html`<tr>
              <th class="text" scope="row">${marked && swatch(row)}${first!.text}</th>
              ${others.map((one, index) => cell(one, index + 1))}
            </tr>`,
        )}
      </tbody>
      ${
        ceiling &&
        html`<tfoot>
          <tr>
            ${ceiling.map(cell)}
          </tr>
        </tfoot>`
      }
    </table>`,
  );
}

/** Allows line breaks between the parts of a long name. */
function breakable(name: string): Content {
  return name.split(/(?<=_)/).map((part, index) => [index > 0 && html`<wbr />`, part]);
}

/** Shows the color and dash pattern of a cell. */
function swatch(cell: number): Markup {
  const { color, dash } = styleOfCell(cell);
  return html`<svg class="swatch" viewBox="0 0 18 6" aria-hidden="true">
    <line
      x1="0"
      y1="3"
      x2="18"
      y2="3"
      stroke="${color}"
      stroke-width="3"
      stroke-dasharray="${dash || 'none'}"
    />
  </svg>`;
}

function differences({ comparison, measures, differences: table }: ComparePage): Content {
  if (table.rows.length === 0) return undefined;
  const panels = measures.flatMap((measure) => differencePanel(comparison, measure) ?? []);
  const standIns = measures
    .filter(({ differences }) => differences.some((difference) => difference?.maps?.isStandIn))
    .map(({ name }) => name);
  const { baseline } = comparison;
  return html`<section id="differences">
    <h2>Against ${baseline.label}</h2>
    <p class="note">
      Dots are differences of the values in the table. Thick bars are 95 % intervals over maps, thin lines
      over seeds.
    </p>
    <div class="charts">${panels}</div>
    ${renderTable(table)}
    <details class="more">
      <summary>How this was computed</summary>
      <p>
        Over maps: maps are drawn with repeats, as many as there are, ${formatCount(resamples)} times, with a
        fixed seed and the same maps for both sides; the interval is that between the 2.5th and the 97.5th
        percentile of the differences. Of a metric that is a mean over maps, the drawn maps’ values are
        averaged; of a segmenter’s scores, the drawn maps’ pixels are counted together. Both are in the mean
        over the seeds of a cell. It says what other maps of the kind would have shown, for these very
        trainings.
        ${
          standIns.length > 0 &&
          html`Of ${standIns.join(', ')} there are no counts of single maps: their interval is of the mean of
          the maps’ own values, a stand-in.`
        }
      </p>
      <p>
        Over seeds: the 95 % interval of the difference of two means by Welch’s t, from the spread between
        trainings. It says what other seeds would have shown, on these maps. With few seeds it is wide, and
        rightly so.
      </p>
      <p>
        A difference is called clear where every interval that could be computed lies on its side of zero; all
        else is “no clear difference”, which does not say that there is none. Each interval holds by itself:
        of twenty that are of nothing, one would be called clear by chance.
      </p>
    </details>
  </section>`;
}

function specs({ specs: found, comparison }: ComparePage): Content {
  if (found.length === 0) return undefined;
  return html`<section id="specs">
    <h2>What differs in the specs</h2>
    <p class="note">From ${comparison.baseline.label}. All else is the same.</p>
    ${factTable(
      found.map(({ cell, lines }) => ({
        name: cell.label,
        value: lines.length > 0 ? lines.join('\n') : 'nothing but the seed',
      })),
    )}
  </section>`;
}

function wall({ comparison, pictures, measures }: ComparePage): Markup {
  const { maps, runs } = pictures;
  if (maps.length === 0)
    return html`<section id="pictures">
      <h2>The same maps</h2>
      <p class="note">No run has painted yet.</p>
    </section>`;
  const { cells } = comparison;
  const seeds = [...new Set(runs.flatMap((run) => (run ? [run.record.seed] : [])))];
  const size = runs.find((run) => run)?.record.data;
  const isEvaluated = runs.some((run) => run?.evaluation);
  const [measure] = measures;
  return html`<section id="pictures">
    <h2>The same maps</h2>
    <p class="note">
      ${isEvaluated ? 'Held-out label maps' : 'Maps of the samples that training painted last'}, each painted
      by every ${measures.length > 0 || comparison.axes.length > 1 ? 'cell' : 'run'}: by its first
      seed${seeds.length === 1 && ` (${seeds[0]})`}, not by a chosen
      one.${measure && ` The numbers are ${measure.name}, over all maps and seeds.`}
    </p>
    <div class="picker" hidden>
      <button type="button" data-step="-1" aria-label="The map before">‹</button>
      <input type="range" min="0" max="${maps.length - 1}" value="0" aria-label="Map" />
      <button type="button" data-step="1" aria-label="The next map">›</button>
      <output></output>
    </div>
    ${maps.map(
      (map) =>
        html`<div class="wall" data-name="${map.name}">
          ${tile({ kind: 'label', caption: 'Label map', path: map.label, map: map.name })}
          ${tile({ kind: 'photo', caption: 'Photograph', path: map.photo, map: map.name, value: measure?.ceiling })}
          ${map.painted.map((path, cell) =>
            tile({
              kind: 'painted',
              caption: cells[cell]!.label,
              path,
              map: map.name,
              cell,
              value: measure?.cells[cell]?.mean,
            }),
          )}
        </div>`,
    )}
    ${classLegend(size?.classes ?? [])}
  </section>`;
}

interface Tile {
  readonly kind: 'label' | 'photo' | 'painted';
  readonly caption: string;
  readonly path: string | undefined;
  readonly map: string;
  /** The index of the cell that generated it. */
  readonly cell?: number;
  /** The metric's value of the cell, or of the photographs. */
  readonly value?: number | undefined;
}

function tile({ kind, caption, path, map, cell, value }: Tile): Content {
  if (path === undefined && cell === undefined) return undefined;
  return html`<figure class="${path === undefined ? 'none' : kind}">
    <figcaption>
      ${cell !== undefined && swatch(cell)}${caption}${value !== undefined && html`<b>${fourDigits(value)}</b>`}
    </figcaption>
    ${
      path === undefined
        ? html`<p class="note">not painted</p>`
        : html`<a href="${path}">${picture(path, `${caption}: ${map}`, undefined, kind)}</a>`
    }
  </figure>`;
}

function failures({ comparison, pictures }: ComparePage): Content {
  const { failures: found } = pictures;
  if (!found || found.cells.every((cases) => cases.length === 0)) return undefined;
  return html`<section id="failures">
    <h2>Where each fails</h2>
    <p class="note">
      The maps on which each does worst by ${found.metric}, mean over its seeds; in brackets, what all reach
      there.
    </p>
    ${found.cells.map((cases, cell) => failuresOf(comparison.cells[cell]!.label, cell, cases))}
  </section>`;
}

function failuresOf(label: string, cell: number, cases: Failures['cells'][number]): Content {
  if (cases.length === 0) return undefined;
  const small = (kind: string, what: string, path: string | undefined, { name }: ShownMap): Content =>
    path !== undefined && html`<a href="${path}">${picture(path, `${what}: ${name}`, undefined, kind)}</a>`;
  return html`<h3 class="of-cell">${swatch(cell)}${label}</h3>
    <div class="failures">
      ${cases.map(
        ({ map, value, overall }) =>
          html`<figure>
            <div>
              ${small('label', 'Label map', map.label, map)} ${small('photo', 'Photograph', map.photo, map)}
              ${small('painted', 'Painted', map.painted[cell], map)}
            </div>
            <figcaption>
              ${map.name}: ${fourDigits(value)} <span class="note">(${fourDigits(overall)})</span>
            </figcaption>
          </figure>`,
      )}
    </div>`;
}

/** Shows the metrics measured during training; nothing if there are none. */
function heldOut(comparison: Comparison): Content {
  const panels = comparedMeasures(comparison);
  if (panels.length === 0) return undefined;
  return html`<section id="held-out">
    <h2>Held-out pairs, as training went</h2>
    <p class="note">
      ${`Over training steps${ofSeeds(comparison)}.`} Measured on a part of the pairs, without a protocol:
      numbers to compare by come of evaluations.
    </p>
    ${curves(comparison, panels)}
  </section>`;
}

function losses(comparison: Comparison): Markup {
  const panels = comparedLosses(comparison);
  return html`<section id="curves">
    <h2>Losses</h2>
    ${
      panels.length === 0
        ? html`<p class="note">No step has been recorded yet.</p>`
        : html`<p class="note">
              ${`Running averages over training steps${ofSeeds(comparison)}.`} Losses of different kinds say
              nothing about each other.
            </p>
            ${curves(comparison, panels)}`
    }
  </section>`;
}

function ofSeeds({ cells }: Comparison): string {
  return cells.some(({ runs }) => runs.length > 1) ? '; thin lines are seeds, thick ones their mean' : '';
}

function curves({ cells }: Comparison, panels: readonly Markup[]): Markup {
  return html`<ul class="series">
      ${cells.map(({ label }, cell) => html`<li>${swatch(cell)}${label}</li>`)}
    </ul>
    <div class="charts">${panels}</div>`;
}

function protocol({ comparison }: ComparePage): Content {
  const evaluation = comparison.cells.flatMap(({ runs: of }) => of.flatMap((run) => run.evaluation ?? []))[0];
  if (!evaluation) return undefined;
  const { protocol: used, protocolId } = evaluation;
  const facts: Fact[] = [
    { name: 'Protocol', value: `${protocolId} (version ${used.version})` },
    { name: 'Maps', value: `${formatCount(used.maps)}, set ${used.imageSet}` },
    { name: 'Size', value: `${used.size.width} × ${used.size.height}, ${used.resizeFilter}` },
    {
      name: 'Classes',
      value: `${used.classes}, ${used.voidIds.length === 0 ? 'all counted' : `${used.voidIds.join(', ')} not counted`}`,
    },
    ...Object.entries(used.judges).map(([role, judge]) => ({
      name: `Network: ${role}`,
      value: judge && `${judge.name}, ${judge.sha256}`,
    })),
    { name: 'Styles of each map', value: formatCount(used.styles) },
    { name: 'Seed of painting', value: String(used.seed) },
  ];
  return html`<section id="protocol">
    <h2>How it was measured</h2>
    <p class="note">All numbers are of this protocol; others would not have been put beside them.</p>
    ${factTable(facts)}
  </section>`;
}

function runs({ comparison, folder, isAlone }: ComparePage): Markup {
  const url = (to: string): string => relative(folder, to).split(sep).map(encodeURIComponent).join('/');
  return html`<section id="runs">
    <h2>The runs</h2>
    <ul class="runs">
      ${comparison.cells.flatMap(({ runs: ofCell }, cell) =>
        ofCell.map(({ folder: run, name, record }) => {
          const said = `seed ${record.seed}, ${formatCount(record.steps)} steps, ${record.status}`;
          return html`<li>
            ${swatch(cell)}${isAlone ? name : html`<a href="${url(run)}/index.html">${name}</a>`}
            <span class="note">${said}</span>
          </li>`;
        }),
      )}
    </ul>
  </section>`;
}
