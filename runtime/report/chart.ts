/** Draws loss curves for a page: one panel per network, as inline SVG in the page's colors. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { formatCount, threeDigits } from '../base/format.ts';
import { html, Markup } from '../base/html.ts';

/** The size of a panel in CSS pixels at full width, and the smoothing of curves. */
export interface ChartOptions {
  readonly width?: number;
  readonly height?: number;
  /** The share of records averaged into one point of the smoothed line; 0.04 by default. */
  readonly smoothing?: number;
  /** Whether the axis is logarithmic, if all values are above 0. */
  readonly logarithmic?: boolean;
}

/** A value of a curve. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

interface Series {
  readonly name: string;
  readonly color: string;
  readonly raw: readonly Point[];
  readonly averaged: readonly Point[];
}

// As many raw points as are distinguishable on a panel; more only make the page larger.
const RAW_POINTS = 240;
const SMOOTH_POINTS = 200;

// Below this many records, averaging would hide the few values.
const SMOOTHED_FROM = 30;

// Default for pages without `--series-N`: colors for color-blind readers (Okabe and Ito 2008), without yellow.
export const SERIES_COLORS = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#56b4e9',
  '#e69f00',
  '#7a7a7a',
] as const;

export const PANEL_TITLES: Readonly<Record<string, string>> = { G: 'Generator', D: 'Discriminator' };

/** The loss terms of a step, by network, then by name; null where a value was not finite. */
export interface LossesOfStep {
  readonly step: number;
  readonly losses: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

/**
 * Draws the loss terms over steps, one figure a network: a legend with the latest values, then an SVG with a smoothed
 * line over faint raw points.
 *
 * Records are in order of steps. Values that are not finite are left out and counted under the panel; single spikes
 * beyond the bulk of the values are not drawn, so that they do not flatten the rest. Without any value the result is
 * empty.
 */
export function lossChart(records: readonly LossesOfStep[], options: ChartOptions = {}): string {
  const networks = new Set(['G', 'D', ...records.flatMap((record) => Object.keys(record.losses))]);
  const panels = [...networks].map((network) => drawPanel(network, records, options));
  return panels.filter((panel) => panel !== '').join('\n');
}

function drawPanel(network: string, records: readonly LossesOfStep[], options: ChartOptions): string {
  const names = [...new Set(records.flatMap((record) => Object.keys(record.losses[network] ?? {})))];
  const title = `${PANEL_TITLES[network] ?? network} losses`;
  return curveChart(
    title,
    curvesOf(records, names, ({ losses }) => losses[network]),
    options,
  );
}

/** Holds the values of one name over steps; null where a value was not finite. */
export interface Curve {
  readonly name: string;
  readonly values: readonly { readonly step: number; readonly value: number | null }[];
}

/** Collects the values that `numbersOf` gives for records, by name; steps without a value are skipped. */
export function curvesOf<Row extends { readonly step: number }>(
  records: readonly Row[],
  names: readonly string[],
  numbersOf: (record: Row) => Readonly<Record<string, number | null>> | undefined,
): Curve[] {
  return names.map((name) => ({
    name,
    values: records.flatMap((record) => {
      const value = numbersOf(record)?.[name];
      return value === undefined ? [] : [{ step: record.step, value }];
    }),
  }));
}

/** Draws curves into one figure, as `lossChart` does those of a network; empty without any value. */
export function curveChart(title: string, curves: readonly Curve[], options: ChartOptions = {}): string {
  const { width = 540, height = 260, smoothing = 0.04 } = options;
  let omitted = 0;
  const series = curves.flatMap(({ name, values }, i): Series[] => {
    const points = values.filter((point): point is Point => Number.isFinite(point.value));
    omitted += values.length - points.length;
    if (points.length === 0) return [];
    const slot = i % SERIES_COLORS.length;
    const color = `var(--series-${slot + 1}, ${SERIES_COLORS[slot]})`;
    return [{ name, color, raw: thin(points, RAW_POINTS), averaged: smooth(points, smoothing) }];
  });
  const note =
    omitted > 0 &&
    html`<p class="note">
      ${formatCount(omitted)} ${omitted === 1 ? 'value is' : 'values are'} not finite and left out.
    </p>`;
  if (series.length === 0) return note ? html`<figure class="panel">${note}</figure>`.text : '';
  return html`<figure class="panel">
    <figcaption>
      <h3>${title}</h3>
      <ul class="series">
        ${series.map(
          ({ name, color, averaged }) =>
            html`<li>
              <i style="background:${color}"></i><code>${name}</code>
              <b>${threeDigits(averaged.at(-1)!.value)}</b>
            </li>`,
        )}
      </ul>
    </figcaption>
    ${drawSeries(series, { title, width, height, isLogarithmic: options.logarithmic === true })} ${note}
  </figure>`.text;
}

function drawSeries(
  series: readonly Series[],
  {
    title,
    width,
    height,
    isLogarithmic,
  }: { title: string; width: number; height: number; isLogarithmic: boolean },
): Markup {
  const [low, high] = valueRange(series);
  const type = isLogarithmic && low > 0 ? 'log' : 'linear';
  // Points just outside stay, as the axis ends at a round value beyond the range.
  const margin = (high - low) / 25;
  const steps = series.flatMap(({ raw }) => [raw[0]!.step, raw.at(-1)!.step]);
  const first = Math.min(...steps);
  const last = Math.max(...steps);
  // A single step would give an axis of length 0.
  const domain = first < last ? [first, last] : [first - 0.5, last + 0.5];
  const { document } = parseHTML('<html><body></body></html>');
  const svg = Plot.plot({
    document,
    width,
    height,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 12,
    marginBottom: 34,
    ariaLabel: title,
    x: { domain, label: null, ticks: wholeTicks(first, last), tickFormat: formatCount, tickSize: 0 },
    y: { type, domain: [low, high], nice: true, label: null, ticks: 5, tickFormat: threeDigits, tickSize: 0 },
    marks: [
      Plot.gridY({ ticks: 5, stroke: 'currentColor', strokeOpacity: 0.12 }),
      low < 0 && high > 0 ? Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.4 }) : null,
      series.map(({ raw, color, averaged }) =>
        Plot.dot(
          raw.filter(({ value }) => value >= low - margin && value <= high + margin),
          {
            x: 'step',
            y: 'value',
            r: averaged.length < 2 ? 3 : 1.4,
            fill: color,
            fillOpacity: averaged.length < 2 ? 1 : 0.28,
          },
        ),
      ),
      series.map(({ averaged, color }) =>
        averaged.length < 2
          ? null
          : Plot.lineY(averaged, { x: 'step', y: 'value', stroke: color, strokeWidth: 2 }),
      ),
    ],
  });
  return plotMarkup(svg);
}

/**
 * Converts a finished plot to markup of a page. Rounds coordinates to tenths of a pixel, as Plot writes them in full
 * precision, and escapes `<` in attributes, which linkedom leaves: it is valid, but confuses simple parsers.
 */
export function plotMarkup(svg: { readonly outerHTML: string }): Markup {
  return new Markup(
    svg.outerHTML.replace(/="[^"]*"/g, (attribute) =>
      attribute
        .replace(/(?<!\d)\d+\.\d{2,}/g, (text) => String(Number(Number(text).toFixed(1))))
        .replaceAll('<', '&lt;'),
    ),
  );
}

/** Returns the range of the smoothed lines and of the bulk of raw points. */
function valueRange(series: readonly Series[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const { raw, averaged } of series) {
    const sorted = raw.map(({ value }) => value).sort((a, b) => a - b);
    const tail = Math.floor(sorted.length * 0.01);
    low = Math.min(low, sorted[tail]!, ...averaged.map(({ value }) => value));
    high = Math.max(high, sorted[sorted.length - 1 - tail]!, ...averaged.map(({ value }) => value));
  }
  if (low < high) return [low, high];
  const margin = Math.abs(low) / 10 || 1;
  return [low - margin, high + margin];
}

/** Returns at most six tick positions at integer steps. */
export function wholeTicks(first: number, last: number): number[] {
  if (first === last) return [first];
  const spacing = (last - first) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(spacing));
  const factor = [1, 2, 5].find((candidate) => candidate * magnitude >= spacing) ?? 10;
  const step = Math.max(1, factor * magnitude);
  const start = Math.ceil(first / step);
  return Array.from({ length: Math.floor(last / step) - start + 1 }, (_, i) => (start + i) * step);
}

/** Keeps at most `count` points, evenly spread, including the first and the last. */
export function thin(points: readonly Point[], count: number): Point[] {
  if (points.length <= count) return [...points];
  return Array.from(
    { length: count },
    (_, i) => points[Math.round((i * (points.length - 1)) / (count - 1))]!,
  );
}

/** Averages over a window centered at each point (shorter at the ends), only at as many points as are drawn. */
export function smooth(points: readonly Point[], share: number): Point[] {
  const half = points.length < SMOOTHED_FROM ? 0 : Math.max(1, Math.round((points.length * share) / 2));
  const sums = new Float64Array(points.length + 1);
  points.forEach(({ value }, i) => (sums[i + 1] = sums[i]! + value));
  const indices = thin(
    points.map(({ step }, index) => ({ step, value: index })),
    SMOOTH_POINTS,
  );
  return indices.map(({ step, value: index }) => {
    const start = Math.max(0, index - half);
    const end = Math.min(points.length, index + half + 1);
    const mean = (sums[end]! - sums[start]!) / (end - start);
    return { step, value: mean };
  });
}
