/** Draws the chart of a data set's classes: the share of pixels of each, in both splits. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Color } from '../data/class-info.ts';
import { plotMarkup } from '../report/chart.ts';
import { threeDigits } from '../base/format.ts';
import type { Markup } from '../base/html.ts';

/** One class of the chart. */
export interface HistogramBar {
  readonly name: string;
  readonly color: Color;
  /** Share of all training pixels. */
  readonly share: number;
  /** Share of all held-out pixels; undefined without held-out maps. */
  readonly heldOut: number | undefined;
}

const rowHeight = 24;
/** The longest name shown, in characters; longer names are cut. */
const longestName = 22;

/** Draws a bar per class, with a tick at the held-out share. */
export function classHistogram(bars: readonly HistogramBar[], width = 760): Markup {
  const { document } = parseHTML('<html><body></body></html>');
  const rows = bars.map((bar, index) => ({ ...bar, row: String(index), percent: 100 * bar.share }));
  const most = Math.max(...bars.flatMap(({ share, heldOut }) => [100 * share, 100 * (heldOut ?? 0)]), 0.1);
  return plotMarkup(
    Plot.plot({
      document,
      width,
      height: rowHeight * bars.length + 40,
      marginLeft: 190,
      marginRight: 60,
      marginTop: 6,
      marginBottom: 30,
      ariaLabel: 'Share of the pixels of each class',
      x: {
        domain: [0, most],
        nice: true,
        label: null,
        tickFormat: (value: number) => `${value} %`,
        tickSize: 0,
      },
      y: {
        domain: rows.map(({ row }) => row),
        label: null,
        tickSize: 0,
        tickFormat: (row: string) => shorten(bars[Number(row)]!.name),
      },
      marks: [
        Plot.gridX({ stroke: 'currentColor', strokeOpacity: 0.12 }),
        Plot.barX(rows, {
          x: 'percent',
          y: 'row',
          insetTop: 3,
          insetBottom: 3,
          fill: ({ color }: HistogramBar) => `rgb(${color.join(', ')})`,
          stroke: 'currentColor',
          strokeOpacity: 0.35,
        }),
        Plot.tickX(
          rows.filter(({ heldOut }) => heldOut !== undefined),
          {
            x: ({ heldOut }: HistogramBar) => 100 * (heldOut ?? 0),
            y: 'row',
            stroke: 'currentColor',
            strokeWidth: 2.5,
          },
        ),
        Plot.text(rows, {
          x: ({ share, heldOut }: HistogramBar) => 100 * Math.max(share, heldOut ?? 0),
          y: 'row',
          text: ({ percent }: { percent: number }) => `${threeDigits(percent)} %`,
          textAnchor: 'start',
          dx: 7,
          fill: 'currentColor',
        }),
      ],
    }),
  );
}

function shorten(name: string): string {
  return name.length <= longestName ? name : `${name.slice(0, longestName - 1)}…`;
}
