/** Renders the page that shows how much of labels norms preserve: pictures and a number for each, and the reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClassInfo } from '../../runtime/data/class-info.ts';
import type { IdMap } from '../../runtime/data/maps.ts';
import { threeDigits } from '../../runtime/base/format.ts';
import { highlight } from '../../runtime/report/highlight.ts';
import { html, type Content, type Markup } from '../../runtime/base/html.ts';
import { classLegend, commandBlock, document, pageHeader, picture } from '../../runtime/report/parts.ts';
import { writePicture } from '../../runtime/report/picture.ts';
import { colorize, fromFloat, type Picture } from '../../runtime/report/pixels.ts';
import { writeWhole } from '../../runtime/base/files.ts';
import {
  groups,
  lostBelow,
  specFile,
  trainingPasses,
  uniformMaps,
  uniformSize,
  verdictOf,
  type Separation,
  type Washout,
} from './measure.ts';

/** The content of a page. */
export interface PageFacts {
  readonly map: IdMap;
  readonly classes: readonly ClassInfo[];
  readonly engine: string;
  readonly seed: number;
  /** The command line, to repeat the work. */
  readonly command: string;
}

/** The networks at the top of the page, with their titles. */
const argument: readonly (readonly [network: string, name: string])[] = [
  ['None', 'Without a norm'],
  ['Instance', 'Instance norm'],
  ['SpadeInstance', 'SPADE over instance norm'],
];

/**
 * Writes `index.html` and its pictures into a folder, and returns the page's path. Pictures are named after networks.
 */
export async function writeWashoutPage(
  folder: string,
  washouts: readonly Washout[],
  facts: PageFacts,
): Promise<string> {
  await writePictures(folder, washouts, facts);
  const byName = new Map(washouts.map((washout) => [washout.network, washout]));
  const find = (networks: readonly string[]): Washout[] =>
    networks.flatMap((network) => byName.get(network) ?? []);
  const count = (verdict: string): string =>
    String(washouts.filter(({ alone }) => verdictOf(alone) === verdict).length);
  const content = html`${pageHeader({
      kind: 'Spadework washout',
      title: 'What a norm leaves of a label',
      lead: html`Maps of a single label through a convolution and a norm. Where a norm subtracts the mean of
      each channel, every label comes out the same.`,
      facts: [
        { name: 'Labels', value: String(facts.classes.length) },
        { name: 'Networks', value: String(washouts.length) },
        { name: 'Lose the label', value: count('lost') },
        { name: 'Keep it', value: count('kept') },
        { name: 'Engine', value: facts.engine },
        { name: 'Seed', value: String(facts.seed) },
      ],
    })}
    <main>
      <section id="argument">
        ${mapsRow('Label maps', facts)}
        ${find(argument.map(([network]) => network)).map((washout) =>
          row(
            washout,
            facts,
            html`<h3>${argument.find(([network]) => network === washout.network)?.[1]}</h3>`,
          ),
        )}
        ${classLegend(facts.classes)}
      </section>
      ${why()}
      ${groups.map(
        ({ title, text, networks }) =>
          html`<section>
            <h2>${title}</h2>
            <p>${text}</p>
            ${mapsRow('Label maps', facts)}
            ${find(networks).map((washout) =>
              row(
                washout,
                facts,
                html`<h3><code>${highlight(washout.call)}</code></h3>
                  <p class="note">${spans(washout.note)}</p>`,
              ),
            )}
          </section>`,
      )}
      <section id="made">
        <h2>How it was made</h2>
        <p>
          Nothing is trained: weights and biases are random, and the same for the same layer of every network.
          All are whole multiples of 1/64, so that the sums of instance norm are exact; where weights are
          normalized they are not, and rounding is left, which the norm divides by the root of its epsilon.
          Lost means that no two labels differ by more than ${lostBelow}, kept that all do.
        </p>
        ${commandBlock('Make this page again', facts.command)}
        <pre class="source"><code>${highlight(readFileSync(specFile, 'utf8'))}</code></pre>
      </section>
      <section id="sources">
        <h2>Sources</h2>
        <p>
          The argument: Park, Liu, Wang, Zhu, “Semantic Image Synthesis with Spatially-Adaptive
          Normalization”, CVPR 2019, section 3.1 and figure 3. The maps: CamVid (Brostow, Fauqueur, Cipolla
          2009), SegNet edition. Each norm cites its own in <code>specs/norms.spade</code>.
        </p>
      </section>
    </main>`;
  const path = join(folder, 'index.html');
  await writeWhole(path, document('What a norm leaves of a label', content, undefined, style));
  return path;
}

function why(): Markup {
  return html`<section id="why">
    <h2>Why</h2>
    <p>
      Where label <i>k</i> is everywhere, a convolution sees the same at every pixel <i>p</i>. Each of its
      channels <i>c</i> is one number, which depends on the label; its mean over the pixels is that number,
      and its variance is 0:
    </p>
    <pre><code>convolution     a(p, c) = Σ w(tap, k, c) + b(c) = a<sub>k</sub>(c)
instance norm   (a<sub>k</sub>(c) − mean over p) / √(variance over p + ε) = (a<sub>k</sub>(c) − a<sub>k</sub>(c)) / √ε = 0      for every k
SPADE           (1 + γ<sub>k</sub>) · 0 + β<sub>k</sub> = β<sub>k</sub>
layer norm      (a<sub>k</sub>(c) − mean over p and c) / √(variance over p and c + ε)     differs with k</code></pre>
    <p>
      What follows cannot bring back what is gone: this is how pix2pixHD washes out large areas of one label.
      SPADE’s γ and β come from the map and are applied after the normalization. A real map has several
      labels, so its channels do vary, and instance norm still tells its regions apart; but a color says how a
      region differs from the rest of its picture, not what it is.
    </p>
    <p>
      The number of a norm is the distance between the pictures of two labels, as a root mean square over
      pixels, colors and all pairs of labels, divided by the root mean square of the pictures themselves: 0
      where all labels look the same, 1 and more where they have nothing in common.
    </p>
  </section>`;
}

/** Shows the input maps, above the rows of outputs. */
function mapsRow(title: string, { classes, map }: PageFacts): Markup {
  return normRow(
    html`<h3>${title}</h3>`,
    strip('maps', `one map of each label: ${classes.map(({ name }) => name).join(', ')}`, classes.length),
    picture('map.png', 'a real label map', map, 'label'),
    html`<p class="note">each label by itself; a real map</p>`,
    'maps-row',
  );
}

function row(washout: Washout, { classes, map }: PageFacts, name: Markup): Markup {
  const { network, call, alone } = washout;
  return normRow(
    name,
    strip(network, `${call}: the pictures of ${classes.length} labels, ${verdictOf(alone)}`, classes.length),
    picture(`${network}-real.png`, `${call}: the picture of the real map`, map),
    numbers(washout),
  );
}

function normRow(name: Content, swatches: Markup, real: Markup, said: Content, kind = ''): Markup {
  return html`<div class="norm ${kind}">
    <div class="name">${name}</div>
    <div class="swatches">${swatches}</div>
    <div class="real">${real}</div>
    <div class="said">${said}</div>
  </div>`;
}

function strip(name: string, description: string, labels: number): Markup {
  const { width, height } = uniformSize;
  return picture(`${name}.png`, description, { width: width * labels, height });
}

/** Renders the measurements; equal values of all settings are rendered once. */
function numbers({ alone, together, inUse }: Washout): Markup {
  const differs = (a: Separation, b: Separation): boolean => shown(a) !== shown(b);
  const isConstant = !differs(alone, together) && !differs(alone, inUse);
  return html`${verdict(alone, isConstant ? undefined : 'one map a batch')}
  ${differs(alone, together) && verdict(together, 'all maps in one batch')}
  ${!isConstant && verdict(inUse, `in use, after ${trainingPasses} passes`)}`;
}

function verdict(separation: Separation, setting: string | undefined): Markup {
  const word = verdictOf(separation);
  return html`<p class="verdict ${word.replace(' ', '-')}">
    <b>${word}</b>
    <span>${shown(separation)}</span> ${setting !== undefined && html`<small>${setting}</small>`}
  </p>`;
}

/** Formats a separation for the page and the table. */
export function shown({ mean }: Separation): string {
  return mean < 1e-3 && mean > 0 ? mean.toExponential(0) : threeDigits(Number(mean.toFixed(3)));
}

/** Converts `code` in a comment of the spec to markup. */
function spans(note: string): Content {
  return note.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));
}

async function writePictures(
  folder: string,
  washouts: readonly Washout[],
  { map, classes }: PageFacts,
): Promise<void> {
  const { width, height } = uniformSize;
  const write = (name: string, made: Picture): Promise<void> =>
    writePicture(join(folder, `${name}.png`), made);
  const maps = uniformMaps(classes.length).map((labels) => colorize(labels, width, height, classes));
  await write('maps', sideBySide(maps));
  await write('map', colorize(map.ids, map.width, map.height, classes));
  for (const { network, uniform, real } of washouts) {
    await write(network, sideBySide(uniform.map((values) => fromFloat(values, width, height))));
    await write(`${network}-real`, fromFloat(real, map.width, map.height));
  }
}

/** Joins pictures of one size without gaps: equal ones look like one picture. */
function sideBySide(pictures: readonly Picture[]): Picture {
  const { width, height } = uniformSize;
  const data = new Uint8Array(3 * width * height * pictures.length);
  pictures.forEach((each, i) => {
    for (let y = 0; y < height; y++)
      data.set(each.data.subarray(3 * width * y, 3 * width * (y + 1)), 3 * width * (pictures.length * y + i));
  });
  return { width: width * pictures.length, height, data };
}

const style = `
.norm { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 9fr) minmax(88px, 2fr) minmax(0, 3.4fr); gap: 6px 24px;
  align-items: center; padding: 12px 0; border-top: 1px solid var(--line); }
.norm p { margin: 0; }
.norm h3 { overflow-wrap: anywhere; }
.norm h3 code { font-weight: 500; font-size: 0.92rem; }
.norm .note { margin-top: 2px; line-height: 1.4; }
.norm img { display: block; width: 100%; height: auto; border-radius: 3px; image-rendering: pixelated; background: var(--wash); }
.norm .swatches img { height: 64px; }
.norm .real img { image-rendering: auto; }
.maps-row { margin-top: 14px; }
#argument { margin-top: clamp(28px, 4vw, 44px); }
#argument .maps-row { border-top: 0; }
.verdict { line-height: 1.35; font-variant-numeric: tabular-nums; }
.verdict + .verdict { margin-top: 5px; }
.verdict b { font-weight: 600; color: var(--soft); }
.verdict.lost b { color: var(--series-2); }
.verdict.kept b { color: var(--accent); }
.verdict small { display: block; color: var(--soft); }
#why pre { margin-bottom: 16px; }
pre sub { font-size: 0.75em; line-height: 0; }
.norm .keyword { color: var(--keyword); }
.norm .call { color: var(--call); }
.norm .string { color: var(--string); }
.norm .number { color: var(--number); }
@media (max-width: 820px) {
  .norm { grid-template-columns: minmax(0, 1fr) 104px; align-items: start; padding: 16px 0; }
  .norm .name, .norm .swatches { grid-column: 1 / -1; }
  .norm .said { order: 1; }
  .norm .real { order: 2; }
  .norm .swatches img { height: 44px; }
}
`;
