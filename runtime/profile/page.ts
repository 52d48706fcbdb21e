/** Renders the page of a profile: a flame graph of the step's blocks, and tables by source line and by op. */
import { phases, type BlockPart, type LinePart, type Part, type Phase, type Profile } from './profile.ts';
import { FLAME_SCRIPT, FLAME_STYLE, flameGraph, type FlameBox } from '../report/flame.ts';
import { formatSeconds, threeDigits } from '../base/format.ts';
import { highlight } from '../report/highlight.ts';
import { html, type Content, type Markup } from '../base/html.ts';
import { commandBlock, document, factTable, pageHeader, scrolling, type Fact } from '../report/parts.ts';
import { writeWhole } from '../base/files.ts';

/** The facts on the page beside the profile. */
export interface ProfileFacts {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** The command line, to repeat the profile. */
  readonly command: string;
}

/** Further rows are folded. */
const openRows = 25;

const tints: Readonly<Record<Phase, string>> = {
  forward: 'series-1',
  backward: 'series-2',
  update: 'series-3',
};

const meaning =
  'Times are time that passed, the mean of the traced steps. Where kernels run at once, each moment is divided equally among ' +
  'them, so that everything adds up to the step. A kernel that computes several things counts for the convolution or matrix ' +
  'product in it.';

/** Writes the page to a file, creating its folder, and returns its path. */
export async function writeProfilePage(file: string, profile: Profile, facts: ProfileFacts): Promise<string> {
  const { stepMs, tracedMs, kernelMs, steps, lines, ops, blocks } = profile;
  const share = (ms: number): string => `${threeDigits((100 * ms) / kernelMs)} %`;
  const content = html`${pageHeader({
      kind: 'Spadework profile',
      title: facts.title,
      lead: 'Where the time of a training step goes',
      facts: [
        { name: 'Time per step', value: milliseconds(stepMs) },
        { name: 'With tracing', value: milliseconds(tracedMs) },
        { name: 'In kernels', value: milliseconds(kernelMs) },
        ...phases.map((phase) => ({
          name: phase.charAt(0).toUpperCase() + phase.slice(1),
          value: share(lines.reduce((sum, { times }) => sum + times[phase], 0)),
        })),
      ],
    })}
    <main>
      <section id="blocks">
        <h2>Blocks</h2>
        <p class="note">
          A box is a block of a network, and as wide as its time; below it is what it is made of. Click a box
          to see it in the whole width, and one above it to come back.
        </p>
        ${phaseKey()} ${flameGraph(flameOf(blocks), (path, box) => describeBox(path, box, share))}
      </section>
      <section id="lines">
        <h2>Source lines</h2>
        <p class="note">
          What a line calls in the prelude, such as <code>conv</code>, counts for the line; so do gradients of
          what it says.
        </p>
        ${partsTable(['Line', ''], lines, (line) => [placeOf(line), lineText(line)], kernelMs)}
      </section>
      <section id="ops">
        <h2>Ops</h2>
        ${partsTable(['Op'], ops, ({ name }) => [html`<code>${name}</code>`], kernelMs)}
      </section>
      <section id="facts">
        <h2>How it was measured</h2>
        <p>${meaning}</p>
        ${factTable([...facts.facts, { name: 'Traced steps', value: String(steps) }])}
        ${commandBlock('Profile again', facts.command)}
      </section>
    </main>`;
  const page = document(
    `${facts.title}: a Spadework profile`,
    content,
    FLAME_SCRIPT,
    FLAME_STYLE + PROFILE_STYLE,
  );
  await writeWhole(file, page);
  return file;
}

function flameOf({ name, total, phase, parts }: BlockPart): FlameBox {
  return { name, total, tint: phase && tints[phase], parts: parts.map(flameOf) };
}

function describeBox(path: readonly string[], { total }: FlameBox, share: (ms: number) => string): string {
  const name = path.length === 1 ? path[0] : path.slice(1).join(' / ');
  return `${name}: ${milliseconds(total)}, ${share(total)}`;
}

function phaseKey(): Markup {
  return html`<ul class="series">
    ${phases.map((phase) => html`<li><i style="background:var(--${tints[phase]})"></i>${phase}</li>`)}
  </ul>`;
}

function placeOf({ place }: LinePart): Content {
  return place && html`<span class="place">${place.source.name}:${place.line}</span>`;
}

function lineText({ place, text }: LinePart): Content {
  return place ? html`<code>${highlight(text)}</code>` : text;
}

/** Renders parts as a table: their name, their time with a bar of its phases, and the number of their kernels. */
function partsTable<P extends Part>(
  heads: readonly string[],
  parts: readonly P[],
  cellsOf: (part: P) => readonly Content[],
  whole: number,
): Markup {
  const longest = Math.max(...parts.map(({ total }) => total));
  const row = (part: P): Markup =>
    html`<tr>
      ${cellsOf(part).map((cell) => html`<td>${cell}</td>`)}
      <td class="number">${threeDigits(part.total)}</td>
      <td class="number">${((100 * part.total) / whole).toFixed(1)}</td>
      <td class="bar">${phases.map((phase) => bar(phase, part.times[phase] / longest))}</td>
      <td class="number">${part.kernels}</td>
    </tr>`;
  const table = (rows: readonly P[]): Markup =>
    scrolling(
      html`<table class="parts">
        <thead>
          <tr>
            ${heads.map((head) => html`<th>${head}</th>`)}
            <th class="number">ms</th>
            <th class="number">%</th>
            <th>forward, backward, update</th>
            <th class="number">kernels</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(row)}
        </tbody>
      </table>`,
    );
  const rest = parts.slice(openRows);
  return html`${table(parts.slice(0, openRows))}
  ${
    rest.length > 0 &&
    html`<details class="more">
      <summary>${rest.length} more</summary>
      ${table(rest)}
    </details>`
  }`;
}

function bar(phase: Phase, share: number): Markup {
  return html`<i style="width:${(100 * share).toFixed(2)}%;background:var(--${tints[phase]})"></i>`;
}

const milliseconds = (ms: number): string => formatSeconds(ms / 1000);

const PROFILE_STYLE = `
.parts { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
.parts th { color: var(--soft); font-weight: 400; font-size: 0.84rem; text-align: left; padding: 0 14px 6px 0; white-space: nowrap; }
.parts td { border-top: 1px solid var(--line); padding: 5px 14px 5px 0; vertical-align: top; }
.parts td.number, .parts th.number { width: 1%; text-align: right; white-space: nowrap; }
.parts .number { font-variant-numeric: tabular-nums; }
.parts .place { color: var(--soft); white-space: nowrap; font-size: 0.88rem; }
.parts code { display: block; white-space: pre-wrap; overflow-wrap: anywhere; }
.parts td + td code { min-width: 17em; }
.parts .bar { min-width: 150px; width: 26%; white-space: nowrap; font-size: 0; }
.parts .bar i { display: inline-block; height: 10px; margin-top: 7px; }
.parts .comment { color: var(--soft); font-style: italic; }
.parts .keyword { color: var(--keyword); }
.parts .string { color: var(--string); }
.parts code .number { color: var(--number); }
.parts .type { color: var(--type); }
.parts .call { color: var(--call); }
`;
