/** Tests the pages of runs and syntheses: they show the folder's content, escape it, and tolerate missing parts. */
import { runInNewContext } from 'node:vm';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeGrid, writePicture } from '../../runtime/report/picture.ts';
import { colorize } from '../../runtime/report/pixels.ts';
import { writeRunPage } from '../../runtime/run/page.ts';
import { writeSynthPage } from '../../runtime/synthesize/page.ts';
import type { MetricRecord, RunRecord } from '../../runtime/run/records.ts';
import { highlight } from '../../runtime/report/highlight.ts';
import { formatLarge, formatSeconds } from '../../runtime/base/format.ts';
import { PLAYER_SCRIPT } from '../../runtime/report/player.ts';

const CLASSES = [
  { id: 0, name: 'Sky', color: [70, 130, 180] },
  { id: 1, name: 'Road', color: [128, 64, 128] },
] as const;

const RUN: RunRecord = {
  name: 'camvid-spade',
  created: '2025-05-04T10:11:12Z',
  status: 'finished',
  engine: { kind: 'native', library: 'TensorFlow 2.21.0' },
  experiment: 'camvid_spade',
  steps: 300,
  stepsPlanned: 4000,
  secondsPerStep: 0.842,
  parameters: { G: 12345678, D: 5531200 },
  data: { pairs: 40, size: { width: 4, height: 2 }, classes: CLASSES },
  seed: 7,
  command: 'spadework train camvid.spade --seed 7',
};

const SOURCE = 'network G(seg: LabelMap) -> Image {\n  return seg |> conv(3, kernel: 3) # "done"\n}\n';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spadework-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

const PICTURE = colorize([0, 0, 1, 1, 0, 1, 1, 0], 4, 2, CLASSES);

async function writeSamples(steps: readonly number[], maps: number, o: { photos: boolean }): Promise<void> {
  for (const step of steps) {
    const samples = join(folder, 'samples', `step-${String(step).padStart(6, '0')}`);
    for (let map = 0; map < maps; map++) {
      await writePicture(join(samples, `label-${map}.png`), PICTURE);
      await writePicture(join(samples, `painted-${map}.png`), PICTURE);
      if (o.photos) await writePicture(join(samples, `photo-${map}.png`), PICTURE);
    }
    await writeGrid(`${samples}.png`, [[PICTURE]]);
  }
}

function metrics(count: number): MetricRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    epoch: Math.floor(i / 10),
    seconds: i,
    losses: { G: { gan_generator: 0.1, feature_matching: 3 }, D: { gan_fake: 0.9 } },
  }));
}

async function writeRun(o: {
  run?: object;
  metrics?: readonly MetricRecord[];
  source?: string;
}): Promise<void> {
  if (o.run) await writeFile(join(folder, 'run.json'), JSON.stringify(o.run));
  if (o.metrics) {
    await writeFile(
      join(folder, 'metrics.jsonl'),
      o.metrics.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
  }
  if (o.source !== undefined) await writeFile(join(folder, 'source.spade'), o.source);
}

async function pageOf(): Promise<{ text: string; document: Document }> {
  const path = await writeRunPage(folder);
  expect(path).toBe(join(folder, 'index.html'));
  const text = await readFile(path, 'utf8');
  return { text, document: parseHTML(text).document };
}

function texts(document: Document, selector: string): string[] {
  return Array.from(document.querySelectorAll(selector)).map((element) => element.textContent.trim());
}

function expectSelfContained(document: Document): void {
  for (const element of Array.from(document.querySelectorAll('[src], [href]'))) {
    const url = (element.getAttribute('src') ?? element.getAttribute('href'))!;
    expect(url).not.toMatch(/^([a-z]+:|\/)/i);
    expect(existsSync(join(folder, decodeURIComponent(url)))).toBe(true);
  }
}

describe('writeRunPage', () => {
  test('shows lengths of gradients, rates that change, and what was measured on held-out pairs', async () => {
    const lines = metrics(100).map((line, i) => ({
      ...line,
      rate: { G: 1e-4 * Math.min(1, i / 50), D: 4e-4 },
      gradients: { G: 10 + i, D: i === 7 ? null : 1 },
      ...(line.step % 20 === 0 && { evaluation: { SSIM: line.step / 100, PSNR: 12 } }),
    }));
    await writeRun({ run: { ...RUN, best: { step: 100, metric: 'SSIM' } }, metrics: lines });
    const { document } = await pageOf();
    expect(texts(document, '#evaluation h3')).toEqual(['SSIM', 'PSNR']);
    expect(texts(document, '#evaluation .note')).toEqual([
      'Measured at 5 steps; the checkpoint of step 100 is the best by SSIM.',
    ]);
    expect(document.querySelectorAll('#evaluation [aria-label=line] path')).toHaveLength(2);
    expect(texts(document, '#steadiness h3')).toEqual(['Length of the gradients', 'Learning rate']);
    expect(texts(document, '#steadiness figure:first-of-type .series code')).toEqual(['G', 'D']);
    expect(texts(document, '#steadiness figure:last-of-type .series code')).toEqual(['G']);
    expect(document.querySelector('#steadiness')!.textContent).toContain(
      '1 value is not finite and left out.',
    );
  });

  test('of a run from before there were such records has no empty sections', async () => {
    await writeRun({ run: RUN, metrics: metrics(5) });
    const { document } = await pageOf();
    expect(document.querySelector('#evaluation, #steadiness')).toBe(null);
  });

  test('shows the last step as label map, painting and photograph, with everything it links to at hand', async () => {
    await writeRun({ run: RUN, metrics: metrics(300), source: SOURCE });
    await writeSamples([0, 100, 300], 2, { photos: true });
    const { document, text } = await pageOf();
    expect(text.startsWith('<!doctype html>')).toBe(true);
    expect(document.querySelector('h1')!.textContent).toBe('camvid-spade');
    const sources = Array.from(document.querySelectorAll('.map img')).map((image) =>
      image.getAttribute('src'),
    );
    expect(sources).toEqual(
      [0, 1].flatMap((map) =>
        ['label', 'painted', 'photo'].map((kind) => `samples/step-000300/${kind}-${map}.png`),
      ),
    );
    expectSelfContained(document);
    expect(texts(document, '.legend li')).toEqual(['Sky', 'Road']);
    expect(document.querySelectorAll('.legend i')[1]!.getAttribute('style')).toBe(
      'background:rgb(128, 64, 128)',
    );
    expect(document.querySelectorAll('#losses svg')).toHaveLength(2);
    expect(document.querySelector('pre.source')!.textContent).toBe(SOURCE);
    expect(text.replace(PLAYER_SCRIPT, '')).not.toMatch(/NaN|undefined|\[object/);
  });

  test('states the facts of the run', async () => {
    await writeRun({ run: RUN, metrics: metrics(300), source: SOURCE });
    const { document } = await pageOf();
    const strip = Object.fromEntries(
      Array.from(document.querySelectorAll('.strip div')).map((row) => [
        row.querySelector('dt')!.textContent,
        row.querySelector('dd')!.textContent,
      ]),
    );
    expect(strip).toEqual({
      Steps: '300 of 4,000',
      Pictures: '4 × 2',
      'Training pairs': '40',
      Generator: '12.3 M weights',
      'Time per step': '0.842 s',
      Engine: 'native',
    });
    const table = texts(document, '.facts dd');
    expect(table).toContain('native, TensorFlow 2.21.0');
    expect(table).toContain('G 12,345,678 · D 5,531,200');
    expect(table).toContain('4 min 13 s');
    expect(texts(document, '.command code')).toEqual(['spadework train camvid.spade --seed 7']);
    expect(document.querySelector('.lead')!.textContent).toContain('May 4, 2025, 10:11 UTC');
  });

  test('says how to paint more once there is something to paint with', async () => {
    await writeRun({ run: RUN });
    await writeSamples([100], 1, { photos: false });
    const { document } = await pageOf();
    expect(texts(document, '.command code').at(-1)).toMatch(
      /^spadework synth \S*spadework-report-\S+ --labels /,
    );
  });

  test('escapes everything that comes from the run', async () => {
    const evil = '</style></script><script>alert(1)</script><img src=x onerror=alert(2)>"\'&';
    await writeRun({
      run: {
        ...RUN,
        name: evil,
        experiment: evil,
        status: evil,
        created: evil,
        engine: { kind: evil, library: evil },
        parameters: { [evil]: 3 },
        data: { ...RUN.data, classes: [{ id: 0, name: evil, color: [255, 1, 2] }] },
        command: evil,
      },
      metrics: [{ step: 1, epoch: 0, seconds: 1, losses: { [evil]: { [evil]: 1 } } }],
      source: `# ${evil}\n"${evil}" ${evil}`,
    });
    await writeSamples([100, 200], 1, { photos: true });
    const { document, text } = await pageOf();
    expect(document.querySelector('h1')!.textContent).toBe(evil);
    expect(document.querySelectorAll('script')).toHaveLength(1);
    expect(document.querySelectorAll('style:not(svg style)')).toHaveLength(1);
    expect(document.querySelectorAll('[onerror], img[src=x]')).toHaveLength(0);
    expect(text).not.toContain('<script>alert');
    expect(document.querySelector('.legend i')!.getAttribute('style')).toBe('background:rgb(255, 1, 2)');
    expect(texts(document, '.command code')[0]).toBe(evil);
  });

  test('bears an empty folder', async () => {
    const { document, text } = await pageOf();
    expect(document.querySelector('h1')!.textContent).toMatch(/^spadework-report-/);
    expect(text).toContain('There is no sample yet.');
    expect(text).toContain('No step has been recorded yet.');
    expect(
      document.querySelectorAll('img, script, svg[viewBox="0 0 14 14"], #spec, #run, #commands'),
    ).toHaveLength(0);
  });

  test('leaves the photograph column out where there are none', async () => {
    await writeRun({ run: RUN });
    await writeSamples([100], 2, { photos: false });
    const { document } = await pageOf();
    expect(document.querySelectorAll('figure.photo')).toHaveLength(0);
    expect(document.querySelector('.maps')!.getAttribute('style')).toBe('--columns:2');
    expect(document.querySelectorAll('.player, script')).toHaveLength(0);
    expect(document.querySelector('#results .note')!.textContent).toContain(
      'which training never saw, after step 100.',
    );
  });

  test('ignores half a line of metrics and counts a repeated step once', async () => {
    await writeRun({ run: RUN, metrics: [...metrics(5), ...metrics(8).slice(3)] });
    const path = join(folder, 'metrics.jsonl');
    await writeFile(path, `${await readFile(path, 'utf8')}{"step":9,"los`);
    const { document } = await pageOf();
    expect(document.querySelectorAll('#losses figure:nth-of-type(2) circle')).toHaveLength(8);
  });

  test('passes over a step whose painting was cut short, and over foreign files', async () => {
    await writeSamples([100, 200], 3, { photos: true });
    await rm(join(folder, 'samples', 'step-000200', 'painted-2.png'));
    await mkdir(join(folder, 'samples', 'step-later'));
    await writeFile(join(folder, 'samples', 'step-000100', 'notes.txt'), '');
    const { document } = await pageOf();
    const sources = Array.from(document.querySelectorAll('figure.painted img')).map((image) =>
      image.getAttribute('src'),
    );
    expect(sources).toEqual([0, 1, 2].map((map) => `samples/step-000100/painted-${map}.png`));
  });

  test('orders steps and maps as numbers and folds many maps away', async () => {
    await writeSamples([900, 1000000], 11, { photos: false });
    const { document } = await pageOf();
    expect(document.querySelector('.player')!.getAttribute('data-folders')).toBe('step-000900 step-1000000');
    const maps = Array.from(document.querySelectorAll('img[data-map]')).map((image) =>
      image.getAttribute('data-map'),
    );
    expect(maps).toEqual(Array.from({ length: 11 }, (_, map) => String(map)));
    expect(document.querySelector('details summary')!.textContent).toBe('5 more');
  });

  test('names the file where run.json is broken', async () => {
    await writeFile(join(folder, 'run.json'), '{"name": ');
    await expect(writeRunPage(folder)).rejects.toThrow(
      `'${join(folder, 'run.json')}' is damaged: it is not JSON`,
    );
    await writeFile(join(folder, 'run.json'), '[]');
    await expect(writeRunPage(folder)).rejects.toThrow('it is a list, expected an object');
  });

  test('leads through the steps with its slider and film strip', async () => {
    await writeSamples([0, 100, 200, 300], 2, { photos: true });
    const { document } = await pageOf();
    const window = parseHTML(document.documentElement.outerHTML);
    const page = window.document;
    // The parts of a browser that linkedom lacks: an image that loads.
    class Loading {
      src = '';
    }
    expect(page.querySelector('script')!.textContent.trim()).toBe(PLAYER_SCRIPT.trim());
    runInNewContext(PLAYER_SCRIPT, {
      document: page,
      Image: Loading,
      setInterval,
      clearInterval,
      setTimeout,
      clearTimeout,
    });
    const player = page.querySelector('.player')!;
    expect(player.hasAttribute('hidden')).toBe(false);
    const shown = () =>
      Array.from(page.querySelectorAll('img[data-map]')).map((image) => image.getAttribute('src'));
    const current = () => texts(page, '.film a[aria-current]');
    expect(shown()).toEqual(['samples/step-000300/painted-0.png', 'samples/step-000300/painted-1.png']);
    expect(current()).toEqual(['step 300']);

    const slider = player.querySelector('input')!;
    slider.value = '1';
    slider.dispatchEvent(new window.Event('input'));
    expect(shown()).toEqual(['samples/step-000100/painted-0.png', 'samples/step-000100/painted-1.png']);
    expect(player.querySelector('output')!.textContent).toBe('step 100');
    expect(current()).toEqual(['step 100']);

    const first = page.querySelector('.film a')!;
    const click = new window.Event('click', { cancelable: true });
    first.dispatchEvent(click);
    expect(click.defaultPrevented).toBe(true);
    expect(shown()[1]).toBe('samples/step-000000/painted-1.png');
    // Photographs and label maps stay.
    expect(page.querySelector('figure.photo img')!.getAttribute('src')).toBe(
      'samples/step-000300/photo-0.png',
    );
  });
});

describe('writeSynthPage', () => {
  test('shows every painting under its name, with file names made into addresses', async () => {
    const odd = 'a #1 100%.png';
    for (const file of [odd, 'b.png', 'c.png']) await writePicture(join(folder, 'out', file), PICTURE);
    const path = await writeSynthPage(
      folder,
      [
        { name: 'street <1>', label: `out/${odd}`, painted: 'out/b.png', photo: 'out/c.png' },
        { name: 'street 2', label: 'out/b.png', painted: 'out/c.png' },
      ],
      {
        title: 'Painted with camvid-spade',
        classes: CLASSES,
        size: { width: 4, height: 2 },
        facts: [
          { name: 'Run', value: 'camvid-spade' },
          { name: 'Engine', value: undefined },
        ],
        command: 'spadework synth runs/camvid-spade --labels maps',
      },
    );
    const { document } = parseHTML(await readFile(path, 'utf8'));
    expect(texts(document, '.map h3')).toEqual(['street <1>', 'street 2']);
    expect(document.querySelectorAll('.map img')).toHaveLength(5);
    expectSelfContained(document);
    expect(texts(document, '.legend li')).toEqual(['Sky', 'Road']);
    expect(texts(document, '.facts dt')).toEqual(['Run']);
    expect(texts(document, '.command code')).toEqual(['spadework synth runs/camvid-spade --labels maps']);
    expect(document.querySelector('.lead')!.textContent).toBe('2 painted label maps');
  });

  test('says so when there was nothing to paint', async () => {
    const path = await writeSynthPage(folder, [], { title: 'Nothing', facts: [] });
    expect(await readFile(path, 'utf8')).toContain('There was no label map to paint.');
  });
});

describe('highlight', () => {
  const kinds = (source: string): string[][] => {
    const { document } = parseHTML(`<html><body><pre>${highlight(source).text}</pre></body></html>`);
    return Array.from(document.querySelectorAll('span')).map((span) => [span.className, span.textContent]);
  };

  test('tells comments, strings, numbers, keywords, types, calls and pipes apart', () => {
    expect(kinds('let x = conv(1e-4, "a # b") |> Norm 256x128 # let "1"')).toEqual([
      ['keyword', 'let'],
      ['call', 'conv'],
      ['number', '1e-4'],
      ['string', '"a # b"'],
      ['pipe', '|>'],
      ['type', 'Norm'],
      ['number', '256x128'],
      ['comment', '# let "1"'],
    ]);
  });

  test('keeps text that is no spec as it is, and shows what cannot be seen', () => {
    const source = '<<<>>> " unclosed \\\n\t&amp; ✓ \u0000\u202e';
    const { document } = parseHTML(`<html><body><pre>${highlight(source).text}</pre></body></html>`);
    const shown = source.replace('\u0000', '\\u{0}').replace('\u202e', '\\u{202e}');
    expect(document.querySelector('pre')!.textContent).toBe(shown);
  });
});

describe('numbers on a page', () => {
  test('time spans read in the unit that suits them', () => {
    expect([0.0384, 0.842, 59.4, 59.6, 320, 3599.7, 11520].map(formatSeconds)).toEqual([
      '38.4 ms',
      '0.842 s',
      '59.4 s',
      '1 min 0 s',
      '5 min 20 s',
      '1 h 0 min',
      '3 h 12 min',
    ]);
  });

  test('large counts read in three digits', () => {
    expect([950, 9999, 12345, 12345678, 1.5e9].map(formatLarge)).toEqual([
      '950',
      '9,999',
      '12.3 k',
      '12.3 M',
      '1.5 G',
    ]);
  });
});
