/** The style sheet of all pages, light or dark by the system's setting; it loads no font or file. */

/** The style sheet that every page includes inline. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --wash: #f4f5f6; --line: #e1e4e7; --soft: #5c6470; --ink: #15171a; --accent: #0a6b50;
  --series-1: #0b6fb3; --series-2: #cf5a0c; --series-3: #0a8f6a; --series-4: #b4508c; --series-5: #6a5acd;
  --series-6: #a07800; --series-7: #767c85;
  --keyword: #8a2f74; --string: #1d6b3c; --number: #0b5fa5; --type: #8a4b08; --call: #24466e;
  --sans: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Helvetica, Arial, sans-serif;
  --serif: "Iowan Old Style", Charter, "Palatino Linotype", Palatino, Georgia, "Times New Roman", serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121417; --wash: #1b1e22; --line: #2d3137; --soft: #9ba3ae; --ink: #e8eaec; --accent: #5cc9a0;
    --series-1: #5fb0ec; --series-2: #f0935a; --series-3: #4ec9a2; --series-4: #dd8bbc; --series-5: #a79bf0;
    --series-6: #d8b44a; --series-7: #9ba3ae;
    --keyword: #dd9bcb; --string: #8fce9f; --number: #85bff0; --type: #e2b179; --call: #a9c7ea;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 var(--sans); }
main, header.top, footer { max-width: 1200px; margin: 0 auto; padding: 0 clamp(16px, 4vw, 48px); }
header.top { padding-top: clamp(28px, 5vw, 60px); }
h1, h2 { font-family: var(--serif); font-weight: 600; letter-spacing: -0.012em; text-wrap: balance; }
h1 { font-size: clamp(2rem, 5.2vw, 3.4rem); line-height: 1.08; margin: 12px 0 14px; overflow-wrap: anywhere; }
h2 { font-size: clamp(1.35rem, 2.4vw, 1.7rem); line-height: 1.2; margin: 0 0 6px; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; }
p { margin: 0 0 12px; max-width: 68ch; }
a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
section { margin-top: clamp(44px, 6vw, 76px); }
code, pre { font-family: var(--mono); font-size: 0.875em; }
.eyebrow { display: flex; align-items: center; gap: 9px; margin: 0; color: var(--soft); font-size: 0.9rem; }
.eyebrow svg { width: 17px; height: 17px; fill: var(--accent); }
.lead { color: var(--soft); font-size: 1.06rem; margin: 0; }
.note { color: var(--soft); font-size: 0.9rem; }
.status { border: 1px solid currentColor; border-radius: 99px; padding: 0 10px; font-size: 0.8rem; line-height: 1.6; }
.status.finished { color: var(--accent); }
.status.running { color: var(--series-1); }
.status.stopped, .status.failed { color: var(--series-2); }

.strip { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 18px 28px;
  margin: clamp(22px, 3vw, 34px) 0 0; padding: 18px 0; border: solid var(--line); border-width: 1px 0; }
.strip div { min-width: 0; }
.strip dt { color: var(--soft); font-size: 0.84rem; }
.strip dd { margin: 1px 0 0; font-size: 1.16rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }

.player { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; gap: 14px; padding: 12px 0;
  background: var(--paper); }
.player[hidden] { display: none; }
.player button { flex: none; width: 40px; height: 40px; border: 1px solid var(--line); border-radius: 50%; padding: 0;
  background: var(--paper); color: inherit; cursor: pointer; display: grid; place-items: center; }
.player button:hover { border-color: var(--soft); }
.player svg { width: 14px; height: 14px; fill: currentColor; }
.player .pause, .player.playing .play { display: none; }
.player.playing .pause { display: block; }
.player input { flex: 1; min-width: 0; height: 24px; accent-color: var(--accent); cursor: pointer; }
.player output { flex: none; min-width: 7.5em; text-align: right; font-variant-numeric: tabular-nums; }

.maps { display: grid; gap: clamp(10px, 1.4vw, 18px); margin-top: 14px; }
.map { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: clamp(6px, 1vw, 14px); }
.map figure { margin: 0; min-width: 0; }
.map figcaption { color: var(--soft); font-size: 0.88rem; margin-bottom: 6px; }
.map + .map figcaption, details .map figcaption { position: absolute; clip-path: inset(50%); }
.map img, .film img { display: block; width: 100%; height: auto; background: var(--wash); border-radius: 3px; }
img.label { image-rendering: pixelated; }
.map h3 { grid-column: 1 / -1; font-weight: 500; margin-top: 10px; overflow-wrap: anywhere; }
.maps.named .map + .map figcaption { position: static; clip-path: none; }
details.more { margin-top: 14px; }
summary { cursor: pointer; color: var(--accent); }

.legend { display: flex; flex-wrap: wrap; gap: 6px 18px; list-style: none; margin: 18px 0 0; padding: 0;
  font-size: 0.92rem; }
.legend li { display: flex; align-items: center; gap: 8px; }
.legend i { width: 18px; height: 18px; border-radius: 3px; flex: none;
  box-shadow: inset 0 0 0 1px color-mix(in srgb, var(--ink) 25%, transparent); }
.film { display: grid; grid-template-columns: repeat(auto-fit, minmax(104px, 1fr)); gap: 10px; margin-top: 14px; }
.film a { color: inherit; text-decoration: none; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.film a:hover img { filter: brightness(1.08); }
.film a[aria-current] { color: var(--accent); font-weight: 600; }
.film img { margin-bottom: 4px; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 44px;
  margin-top: 18px; }
/* Rows are shared by the panels of a line, so that axes stay level where one legend is longer. */
.panel { margin: 0 0 16px; min-width: 0; display: grid; grid-template-rows: subgrid; grid-row: span 3; }
.panel svg { width: 100%; height: auto; overflow: visible; color: var(--ink); --plot-background: var(--paper); }
.panel svg text { fill: var(--soft); font-family: var(--sans); font-size: 11.5px; }
.series { display: flex; flex-wrap: wrap; gap: 2px 18px; list-style: none; margin: 4px 0 8px; padding: 0;
  font-size: 0.88rem; }
.series li { display: flex; align-items: baseline; gap: 7px; }
.series i { width: 14px; height: 3px; border-radius: 2px; align-self: center; }
.series b { font-weight: 600; font-variant-numeric: tabular-nums; }

/* A table wider than the page: a shadow where more of it lies, and its first column stays in view. */
.scroll { --shadow: color-mix(in srgb, var(--ink) 28%, transparent); overflow-x: auto; margin: 16px 0;
  background: linear-gradient(to left, var(--paper) 40%, transparent) right / 44px 100% no-repeat local,
    linear-gradient(to left, var(--shadow), transparent) right / 16px 100% no-repeat scroll; }
.scroll tr > :first-child { position: sticky; left: 0; background: var(--paper); padding-left: 0; }

pre { margin: 14px 0 0; padding: 18px 20px; background: var(--wash); border-radius: 6px; overflow: auto; line-height: 1.6;
  tab-size: 2; }
pre.source { max-height: 52rem; }
pre .comment { color: var(--soft); font-style: italic; }
pre .keyword { color: var(--keyword); }
pre .string { color: var(--string); }
pre .number { color: var(--number); }
pre .type { color: var(--type); }
pre .call { color: var(--call); }
pre .pipe { color: var(--soft); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 0 32px; margin: 14px 0 0; }
.facts > div { display: grid; grid-template-columns: subgrid; grid-column: 1 / -1; padding: 8px 0;
  border-top: 1px solid var(--line); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.command { margin: 14px 0 0; }
.command + .command { margin-top: 18px; }
.command pre { margin-top: 6px; padding: 12px 16px; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: 0.88rem; margin-top: 64px; padding-bottom: 40px; }

@media (max-width: 640px) {
  .map { grid-template-columns: 1fr 1fr; }
  .map .painted { grid-column: 1 / -1; order: -1; }
  .map h3 { order: -2; }
  .maps { gap: 26px; }
  .map + .map figcaption, details .map figcaption { position: static; clip-path: none; }
  .map figcaption { margin: 0 0 3px; font-size: 0.8rem; }
  .player output { min-width: 6em; }
  .facts { gap: 0 18px; }
  /* What stays in view leaves room for what it is about. */
  .scroll tr > :first-child { max-width: 36vw; overflow-wrap: break-word; }
  .scroll tr > :first-child, .scroll tr > :first-child * { white-space: normal; }
  .film { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; }
  /* Charts are scaled to the page, so their words are drawn larger. */
  .panel svg text { font-size: 17px; }
}
@media print { .player { display: none; } pre.source { max-height: none; } }
`;
