/** Tests `spadework/compiler` and `spadework/browser` where they are for: in pages that vite builds, in Chromium. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../compiler/index.ts';
import { print, parse } from '../../dsl/index.ts';
import { problemOf } from '../../dsl/errors.ts';
import { fileProvider, readLibrary } from '../../runtime/specs/read.ts';
import { synth } from '../../runtime/synthesize/synthesize.ts';
import { openServed } from '../support/page-server.ts';
import { trainText } from '../support/tiny-experiment.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const camvid = pathOf('../../examples/data/camvid-mini');
const held = join(camvid, 'test/labels/Seq05VD_f00210.png');

/** The streets of examples/camvid-mini.spade, smaller, by a network of a few weights. */
const spec = `use losses { l1 }
use norms { spade, noisy }

network Painter(seg: LabelMap) -> Image {
  return seg |> conv(8) |> spade(seg, base: noisy(std: 0.4), hidden: 8) |> leaky_relu(0.2) |> conv(3) |> tanh
}

experiment streets {
  data camvid {
    path: "${camvid}", images: "train/images", labels: "train/labels"
    legend: "classes.json", classes: 12, size: 80x64, batch: 2
  }
  let G = Painter()
  loss G = l1()
  train {
    steps: 2, seed: 3, sample_every: 2, checkpoint_every: 2
    optimize G with adam(rate: 0.05, average: 0.5)
  }
}
`;

/** The same with an unknown name, a misspelled setting and a wrong type. */
const bad = spec
  .replace('spade(seg', 'spde(seg')
  .replace('batch: 2', 'bach: 2')
  .replace('rate: 0.05', 'rate: "fast"');

describe('pages built with vite', { tags: 'needs-chromium' }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spadework-doors-'));
    const root = pathOf('pages');
    await build({
      root,
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: join(folder, 'site'),
        target: 'esnext',
        modulePreload: false,
        minify: false,
        rollupOptions: { input: ['check', 'paint'].map((page) => join(root, `${page}.html`)) },
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('check a spec, compile it, and list the mistakes of another one', async () => {
    const found = await openServed(
      join(folder, 'site'),
      'check.html',
      new Map([
        ['library.json', { content: JSON.stringify(readLibrary()) }],
        ['good.spade', { content: spec }],
        ['bad.spade', { content: bad }],
      ]),
    );
    const { diagnostics } = check({ name: 'bad.spade', text: bad }, fileProvider());
    const { file } = parse({ name: 'good.spade', text: spec });
    expect(found).toMatchObject({
      name: 'streets',
      // As they come out of JSON, which leaves out what is undefined.
      problems: JSON.parse(JSON.stringify(diagnostics.map(problemOf))) as unknown,
      shown: diagnostics.length,
      text: file && print(file),
    });
    expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-name', 'unknown-setting', 'wrong-type']);
    expect((found as { readonly nodes: number }).nodes).toBeGreaterThan(100);
  });

  it("paint what synth paints with a run's weights, on WebAssembly", async () => {
    const run = join(folder, 'run');
    await trainText(spec, join(folder, 'streets.spade'), { engine: 'portable', out: run });
    const maps = join(folder, 'maps');
    mkdirSync(maps);
    cpSync(held, join(maps, 'map.png'));
    const out = join(folder, 'painted');
    await synth({ run, labels: maps, out, engine: 'portable', command: 'spadework synth' });
    const painted = await sharp(join(out, 'map.png')).raw().toBuffer();

    const found = await openServed(
      join(folder, 'site'),
      'paint.html',
      new Map([
        ['run/spec.json', { path: join(run, 'spec.json') }],
        ['run/run.json', { path: join(run, 'run.json') }],
        ['variables.safetensors', { path: join(run, 'checkpoints/step-000002/variables.safetensors') }],
        ['map.png', { path: held }],
      ]),
    );
    expect(found).toMatchObject({
      backend: 'wasm',
      size: [80, 64],
      bytesOfModel: painted.length,
      isSameByColor: true,
      left: 0,
    });
    const { picture } = found as { readonly picture: readonly number[] };
    const steps = picture.map((value, i) => Math.abs(value - (painted[i] ?? NaN)));
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    expect(new Set(picture).size, 'it is a picture').toBeGreaterThan(50);
  });
});
