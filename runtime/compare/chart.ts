/**
 * Draws the plots of a comparison: curves of all cells, one panel per loss term or metric, and differences with their
 * intervals.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Measure } from './measures.ts';
import type { Comparison } from './types.ts';
import {
  PANEL_TITLES,
  plotMarkup,
  SERIES_COLORS,
  smooth,
  thin,
  wholeTicks,
  type Point,
} from '../report/chart.ts';
import { formatCount, signed, threeDigits } from '../base/format.ts';
import { html, type Markup } from '../base/html.ts';
import type { MetricRecord } from '../run/records.ts';

const seedPoints = 160;
const width = 540;

/** Dash patterns distinguish cells when colors repeat. */
const dashes = ['', '6 3', '2 3', '10 3 2 3'] as const;

/** Gives the color and dash pattern of a cell by its index. */
export function styleOfCell(index: number): { readonly color: string; readonly dash: string } {
  const slot = index % SERIES_COLORS.length;
  return {
    color: `var(--series-${slot + 1}, ${SERIES_COLORS[slot]})`,
    dash: dashes[Math.floor(index / SERIES_COLORS.length) % dashes.length]!,
  };
}

/** Draws each loss term of each network as a panel: thin lines for seeds, thick ones for the mean of a cell. */
export function comparedLosses({ cells }: Comparison): Markup[] {
  const networks = new Set(recordsOf(cells).flatMap(({ losses }) => Object.keys(losses)));
  return [...networks].flatMap((network) =>
    panelsOf(cells, ({ losses }) => losses[network], {
      title: (name) => `${PANEL_TITLES[network] ?? network}: ${name}`,
      smoothing: 0.06,
    }),
  );
}

/** Draws the metrics measured during training on held-out pairs in the same way, one panel per metric. */
export function comparedMeasures({ cells }: Comparison): Markup[] {
  // There are few such values, and each is a mean already, so they are not smoothed.
  return panelsOf(cells, ({ evaluation }) => evaluation, { title: (name) => name, smoothing: 0 });
}

function recordsOf(cells: Comparison['cells']): MetricRecord[] {
  return cells.flatMap(({ runs }) => runs.flatMap(({ curves }) => curves));
}

interface PanelOptions {
  readonly title: (name: string) => string;
  /** The share of the records that is averaged into a point. */
  readonly smoothing: number;
}

/** Draws a panel for each name that `numbersOf` finds in records; none if all values are missing. */
function panelsOf(
  cells: Comparison['cells'],
  numbersOf: (record: MetricRecord) => Readonly<Record<string, number | null>> | undefined,
  { title, smoothing }: PanelOptions,
): Markup[] {
  const names = new Set(recordsOf(cells).flatMap((record) => Object.keys(numbersOf(record) ?? {})));
  return [...names].flatMap((name) => {
    const drawn = cells.map(({ runs }) =>
      runs.map(({ curves }) =>
        curves.flatMap((record): Point[] => {
          const value = numbersOf(record)?.[name];
          return typeof value === 'number' && Number.isFinite(value) ? [{ step: record.step, value }] : [];
        }),
      ),
    );
    return drawn.flat(2).length > 0 ? [curvePanel(title(name), drawn, smoothing)] : [];
  });
}

function curvePanel(title: string, cells: readonly (readonly Point[][])[], smoothing: number): Markup {
  const thinned = (points: readonly Point[]): Point[] => thin(smooth(points, smoothing), seedPoints);
  const seeds = cells.map((runs) => runs.map(thinned));
  const means = cells.map((runs) => thinned(meanOf(runs)));
  const values = [...means, ...seeds.flat()].flat().map(({ value }) => value);
  const steps = cells.flat(2).map(({ step }) => step);
  // A spread could exceed the argument limit of a call, as a long run has many steps.
  const ends = (all: readonly number[]): [number, number] =>
    all.reduce<[number, number]>(
      ([low, high], one) => [Math.min(low, one), Math.max(high, one)],
      [Infinity, -Infinity],
    );
  const [first, last] = ends(steps);
  const [low, high] = ends(values);
  const margin = low < high ? 0 : Math.abs(low) / 10 || 1;
  const svg = Plot.plot({
    document: parseHTML('<html><body></body></html>').document,
    width,
    height: 240,
    marginLeft: 46,
    marginRight: 14,
    marginTop: 12,
    marginBottom: 30,
    ariaLabel: title,
    x: {
      domain: first < last ? [first, last] : [first - 0.5, last + 0.5],
      label: null,
      ticks: wholeTicks(first, last),
      tickFormat: formatCount,
      tickSize: 0,
    },
    y: {
      domain: [low - margin, high + margin],
      nice: true,
      label: null,
      ticks: 5,
      tickFormat: threeDigits,
      tickSize: 0,
    },
    marks: [
      Plot.gridY({ ticks: 5, stroke: 'currentColor', strokeOpacity: 0.12 }),
      seeds.map((runs, cell) =>
        runs.length < 2
          ? null
          : runs.map((points) => line(points, cell, { strokeWidth: 1, strokeOpacity: 0.4 })),
      ),
      means.map((points, cell) => line(points, cell, { strokeWidth: 2.2 })),
    ],
  });
  return html`<figure class="panel">
    <figcaption><h3>${title}</h3></figcaption>
    ${plotMarkup(svg)}
  </figure>`;
}

function line(
  points: readonly Point[],
  cell: number,
  style: { strokeWidth: number; strokeOpacity?: number },
) {
  const { color, dash } = styleOfCell(cell);
  const channels = { x: 'step', y: 'value' } as const;
  // A single step is drawn as a dot, as a line of one point is invisible.
  return points.length === 1
    ? Plot.dot(points, { ...channels, r: 3, fill: color })
    : Plot.lineY(points, { ...channels, stroke: color, ...style, ...(dash && { strokeDasharray: dash }) });
}

/** Averages runs over their common steps. */
function meanOf(runs: readonly (readonly Point[])[]): Point[] {
  const [first = [], ...others] = runs;
  const rest = others.map((points) => new Map(points.map(({ step, value }) => [step, value])));
  return first.flatMap(({ step, value }) => {
    const values = [value, ...rest.map((points) => points.get(step))];
    return values.every((one) => one !== undefined)
      ? [{ step, value: values.reduce((sum, one) => sum + one, 0) / values.length }]
      : [];
  });
}

/**
 * Draws the differences of a metric to the baseline, each with its interval over maps (thick) and over seeds (thin).
 */
export function differencePanel({ cells, baseline }: Comparison, measure: Measure): Markup | undefined {
  const shown = measure.differences.flatMap((difference, index) =>
    difference ? [{ label: cells[index]!.label, index, difference }] : [],
  );
  if (shown.length === 0) return undefined;
  const direction = measure.better === 'higher' ? 'right is better' : 'left is better';
  const maps = shown.flatMap(({ label, index, difference: { maps: found } }) =>
    // For a stand-in, the interval is that of the mean over maps, so it is drawn around the difference itself.
    found ? [{ label, low: found.low, high: found.high, color: styleOfCell(index).color }] : [],
  );
  const seeds = shown.flatMap(({ label, difference: { seeds: found } }) =>
    found ? [{ label, ...found }] : [],
  );
  const svg = Plot.plot({
    document: parseHTML('<html><body></body></html>').document,
    width,
    height: 40 + 26 * shown.length,
    marginLeft: 150,
    marginRight: 18,
    marginTop: 8,
    marginBottom: 28,
    ariaLabel: `${measure.name}: differences to ${baseline.label}`,
    x: {
      label: null,
      ticks: 5,
      tickFormat: (value: number) => (value === 0 ? '0' : signed(value)),
      tickSize: 0,
      nice: true,
    },
    y: { domain: shown.map(({ label }) => label), label: null, tickSize: 0, tickFormat: shortened },
    marks: [
      Plot.gridX({ ticks: 5, stroke: 'currentColor', strokeOpacity: 0.12 }),
      Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.5 }),
      Plot.ruleY(seeds, { y: 'label', x1: 'low', x2: 'high', stroke: 'currentColor', strokeOpacity: 0.55 }),
      maps.map((one) =>
        Plot.ruleY([one], {
          y: 'label',
          x1: 'low',
          x2: 'high',
          stroke: one.color,
          strokeWidth: 5,
          strokeOpacity: 0.45,
        }),
      ),
      shown.map(({ label, index, difference }) =>
        Plot.dot([{ label, value: difference.value }], {
          y: 'label',
          x: 'value',
          r: 4,
          fill: styleOfCell(index).color,
        }),
      ),
    ],
  });
  return html`<figure class="panel">
    <figcaption>
      <h3>${measure.name}</h3>
      <p class="note">less that of ${baseline.label}; ${direction}</p>
    </figcaption>
    ${plotMarkup(svg)}
  </figure>`;
}

const longestLabel = 22;

function shortened(label: string): string {
  return label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}…` : label;
}
