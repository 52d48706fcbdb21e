/** The style sheet and script of the comparison page: tables, picture walls, and the slider through maps. */

/** Styles that follow those of all pages. */
export const COMPARE_STYLE = `
header.top .lead { max-width: 96ch; }
.headline { display: block; margin-top: 12px; color: var(--ink); font-weight: 600; }
#pictures { margin-top: 26px; }
.verdict { margin: 10px 0 18px; padding: 0; list-style: none; max-width: 78ch; font-size: 1.06rem; }
.verdict li + li { margin-top: 8px; }
.missing { margin-top: 34px; padding: 14px 20px; background: var(--wash); border-radius: 6px; font-size: 0.92rem; }
.missing ul { margin: 6px 0 0; padding-left: 20px; }
.missing code { overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { padding: 7px 14px 7px 0; border-top: 1px solid var(--line); vertical-align: baseline; white-space: nowrap; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; vertical-align: bottom; white-space: normal; min-width: 4.2em; }
tbody th { font-weight: 500; text-align: left; min-width: 8.5em; max-width: 22em; white-space: normal; }
.number { text-align: right; }
.text { text-align: left; }
td small { display: block; color: var(--soft); font-size: 0.85em; line-height: 1.2; }
tfoot td:first-child { white-space: normal; }
tfoot td { color: var(--soft); border-top: 2px solid var(--line); font-style: italic; }
.swatch { width: 18px; height: 6px; margin-right: 8px; vertical-align: middle; flex: none; }
.picker { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; gap: 12px; padding: 12px 0;
  background: var(--paper); }
.picker[hidden], .wall[hidden] { display: none; }
.picker button { flex: none; width: 36px; height: 36px; border: 1px solid var(--line); border-radius: 50%; padding: 0;
  background: var(--paper); color: inherit; cursor: pointer; font: inherit; font-size: 1.2rem; line-height: 1; }
.picker button:hover { border-color: var(--soft); }
.picker input { flex: 1; min-width: 0; height: 24px; accent-color: var(--accent); cursor: pointer; }
.picker output { flex: none; min-width: 10em; text-align: right; font-variant-numeric: tabular-nums; }
.wall { display: grid; grid-template-columns: repeat(auto-fit, minmax(168px, 1fr)); gap: 14px; margin-top: 14px; }
.wall figure, .failures figure { margin: 0; min-width: 0; }
.wall figcaption { display: flex; align-items: center; font-size: 0.88rem; color: var(--soft); margin-bottom: 6px;
  overflow-wrap: anywhere; }
.wall figcaption b { margin-left: auto; color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.wall img, .failures img { display: block; width: 100%; height: auto; background: var(--wash); border-radius: 3px; }
.of-cell { margin: 18px 0 8px; display: flex; align-items: center; }
.failures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 18px; }
.failures figure > div { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 4px; }
.failures figcaption { font-size: 0.86rem; margin-top: 4px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.facts dd { white-space: pre-line; }
.runs { list-style: none; margin: 14px 0 0; padding: 0; columns: 20em auto; column-gap: 32px; }
.runs li { break-inside: avoid; padding: 3px 0; }
@media (max-width: 640px) {
  .wall { grid-template-columns: 1fr 1fr; gap: 10px; }
  .picker output { min-width: 6em; max-width: 9em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .failures { grid-template-columns: 1fr; }
}
@media print { .picker { display: none; } }
`;

/** The page's script: the slider shows one map at a time. Without JavaScript all maps are shown. */
export const COMPARE_SCRIPT = `
(() => {
  const picker = document.querySelector('.picker');
  const slider = picker.querySelector('input');
  const output = picker.querySelector('output');
  const walls = [...document.querySelectorAll('.wall')];
  const show = (index) => {
    const chosen = Math.max(0, Math.min(walls.length - 1, index));
    walls.forEach((wall, place) => { wall.hidden = place !== chosen; });
    slider.value = String(chosen);
    output.textContent = walls[chosen].dataset.name;
    slider.setAttribute('aria-valuetext', walls[chosen].dataset.name);
  };
  slider.addEventListener('input', () => show(Number(slider.value)));
  for (const button of picker.querySelectorAll('button'))
    button.addEventListener('click', () => show(Number(slider.value) + Number(button.dataset.step)));
  picker.hidden = false;
  // From the middle of the set, as the slider shows.
  show(Math.floor(walls.length / 2));
})();
`;
