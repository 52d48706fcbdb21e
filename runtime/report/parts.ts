/** Renders the parts that all pages share: the document, header, facts, commands, class legend and picture rows. */
import { createHash } from 'node:crypto';
import { html, Markup, type Content } from '../base/html.ts';
import type { ClassInfo } from '../data/class-info.ts';
import { STYLE } from './style.ts';

/** The kind of network that a run shows: a generator, or a segmenter of photographs. */
export type Task = 'paint' | 'segment';

/** A named value on a page; without a value it is left out. */
export interface Fact {
  readonly name: string;
  readonly value: string | undefined;
}

/** Holds the pictures of one label map; paths are relative to the page and use `/`. */
export interface PictureRow {
  /** Shown above the pictures. */
  readonly title?: string | undefined;
  /** The name of the map in the pictures' descriptions, such as `held-out map 2`. */
  readonly subject: string;
  readonly label: string | undefined;
  readonly painted: string;
  readonly photo: string | undefined;
  /** The number by which a script finds the generated picture. */
  readonly map?: number | undefined;
}

/** The size of pictures in pixels, which reserves their room on the page while they load. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

// Further rows are folded, as they would push everything else off the screen.
const OPEN_ROWS = 6;
const OPEN_CLASSES = 48;

const SPADE = new Markup(
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2C10 6 3 9.5 3 14.2A4.3 4.3 0 0 0 10.6 17C10.4 19.2 9.6 20.7 8.3 22h7.4c-1.3-1.3-2.1-2.8-2.3-5A4.3 4.3 0 0 0 21 14.2C21 9.5 14 6 12 2Z"/></svg>',
);

/**
 * Wraps content into an HTML document with inline styles: the common style sheet, then the page's own `style`.
 * `script` and `style` are trusted text.
 */
export function document(title: string, content: Content, script?: string, style = ''): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="Spadework" />
        <meta http-equiv="Content-Security-Policy" content="${policyOf(script)}" />
        <title>${title}</title>
        ${new Markup(`<style>${STYLE}${style}</style>`)}
      </head>
      <body>
        ${content}
        <footer>Made by Spadework. This page needs nothing but the pictures beside it.</footer>
        ${script !== undefined && new Markup(`<script>${script}</script>`)}
      </body>
    </html> `.text;
}

/**
 * Makes the content security policy: only the page's own script and the pictures beside it load, so injected markup
 * cannot run.
 */
function policyOf(script: string | undefined): string {
  const digest = script === undefined ? undefined : createHash('sha256').update(script).digest('base64');
  return [
    "default-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    // A page opened as a file has no origin that 'self' matches.
    "img-src 'self' file: data:",
    // Charts and swatches use style attributes.
    "style-src 'unsafe-inline'",
    ...(digest === undefined ? [] : [`script-src 'sha256-${digest}'`]),
  ].join('; ');
}

/** Renders the header of a page: its kind, title, a sentence, and key facts. */
export function pageHeader(o: {
  kind: Content;
  title: string;
  lead?: Content;
  facts: readonly Fact[];
}): Markup {
  return html`<header class="top">
    <p class="eyebrow">${SPADE}${o.kind}</p>
    <h1>${o.title}</h1>
    ${o.lead && html`<p class="lead">${o.lead}</p>`} ${factStrip(o.facts)}
  </header>`;
}

/** Renders key facts side by side; undefined if none has a value. */
export function factStrip(facts: readonly Fact[]): Markup | undefined {
  const rows = stated(facts).map(factRow);
  return rows.length > 0 ? html`<dl class="strip">${rows}</dl>` : undefined;
}

/** Renders facts as a table of names and values; undefined if none has a value. */
export function factTable(facts: readonly Fact[]): Markup | undefined {
  const rows = stated(facts).map(factRow);
  return rows.length > 0 ? html`<dl class="facts">${rows}</dl>` : undefined;
}

function stated(facts: readonly Fact[]): Fact[] {
  return facts.filter(({ value }) => value !== undefined && value !== '');
}

function factRow({ name, value }: Fact): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** Makes a table scroll horizontally if it is wider than the page. */
export function scrolling(table: Markup): Markup {
  return html`<div class="scroll">${table}</div>`;
}

/** Renders a command line to copy, below its purpose. */
export function commandBlock(purpose: string, command: string): Markup {
  return html`<div class="command">
    <h3>${purpose}</h3>
    <pre><code>${command}</code></pre>
  </div>`;
}

/** Renders the classes as color swatches with names; undefined without classes. */
export function classLegend(classes: readonly ClassInfo[]): Markup | undefined {
  if (classes.length === 0) return undefined;
  const list = html`<ul class="legend">
    ${classes.map(
      ({ name, color }) =>
        html`<li><i style="background:rgb(${color.map(Number).join(', ')})"></i>${name}</li>`,
    )}
  </ul>`;
  if (classes.length <= OPEN_CLASSES) return list;
  return html`<details class="more">
    <summary>The ${classes.length} classes and their colors</summary>
    ${list}
  </details>`;
}

/** Renders rows of label map, generated picture and photograph; empty columns are left out. */
export function pictureRows(rows: readonly PictureRow[], size?: PictureSize, task: Task = 'paint'): Markup {
  const columns = 1 + Number(rows.some(({ label }) => label)) + Number(rows.some(({ photo }) => photo));
  const rendered = rows.map((row) => pictureRow(row, size, task));
  const named = rows.some(({ title }) => title) ? ' named' : '';
  const grid = (content: Content): Markup =>
    html`<div class="maps${named}" style="--columns:${columns}">${content}</div>`;
  const rest = rendered.slice(OPEN_ROWS);
  return html`${grid(rendered.slice(0, OPEN_ROWS))}
  ${
    rest.length > 0 &&
    html`<details class="more">
      <summary>${rest.length} more</summary>
      ${grid(rest)}
    </details>`
  }`;
}

function pictureRow(row: PictureRow, size: PictureSize | undefined, task: Task): Markup {
  const cell = (kind: string, caption: string, path: string | undefined, map?: number): Markup | undefined =>
    path === undefined
      ? undefined
      : html`<figure class="${kind}">
          <figcaption>${caption}</figcaption>
          <a href="${path}">${picture(path, `${caption}: ${row.subject}`, size, kind, map)}</a>
        </figure>`;
  return html`<div class="map">
    ${row.title && html`<h3>${row.title}</h3>`} ${cell('label', 'Label map', row.label)}
    ${cell('painted', task === 'paint' ? 'Painted' : 'Found', row.painted, row.map)}
    ${cell('photo', 'Photograph', row.photo)}
  </div>`;
}

/** Renders an image; `path` is relative to the page. */
export function picture(
  path: string,
  description: string,
  size: PictureSize | undefined,
  kind = '',
  map?: number,
): Markup {
  const measures = size && html` width="${size.width}" height="${size.height}"`;
  const found = map !== undefined && html` data-map="${map}"`;
  return html`<img class="${kind}" src="${path}" alt="${description}" loading="lazy" ${measures}${found} />`;
}
