/** Tests comparisons of run folders: cells, protocols, pictures, pages and tables. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forLatex, visibleLines } from '../../dsl/escape.ts';
import { ablationFormat, type AblationRecord } from '../../runtime/run/ablation.ts';
import { compare } from '../../runtime/compare/compare.ts';
import { gather } from '../../runtime/compare/gather.ts';
import { withoutPlaces } from '../../runtime/compare/places.ts';
import type { EvalRecord, Protocol } from '../../runtime/evaluate/record.ts';
import { flat, makeRun, meanMetric } from '../support/compared-runs.ts';
import { makeTinyExperiment, removeFolder, tinySpec } from '../support/tiny-experiment.ts';

const maps = ['test0', 'test1'];
const other = tinySpec().replace('spade(hidden: 4)', 'spade(hidden: 4, kernel: 1)');
let base: string;
let root: string;
let count = 0;

beforeAll(async () => {
  ({ folder: base } = await makeTinyExperiment());
});
afterAll(() => removeFolder(base));
beforeEach(() => {
  root = join(base, `case-${count++}`);
});

/** Makes an evaluated run with `score` on its first map and a higher one on its second. */
async function made(name: string, text: string, seed: number, score?: number, protocol?: Partial<Protocol>) {
  const folder = join(root, name);
  const evaluation =
    score === undefined
      ? undefined
      : {
          maps,
          metrics: [
            { ...meanMetric('mIoU (unet)', [score, score + 0.1]), ceiling: 0.9 },
            { name: 'FID (mobilenet)', value: 100 * (1 - score), better: 'lower' as const },
          ],
          ...(protocol && { protocol }),
        };
  const color = [10, 200, 30] as const;
  await makeRun({ folder, text, base, seed, painted: () => flat(color), ...(evaluation && { evaluation }) });
  return folder;
}

const compareIn = (folders: readonly string[], options = {}) =>
  compare({ folders, out: join(root, 'out'), command: 'spadework compare', ...options });
const textOf = (file: string): string => readFileSync(join(root, 'out', file), 'utf8');
const pageOf = () => parseHTML(textOf('index.html')).document;

describe('cells', () => {
  it('are runs that differ in the seed alone, named by what their names begin with', async () => {
    const folders = [
      await made('wide-1', tinySpec(), 1),
      await made('narrow-s1', other, 1),
      await made('wide-2', tinySpec(), 2),
    ];
    const { cells, baseline } = gather({ folders });
    expect(cells.map(({ label, runs }) => [label, runs.length])).toEqual([
      ['wide', 2],
      ['narrow-s1', 1],
    ]);
    expect(baseline.label).toBe('wide');
    expect(() => gather({ folders, baseline: 'wade' })).toThrow(
      "there is nothing called 'wade' to compare with\nhint: --baseline is one of: 'wide', 'narrow-s1'",
    );
  });

  it('hold one run for each seed: copies, and runs that were trained twice, are no seeds, and are named', async () => {
    const wide = [
      await made('wide-1', tinySpec(), 7),
      await made('wide-2', tinySpec(), 7, 0.4),
      await made('wide-3', tinySpec(), 7, 0.4),
    ];
    const narrow = [await made('narrow-1', other, 7, 0.3), await made('narrow-2', other, 7, 0.3)];
    const { verdict, notes } = await compareIn([...wide, ...narrow]);
    expect(verdict[0]).toContain('wide: 0.4500, of a single seed');
    expect(verdict.join(' ')).not.toContain('the mean of');
    expect(notes.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^Left out, since the spec and the seed 7 are those of wide-2, .*: wide-1, wide-3\./,
      ),
      expect.stringMatching(/^Left out, since the spec and the seed 7 are those of narrow-1, .*: narrow-2\./),
    ]);
    const { cells } = gather({ folders: [...wide, await made('wide-4', tinySpec(), 8, 0.5)] });
    expect(cells.map(({ runs }) => runs.map(({ name }) => name))).toEqual([['wide-2', 'wide-4']]);
  });

  it('of an ablation are its points; what has not begun is said', async () => {
    await made('wide-s1', tinySpec(), 1, 0.4);
    await made('narrow-s1', other, 1, 0.3);
    const entry = { seed: 1, sha256: '', state: 'done', jobs: 1, failures: 0 } as const;
    const record: AblationRecord = {
      format: ablationFormat,
      created: '2026-01-02T03:04:05Z',
      name: 'kernels',
      of: 'tiny',
      axes: [{ name: 'kernel', labels: ['3', '1', '5'] }],
      seeds: [1],
      runs: [
        { ...entry, name: 'wide-s1', point: { kernel: '3' } },
        { ...entry, name: 'narrow-s1', point: { kernel: '1' } },
        { ...entry, name: 'widest-s1', point: { kernel: '5' }, state: 'waiting' },
      ],
    };
    writeFileSync(join(root, 'ablation.json'), JSON.stringify(record));
    const { page, verdict } = await compareIn([root]);
    expect(verdict[0]).toBe(
      'mIoU (unet) is highest, so best, for 3: 0.4500, of a single seed. Against 3: 1 (−0.1) is clearly worse. ' +
        'That is of these trainings: other seeds may differ.',
    );
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('Not trained yet, and left out: widest-s1.');
    expect(text).toContain('kernel: 3 → 1');
    expect(text).toMatch(/network G, .*→/);
  });

  it('of which one alone is measured have no best one', async () => {
    const { verdict, notes } = await compareIn([
      await made('a', tinySpec(), 1, 0.4),
      await made('b', other, 1),
    ]);
    expect(verdict[0]).toBe('mIoU (unet) is known for a alone: 0.4500, of a single seed.');
    expect(notes.map(({ text }) => text)).toEqual([expect.stringMatching(/^Without an evaluation.*: b\.$/)]);
  });

  it('that were evaluated before pixels were kept by map are read, and named', async () => {
    const folders = [await made('a', tinySpec(), 1, 0.4), await made('b', other, 1, 0.3)];
    const file = join(folders[1]!, 'eval', 'a1b2-0.json');
    const { counts: _, ...before } = JSON.parse(readFileSync(file, 'utf8')) as EvalRecord;
    writeFileSync(file, JSON.stringify(before));
    const { cells, notes } = gather({ folders });
    expect(cells.map(({ runs }) => runs[0]!.evaluation?.metrics.length)).toEqual([2, 2]);
    expect(notes).toEqual([
      {
        text: expect.stringMatching(/^Evaluated before pixels were kept map by map.*: b\.$/) as string,
        command: `spadework eval ${folders[1]} --segmenter RUN --again`,
      },
    ]);
  });

  it('are refused for a single run, a run named twice and a folder that holds none', async () => {
    const run = await made('a', tinySpec(), 1);
    expect(() => gather({ folders: [run] })).toThrow('is a single run');
    expect(() => gather({ folders: [run, run] })).toThrow('is named twice');
    expect(() => gather({ folders: [run, base] })).toThrow('holds no run: spec.json is missing');
    expect(() => gather({ folders: [root] })).toThrow(`name a run in it: ${run}`);
    expect(() => gather({ folders: [join(root, 'absent')] })).toThrow('there is no such folder');
  });
});

describe('protocols', () => {
  it('that differ are refused, and named', async () => {
    const folders = [
      await made('a', tinySpec(), 1, 0.4),
      await made('b', other, 1, 0.3, { imageSet: 'ffff', voidIds: [11] }),
    ];
    expect(() => gather({ folders })).toThrow(
      /evaluated under different protocols.*\nheld-out pictures .*: a1b2 \| ffff\nclasses that count nowhere: none \| 11\nhint: /,
    );
  });

  it('that all runs share are taken, whatever else some were evaluated under', async () => {
    const first = await made('a', tinySpec(), 1, 0.4);
    await made('a', tinySpec(), 1, 0.9, { seed: 5 });
    const { cells } = gather({ folders: [first, await made('b', other, 1, 0.3)] });
    expect(cells.map(({ runs }) => runs[0]!.evaluation?.protocolId)).toEqual(['a1b2-0', 'a1b2-0']);
  });
});

describe('the page', () => {
  it('shows numbers with spreads and the ceiling, marks the best, and has the same in all tables', async () => {
    const folders = [
      await made('wide-1', tinySpec(), 1, 0.4),
      await made('wide-2', tinySpec(), 2, 0.42),
      await made('narrow-1', other, 1, 0.3),
      await made('narrow-2', other, 2, 0.32),
    ];
    await compareIn(folders);
    const [, wide, narrow] = Array.from(pageOf().querySelectorAll('#numbers tr')).map((row) =>
      row.textContent.replace(/\s+/g, ' ').trim(),
    );
    expect(wide).toMatch(/^wide 2 0\.4600 ± 0\.0141 59\.00 ± 1\.41 /);
    expect(narrow).toMatch(/^narrow 2 0\.3600 ± 0\.0141 69\.00 ± 1\.41 /);
    expect(pageOf().querySelectorAll('.scroll > table')).toHaveLength(2);
    expect(pageOf().querySelectorAll('table')).toHaveLength(2);
    expect(pageOf().querySelector('.headline')?.textContent).toMatch(/^mIoU \(unet\) is highest.*for wide/);
    expect(pageOf().querySelector('#numbers tbody b')?.textContent).toBe('0.4600');
    expect(pageOf().querySelector('tfoot')?.textContent).toMatch(/real photographs\s+0\.9000\s+–/);
    expect(textOf('compare.md')).toContain('| wide | 2 | **0.4600 ± 0.0141** | **59.00 ± 1.41** |');
    expect(textOf('compare.tex')).toContain('wide & 2 & \\textbf{0.4600} {\\small$\\pm$\\,0.0141} &');
    const rows = textOf('compare.csv')
      .trimEnd()
      .split('\r\n')
      .map((row) => row.split(','));
    expect(rows.every((row) => row.length === rows[0]!.length)).toBe(true);
    const miou = rows.find(([cell, , quantity]) => cell === 'narrow' && quantity === 'mIoU (unet)')!;
    expect(Number(miou[5])).toBeCloseTo(0.36, 12);
    expect(miou.at(-1)).toBe('worse');
  });

  it('shows the same maps painted by each, with label map and photograph, and where each fails', async () => {
    await compareIn([await made('a', tinySpec(), 1, 0.4), await made('b', other, 1, 0.3)]);
    const document = pageOf();
    const walls = Array.from(document.querySelectorAll('.wall'));
    expect(
      walls.map((wall) => [wall.getAttribute('data-name'), wall.querySelectorAll('img').length]),
    ).toEqual(maps.map((map) => [map, 4]));
    const captions = Array.from(walls[0]!.querySelectorAll('figcaption'), ({ textContent }) =>
      textContent.replace(/\s+/g, ' ').trim(),
    );
    expect(captions).toEqual(['Label map', 'Photograph0.9000', 'a0.4500', 'b0.3500']);
    const sources = Array.from(document.querySelectorAll('img')).map((image) => image.getAttribute('src')!);
    expect(sources.filter((source) => !existsSync(join(root, 'out', source)))).toEqual([]);
    expect(document.querySelector('#failures figcaption')?.textContent.trim()).toMatch(
      /^test0: 0\.4000 \(0\.3500\)/,
    );
  });

  it('names a painting that cannot be decoded, in the evaluation of a run', async () => {
    const folders = [await made('a', tinySpec(), 1, 0.4), await made('b', other, 1, 0.3)];
    const painting = readdirSync(folders[1]!, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.endsWith('test0.png'),
    )!;
    const file = join(folders[1]!, painting);
    writeFileSync(file, readFileSync(file).subarray(0, 40));
    await expect(compareIn(folders)).rejects.toMatchObject({
      name: 'SpadeworkError',
      message: expect.stringContaining(`'${file}' is damaged: it is no whole picture\nhint: `) as string,
    });
  });

  it('that is beyond the limit of file sizes blames the machine', async () => {
    const folders = [await made('wide-1', tinySpec(), 1, 0.4), await made('narrow-1', other, 1, 0.3)];
    const command = fileURLToPath(new URL('../../cli/spadework.js', import.meta.url));
    const script = `ulimit -f 1; exec "${process.execPath}" "${command}" compare ${folders.join(' ')} --out ${join(root, 'out')}`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toMatch(
      /^error\[file-too-large\]: .*\nhint: lift the limit \(ulimit -f unlimited\), or take another disk\n$/,
    );
    expect(status).toBe(3);
  });

  it('needs nothing from elsewhere, and in compact form not even the runs', async () => {
    const folders = [await made('a', tinySpec(), 1, 0.4), await made('b', other, 1, 0.3)];
    await compareIn(folders, { compact: true, maxMaps: 1 });
    const links = Array.from(pageOf().querySelectorAll('[href], [src]')).map(
      (one) => one.getAttribute('href') ?? one.getAttribute('src')!,
    );
    expect(links.filter((link) => !/^(pictures\/[\w.-]+|compare\.(md|tex|csv))$/.test(link))).toEqual([]);
    expect(pageOf().querySelectorAll('.wall')).toHaveLength(1);
    expect(readdirSync(join(root, 'out', 'pictures')).length).toBeLessThan(9);
  });

  it('says what is missing without evaluations, with the command, and shows cost and curves', async () => {
    const folders = [await made('a', tinySpec(), 1), await made('b', other, 1)];
    await compareIn(folders);
    const text = pageOf().body.textContent;
    expect(text).toContain('No run has been evaluated');
    expect(text).toMatch(/spadework eval …\/case-\d+\/a/);
    expect(pageOf().querySelectorAll('#curves .panel svg')).toHaveLength(2);
    expect(pageOf().querySelector('#numbers tbody')?.textContent).toMatch(/0\.25 s\s+300 MiB/);
    expect(pageOf().querySelector('#differences')).toBeNull();
  });

  it('draws what was measured while training went, each measure in a panel of its own', async () => {
    const folders = ['a', 'b'].map((name) => join(root, name));
    const measured = { 20: { SSIM: 0.2, L1: 0.3 }, 40: { SSIM: 0.4, L1: null } };
    await makeRun({ folder: folders[0]!, text: tinySpec(), base, seed: 1, measured });
    await makeRun({ folder: folders[1]!, text: other, base, seed: 1, measured: { 40: { SSIM: 0.3 } } });
    await compareIn(folders);
    const panels = Array.from(pageOf().querySelectorAll('#held-out .panel'));
    expect(panels.map((panel) => panel.querySelector('h3')!.textContent)).toEqual(['SSIM', 'L1']);
    // One line for the run with two values, dots for those with a single one.
    const count = (what: string): number[] => panels.map((panel) => panel.querySelectorAll(what).length);
    expect(count('[aria-label="line"] path')).toEqual([1, 0]);
    expect(count('[aria-label="dot"] circle')).toEqual([1, 1]);
  });

  it.each(['relative', 'absolute'])(
    'names no absolute path where folders are given by %s ones',
    async (kind) => {
      const gone = tinySpec().replace(/path: "[^"]*"/, 'path: "gone"');
      const made = ['a', 'b'].map((name) => join(root, name, 'run-1'));
      await makeRun({ folder: made[0]!, text: gone, base, seed: 1, evaluation: { maps, metrics: [] } });
      await makeRun({ folder: made[1]!, text: other, base, seed: 1 });
      const folders = kind === 'absolute' ? made : made.map((folder) => relative(process.cwd(), folder));
      await compareIn(folders, { command: `spadework compare ${folders.join(' ')} --out=${folders[0]!}` });
      const texts = ['index.html', 'compare.md', 'compare.csv', 'compare.tex'].map(textOf);
      expect(texts[0]).toMatch(/the data cannot be read: .*gone/);
      expect(texts[0]).toMatch(/data, path: .*gone →/);
      expect(texts[1]).toContain('| a/run-1 |');
      for (const text of texts) {
        expect(text).not.toContain(process.cwd());
        expect(text.replaceAll(/(\.\.\/)+/g, '…').includes(base)).toBe(false);
      }
    },
  );

  it('names places from the working folder or by their last parts, and leaves addresses alone', () => {
    const here = process.cwd();
    expect(
      withoutPlaces(`in '/a/b c/d', /x/y/z --out=${here}/runs ${here} http://head:8265/api and/or`),
    ).toBe("in '…/b c/d', …/y/z --out=runs . http://head:8265/api and/or");
  });

  it('escapes names', async () => {
    const folders = [await made('<b>&', tinySpec(), 1, 0.4), await made('plain', other, 1, 0.3)];
    await compareIn(folders);
    expect(pageOf().querySelector('#numbers tbody th')?.textContent.trim()).toBe('<b>&');
    expect(textOf('compare.tex')).toContain('\\textless{}b\\textgreater{}\\& &');
  });

  it.each([
    ['a script', '<script>alert(1)<script>', '\\<script\\>alert(1)\\<script\\>', '<script>alert(1)<script>'],
    ['a cell of its own', 'a|b', 'a\\|b', 'a|b'],
    ['a formula', '=cmd|x!A0', '=cmd\\|x!A0', "'=cmd|x!A0"],
    ['a command of LaTeX', '\\input{x}', '\\\\input{x}', '\\input{x}'],
    ['a line of its own', 'a\nb', 'a\\\\u{a}b', '"a\nb"'],
    ['a turn of direction', 'a\u202eb', 'a\\\\u{202e}b', 'a\\u{202e}b'],
    ['a link', '[a](http:x)', '\\[a\\](http:x)', '[a](http:x)'],
  ])('takes a name that is %s elsewhere for a name', async (_what, name, markdown, csv) => {
    const folders = [await made(name, tinySpec(), 1, 0.4), await made('plain', other, 1, 0.3)];
    await compareIn(folders);
    const page = pageOf();
    expect(page.querySelector('#numbers tbody th')?.textContent.trim()).toBe(visibleLines(name));
    const scripts = Array.from(page.querySelectorAll('script'));
    expect(scripts.filter(({ textContent }) => textContent.includes('alert')).length).toBe(0);
    expect(textOf('compare.md')).toContain(`| ${markdown} |`);
    expect(textOf('compare.csv')).toContain(`\r\n${csv},`);
    expect(textOf('compare.tex')).toContain(`    ${forLatex(name)} & 1 &`);
  });
});
