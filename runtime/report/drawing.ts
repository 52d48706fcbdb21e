/** Answers for laying out drawings of networks: Graphviz, compiled to WebAssembly, makes SVG of DOT text. */
import { instance } from '@viz-js/viz';

/** Lays a DOT text out; gives a whole SVG file. */
export async function layOut(dot: string): Promise<string> {
  const viz = await instance();
  return shortened(viz.renderString(dot, { format: 'svg' }));
}

/**
 * Takes out of Graphviz's SVG what nobody sees: comments, and titles and ids, which are names in the DOT text and would pop up
 * under the mouse. Boxes with round corners, which Graphviz writes as two paths of curves, one of them the area and one the
 * border, become rectangles.
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
