/** Renders the page of a run: its results, its training, and how to repeat it. */
import { join, relative } from 'node:path';
import { quoted } from '../base/shell.ts';
import { curveChart, curvesOf, lossChart } from '../report/chart.ts';
import { formatCount, formatLarge, formatSeconds } from '../base/format.ts';
import { highlight } from '../report/highlight.ts';
import { html, Markup, type Content } from '../base/html.ts';
import {
  classLegend,
  commandBlock,
  document,
  factTable,
  pageHeader,
  picture,
  pictureRows,
  type Fact,
  type PictureSize,
} from '../report/parts.ts';
import { writeWhole } from '../base/files.ts';
import { PLAYER_SCRIPT } from '../report/player.ts';
import {
  readMetrics,
  readRun,
  readSamples,
  readSource,
  type MetricRecord,
  type PartialRun,
  type Samples,
} from './records.ts';

// The number of frames in one line of the film strip on a wide page.
const FILM_FRAMES = 8;

/**
 * Writes `index.html` into a run's folder from the folder's files, and returns its path.
 *
 * Any part may be missing: a run without photographs, samples or metrics yet has a shorter page. Throws a
 * SpadeworkError if a file is damaged.
 */
export async function writeRunPage(directory: string): Promise<string> {
  const run = readRun(directory);
  const metrics = readMetrics(directory);
  const samples = readSamples(directory);
  const source = readSource(directory);
  const content = html`${runHeader(run, metrics)}
    <main>
      ${results(run, samples)} ${curves(metrics)} ${evaluations(run, metrics)} ${steadiness(metrics)}
      ${
        source !== undefined &&
        html`<section id="spec">
          <h2>The spec</h2>
          <p class="note">All that was written to train this network.</p>
          <pre class="source"><code>${highlight(source)}</code></pre>
        </section>`
      }
      ${runFacts(run, metrics)} ${commands(run, samples, directory)}
    </main>`;
  const path = join(directory, 'index.html');
  const script = samples.frames.length > 1 ? PLAYER_SCRIPT : undefined;
  await writeWhole(path, document(`${run.name}: a Spadework run`, content, script));
  return path;
}

function runHeader(run: PartialRun & { name: string }, metrics: readonly MetricRecord[]): Markup {
  const status = run.status;
  const experiment = run.experiment;
  return pageHeader({
    kind: html`<span>Spadework run</span>${status && html`<span class="status ${status}">${status}</span>`}`,
    title: run.name,
    lead: experiment !== undefined && html`Experiment <code>${experiment}</code>${dateOf(run.created)}`,
    facts: [
      { name: 'Steps', value: stepsOf(run, metrics) },
      { name: 'Pictures', value: sizeOf(run) },
      { name: 'Training pairs', value: countOf(run.data?.pairs) },
      networkFact(run),
      {
        name: 'Time per step',
        value: run.secondsPerStep === undefined ? undefined : formatSeconds(run.secondsPerStep),
      },
      { name: 'Engine', value: run.engine?.kind },
    ],
  });
}

/** Gives the size of the generator or segmenter. */
function networkFact({ parameters = {}, task }: PartialRun): Fact {
  const [first] = Object.values(parameters);
  const count = parameters.G ?? (task === 'segment' ? first : undefined);
  return {
    name: task === 'segment' ? 'Segmenter' : 'Generator',
    value: count === undefined ? undefined : `${formatLarge(count)} weights`,
  };
}

/** Formats the day and minute of an ISO 8601 time; undefined for other texts. */
function dateOf(created: string | undefined): string | undefined {
  const time = new Date(created ?? NaN);
  if (Number.isNaN(time.getTime())) return undefined;
  const day = time.toLocaleDateString('en-US', { dateStyle: 'long', timeZone: 'UTC' });
  return `, started ${day}, ${time.toISOString().slice(11, 16)} UTC`;
}

function stepsOf(run: PartialRun, metrics: readonly MetricRecord[]): string | undefined {
  const steps = run.steps ?? metrics.at(-1)?.step;
  if (steps === undefined) return undefined;
  const planned = run.stepsPlanned;
  return planned === undefined || planned === steps
    ? formatCount(steps)
    : `${formatCount(steps)} of ${formatCount(planned)}`;
}

function sizeOf(run: PartialRun): string | undefined {
  const size = run.data?.size;
  return size && `${size.width} × ${size.height}`;
}

function countOf(value: number | undefined): string | undefined {
  return value === undefined ? undefined : formatCount(value);
}

function results(run: PartialRun, samples: Samples): Markup {
  const last = samples.frames.at(-1);
  const legend = classLegend(run.data?.classes ?? []);
  if (last === undefined) {
    return html`<section id="results">
      <h2>${resultsTitle(run)}</h2>
      <p class="note">There is no sample yet. Samples appear here while the run goes on.</p>
      ${legend}
    </section>`;
  }
  const size = run.data?.size;
  const rows = samples.maps.map((map) => ({
    subject: `${mapName(run)} ${map}`,
    label: last.label.get(map),
    painted: last.painted.get(map)!,
    photo: last.photo.get(map),
    map,
  }));
  return html`<section id="results">
    <h2>${resultsTitle(run)}</h2>
    <p class="note">
      ${subjects(run)}
      ${run.data?.heldOut === false ? 'of the training data' : 'which training never saw'}${samples.frames.length === 1 && `, after step ${formatCount(last.step)}`}.${
        last.grid !== undefined && html` <a href="${last.grid}">All in one picture</a>`
      }
    </p>
    ${player(samples)} ${pictureRows(rows, size, run.task)} ${legend}
    ${filmStrip(samples, size, mapName(run))}
  </section>`;
}

function resultsTitle({ task }: PartialRun): string {
  return task === 'segment' ? 'What it sees' : 'What it paints';
}

function subjects({ task }: PartialRun): string {
  return task === 'segment' ? 'Photographs' : 'Label maps';
}

function mapName(run: PartialRun): string {
  return run.data?.heldOut === false ? 'training map' : 'held-out map';
}

function player({ frames }: Samples): Content {
  const last = frames.length - 1;
  if (last < 1) return undefined;
  // Folder names have only letters, digits and dashes, so a space can separate them.
  const folders = frames.map(({ painted }) => [...painted.values()][0]!.split('/')[1]!);
  return html`<div class="player" data-folders="${folders.join(' ')}" hidden>
    <button type="button" aria-label="Play">
      <svg class="play" viewBox="0 0 14 14" aria-hidden="true"><path d="M3 1l10 6-10 6z" /></svg>
      <svg class="pause" viewBox="0 0 14 14" aria-hidden="true"><path d="M2 1h4v12H2zM8 1h4v12H8z" /></svg>
    </button>
    <input type="range" min="0" max="${last}" value="${last}" aria-label="Training step of the paintings" />
    <output>step ${formatCount(frames[last]!.step)}</output>
  </div>`;
}

/** Renders one map at steps spread over the run, to show the progress. */
function filmStrip({ frames, maps }: Samples, size: PictureSize | undefined, name: string): Content {
  if (frames.length < 3) return undefined;
  const count = Math.min(FILM_FRAMES, frames.length);
  const shown = Array.from({ length: count }, (_, i) => Math.round((i * (frames.length - 1)) / (count - 1)));
  const first = maps[0]!;
  return html`<section id="progress">
    <h2>How it came along</h2>
    <p class="note">The first map at ${count} steps of the training.</p>
    <div class="film">
      ${shown.map((index) => {
        const { painted, step } = frames[index]!;
        const path = painted.get(first)!;
        return html`<a href="${path}" data-frame="${index}"
          >${picture(path, `${name} ${first} painted at step ${step}`, size)}step ${formatCount(step)}</a
        >`;
      })}
    </div>
  </section>`;
}

function curves(metrics: readonly MetricRecord[]): Markup {
  const charts = lossChart(metrics);
  return html`<section id="losses">
    <h2>Losses</h2>
    ${
      charts === ''
        ? html`<p class="note">No step has been recorded yet.</p>`
        : html`<p class="note">
              Each term over training steps: every dot is a recorded value, the line their running average;
              beside each name its average at the end.
            </p>
            <div class="charts">${new Markup(charts)}</div>`
    }
  </section>`;
}

/** Shows the metrics on held-out pairs, each on its own scale; nothing if there are none. */
function evaluations({ best }: PartialRun, metrics: readonly MetricRecord[]): Content {
  const measured = metrics.filter(({ evaluation }) => evaluation);
  const names = [...new Set(measured.flatMap(({ evaluation }) => Object.keys(evaluation ?? {})))];
  if (measured.length === 0) return undefined;
  const charts = names.map((name) =>
    curveChart(
      name,
      curvesOf(measured, [name], ({ evaluation }) => evaluation),
      { smoothing: 0 },
    ),
  );
  return html`<section id="evaluation">
    <h2>On held-out pairs</h2>
    <p class="note">
      ${`Measured at ${formatCount(measured.length)} ${measured.length === 1 ? 'step' : 'steps'}`}${
        best?.step !== undefined &&
        `; the checkpoint of step ${formatCount(best.step)} is the best by ${best.metric ?? 'them'}`
      }.
    </p>
    <div class="charts">${new Markup(charts.join('\n'))}</div>
  </section>`;
}

/** Shows the norms of the gradients, and the learning rates if they change. */
function steadiness(metrics: readonly MetricRecord[]): Content {
  const networks = [...new Set(metrics.flatMap(({ rate }) => Object.keys(rate ?? {})))];
  const gradients = curvesOf(metrics, networks, (record) => record.gradients);
  const rates = curvesOf(metrics, networks, ({ rate }) => rate).filter(
    ({ values }) => new Set(values.map(({ value }) => value)).size > 1,
  );
  const charts = [
    curveChart('Length of the gradients', gradients, { logarithmic: true }),
    rates.length > 0 ? curveChart('Learning rate', rates, { smoothing: 0 }) : '',
  ].filter((chart) => chart !== '');
  return (
    charts.length > 0 &&
    html`<section id="steadiness">
      <h2>How steadily it learns</h2>
      <p class="note">
        The Euclidean length of each network's gradients before any
        clipping${rates.length > 0 && ', and rates that change'}. Lengths that grow without end announce
        values that are not finite.
      </p>
      <div class="charts">${new Markup(charts.join('\n'))}</div>
    </section>`
  );
}

function runFacts(run: PartialRun, metrics: readonly MetricRecord[]): Content {
  const { engine, data, parameters, frozen, seed, secondsPerStep, steps } = run;
  const epoch = metrics.at(-1)?.epoch;
  const table: Fact[] = [
    { name: 'Engine', value: [engine?.kind, engine?.library].filter(Boolean).join(', ') },
    {
      name: 'Weights',
      value: Object.entries(parameters ?? {})
        .map(([network, count]) => {
          const mark = frozen?.includes(network) ? ' (frozen)' : '';
          return `${network} ${formatCount(count ?? 0)}${mark}`;
        })
        .join(' · '),
    },
    {
      name: 'Data',
      value:
        data?.pairs === undefined
          ? undefined
          : `${formatCount(data.pairs)} pairs of label map and photograph`,
    },
    { name: 'Size', value: sizeOf(run) },
    { name: 'Classes', value: countOf(data?.classes?.length) },
    { name: 'Steps', value: stepsOf(run, metrics) },
    { name: 'Epoch reached', value: epoch === undefined ? undefined : formatCount(Math.floor(epoch)) },
    {
      name: 'Time per step',
      value: secondsPerStep === undefined ? undefined : formatSeconds(secondsPerStep),
    },
    {
      name: 'Training time',
      value:
        secondsPerStep === undefined || steps === undefined
          ? undefined
          : formatSeconds(secondsPerStep * steps),
    },
    { name: 'Seed', value: seed === undefined ? undefined : String(seed) },
  ];
  const rendered = factTable(table);
  return (
    rendered &&
    html`<section id="run">
      <h2>The run</h2>
      ${rendered}
    </section>`
  );
}

/** Renders the next commands; a run without samples has no weights yet. */
function commands({ command, task }: PartialRun, { frames }: Samples, directory: string): Content {
  const folder = quoted(relative(process.cwd(), directory) || '.');
  const blocks = [
    command !== undefined && commandBlock('Train it again', command),
    frames.length > 0 &&
      task !== 'segment' &&
      commandBlock(
        'Paint more label maps with it',
        `spadework synth ${folder} --labels path/to/label-maps --out painted`,
      ),
  ].filter((block) => block !== false);
  return (
    blocks.length > 0 &&
    html`<section id="commands">
      <h2>Go on from here</h2>
      ${blocks}
    </section>`
  );
}
