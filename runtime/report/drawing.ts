/** Lays out drawings of networks as SVG, by Graphviz compiled to WebAssembly. */
import { instance } from '@viz-js/viz';

/** Lays out a DOT text; gives a complete SVG file. */
export async function layOut(dot: string): Promise<string> {
  const viz = await instance();
  return shortened(viz.renderString(dot, { format: 'svg' }));
}

/**
 * Removes invisible parts of Graphviz's SVG: comments, titles and ids, which are DOT names that a browser would show
 * as tooltips. Rounded boxes, which Graphviz writes as two curved paths, become rectangles.
 */
function shortened(svg: string): string {
  const box =
    /<path fill="([^"]+)" stroke="[^"]+" d="([^"]+)"\/>\n<path fill="none" stroke="([^"]+)" d="\2"\/>/g;
  return svg
    .replaceAll(/<!DOCTYPE[^>]*>\n/g, '')
    .replaceAll(/<!--[^]*?-->\n/g, '')
    .replaceAll(/<title>[^]*?<\/title>\n/g, '')
    .replaceAll(/<g id="(?:node|edge|a_edge)\d+" class="\w+">\n([^]*?)<\/g>\n/g, '$1')
    .replaceAll(' xml:space="preserve"', '')
    .replaceAll(box, (_, fill: string, path: string, stroke: string) => {
      const points = [...path.matchAll(/(-?(?<![\d.])[\d.]+),(-?[\d.]+)/g)];
      const [left, right] = ends(points.map(([, x]) => Number(x)));
      const [top, bottom] = ends(points.map(([, , y]) => Number(y)));
      const size = `width="${round(right - left)}" height="${round(bottom - top)}" rx="8"`;
      return `<rect x="${round(left)}" y="${round(top)}" ${size} fill="${fill}" stroke="${stroke}"/>`;
    });
}

const ends = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];

const round = (value: number): number => Math.round(value * 100) / 100;
