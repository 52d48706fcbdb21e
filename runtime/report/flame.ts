/** Draws flame graphs: a tree of times as rows of boxes whose widths are shares; a click zooms into a box. */
import { html, type Markup } from '../base/html.ts';

/** A box with the boxes below it. */
export interface FlameBox {
  readonly name: string;
  /** The value that determines its width. */
  readonly total: number;
  /** Names its color: `--<tint>` of the page's style. */
  readonly tint?: string | undefined;
  readonly parts: readonly FlameBox[];
}

/** Boxes below this share are left out: they would be narrower than a pixel even when zoomed. */
const narrowest = 1 / 4000;
/** Height of a row in CSS `em`. */
const rowHeight = 1.9;

/** Draws a tree; `describe` gives the tooltip of a box, from the names of the path to it. */
export function flameGraph(
  root: FlameBox,
  describe: (path: readonly string[], box: FlameBox) => string,
): Markup {
  const boxes: Markup[] = [];
  let deepest = 0;
  const place = (box: FlameBox, path: readonly string[], left: number): void => {
    const depth = path.length - 1;
    deepest = Math.max(deepest, depth);
    const share = box.total / root.total;
    const tint = box.tint === undefined ? '' : `;--tint:var(--${box.tint})`;
    boxes.push(
      html`<button
        type="button"
        data-left="${precise(left)}"
        data-width="${precise(share)}"
        data-depth="${depth}"
        style="left:${percent(left)};width:${percent(share)};top:${depth * rowHeight}em${tint}"
        title="${describe(path, box)}"
      >
        <span>${box.name}</span>
      </button>`,
    );
    let inner = left;
    for (const part of box.parts) {
      if (part.total / root.total >= narrowest) place(part, [...path, part.name], inner);
      inner += part.total / root.total;
    }
  };
  place(root, [root.name], 0);
  return html`<div class="flame" style="height:${(deepest + 1) * rowHeight}em">${boxes}</div>`;
}

const precise = (share: number): string => share.toFixed(6);
const percent = (share: number): string => `${(100 * share).toFixed(4)}%`;

/** The style of flame graphs. */
export const FLAME_STYLE = `
.flame { position: relative; margin-top: 16px; font-size: 0.8rem; overflow: hidden; border-radius: 4px; }
.flame button { position: absolute; height: ${rowHeight}em; padding: 0; border: 0; border-radius: 0; font: inherit;
  line-height: ${rowHeight}em; text-align: left; cursor: pointer; container-type: inline-size; color: var(--ink); background: color-mix(in srgb, var(--tint, var(--soft)) 26%, var(--paper));
  box-shadow: inset -1px -1px 0 var(--paper); }
.flame span { display: block; padding: 0 0.4em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
@container (max-width: 2.4em) { .flame span { visibility: hidden; } }
.flame button:hover { background: color-mix(in srgb, var(--tint, var(--soft)) 48%, var(--paper)); }
.flame button[hidden] { display: none; }
.flame button:focus-visible { outline-offset: -2px; }
`;

/** The script of flame graphs: a click on a box zooms to it, a click on a box above zooms out. */
export const FLAME_SCRIPT = `
for (const flame of document.querySelectorAll('.flame')) {
  const boxes = [...flame.children].map((element) => {
    const { left, width, depth } = element.dataset;
    return { element, left: Number(left), width: Number(width), depth: Number(depth) };
  });
  const show = (chosen) => {
    for (const { element, left, width, depth } of boxes) {
      const isAbove = depth <= chosen.depth && left <= chosen.left + 1e-6 && left + width >= chosen.left + chosen.width - 1e-6;
      const isInside = left >= chosen.left - 1e-6 && left + width <= chosen.left + chosen.width + 1e-6;
      element.hidden = !isAbove && !(isInside && depth > chosen.depth);
      element.style.left = isAbove ? '0' : 100 * (left - chosen.left) / chosen.width + '%';
      element.style.width = isAbove ? '100%' : 100 * width / chosen.width + '%';
    }
  };
  for (const box of boxes) box.element.addEventListener('click', () => show(box));
}
`;
